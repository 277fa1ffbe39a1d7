import { Injectable } from '@nestjs/common';
import { newId, type Principal } from '@parley/contracts';
import type { IdentityTrx } from '../database.ts';
import { SpacesRepository } from './spaces.repository.ts';

/** Notes who changed what, in the transaction of the change. */
@Injectable()
export class AuditService {
  constructor(private readonly spaces: SpacesRepository) {}

  async note(
    trx: IdentityTrx,
    spaceId: string,
    principal: Principal,
    action: string,
    targetId: string,
  ): Promise<void> {
    await this.spaces.insertAudit(trx, {
      space_id: spaceId,
      id: newId('aud'),
      actor_type: principal.type,
      actor_id: principal.id,
      action,
      target_id: targetId,
    });
  }
}
