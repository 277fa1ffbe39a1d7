import { Controller } from '@nestjs/common';
import { type FlowTrial, forkRun, type OperationInput, testFlow } from '@parley/contracts';
import { BeforeOperation, HandleOperation, type OperationContext } from '@parley/messaging';
import type { Tables } from '../database.ts';
import { TrialsService } from './trials.service.ts';

type Context = OperationContext<Tables, FlowTrial>;

/** Dry runs are played before the transaction: answers take their time. */
@Controller()
export class TrialsHandler {
  constructor(private readonly trials: TrialsService) {}

  @BeforeOperation(testFlow)
  async playDraft(input: OperationInput<typeof testFlow>): Promise<FlowTrial> {
    return this.trials.test(input);
  }

  @HandleOperation(testFlow)
  async test(_input: OperationInput<typeof testFlow>, { before }: Context): Promise<FlowTrial> {
    return before;
  }

  @BeforeOperation(forkRun)
  async playOn(input: OperationInput<typeof forkRun>): Promise<FlowTrial> {
    return this.trials.fork(input);
  }

  @HandleOperation(forkRun)
  async fork(_input: OperationInput<typeof forkRun>, { before }: Context): Promise<FlowTrial> {
    return before;
  }
}
