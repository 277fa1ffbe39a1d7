import { Injectable } from '@nestjs/common';
import type { FlowTrx } from '../database.ts';
import type { FlowVersionRow } from './flow.table.ts';
import { FlowsRepository } from './flows.repository.ts';

const KEPT = 500;

/** Published versions, kept in memory once read: they never change. */
@Injectable()
export class FlowVersions {
  private readonly kept = new Map<string, FlowVersionRow>();

  constructor(private readonly flows: FlowsRepository) {}

  async find(
    trx: FlowTrx,
    of: { spaceId: string; flowId: string; number: number },
  ): Promise<FlowVersionRow | undefined> {
    const key = `${of.spaceId}/${of.flowId}/${of.number}`;
    const known = this.kept.get(key);
    if (known) return known;
    const version = await this.flows.findVersion(trx, of.spaceId, of.flowId, of.number);
    if (version) this.keep(key, version);
    return version;
  }

  private keep(key: string, version: FlowVersionRow): void {
    const [oldest] = this.kept.keys();
    if (this.kept.size >= KEPT && oldest !== undefined) this.kept.delete(oldest);
    this.kept.set(key, version);
  }
}
