import { Controller } from '@nestjs/common';
import { type FlowTrial, forkRun, type OperationInput, testFlow } from '@parley/contracts';
import {
  type BeforeContext,
  BeforeOperation,
  HandleOperation,
  type OperationContext,
} from '@parley/messaging';
import type { Tables } from '../database.ts';
import { PrivacyService } from '../runs/privacy.service.ts';
import { TrialsService } from './trials.service.ts';

type Context = OperationContext<Tables, FlowTrial>;

/** Dry runs are played before the transaction: answers take their time. */
@Controller()
export class TrialsHandler {
  constructor(
    private readonly trials: TrialsService,
    private readonly privacy: PrivacyService,
  ) {}

  @BeforeOperation(testFlow)
  async playDraft(input: OperationInput<typeof testFlow>): Promise<FlowTrial> {
    return this.trials.test(input);
  }

  @HandleOperation(testFlow)
  async test(_input: OperationInput<typeof testFlow>, { before }: Context): Promise<FlowTrial> {
    return before;
  }

  @BeforeOperation(forkRun)
  async playOn(input: OperationInput<typeof forkRun>, { principal }: BeforeContext): Promise<FlowTrial> {
    const hidden = await this.privacy.hiddenFrom(principal, input.spaceId);
    return this.trials.fork({ ...input, hidden });
  }

  @HandleOperation(forkRun)
  async fork(_input: OperationInput<typeof forkRun>, { before }: Context): Promise<FlowTrial> {
    return before;
  }
}
