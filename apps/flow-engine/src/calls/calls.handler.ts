import { Controller } from '@nestjs/common';
import { getCallProfile, type OperationInput, type OperationOutput } from '@parley/contracts';
import { HandleOperation, type OperationContext } from '@parley/messaging';
import type { Tables } from '../database.ts';
import { CallProfileService } from './call-profile.service.ts';

@Controller()
export class CallsHandler {
  constructor(private readonly profiles: CallProfileService) {}

  @HandleOperation(getCallProfile)
  async profile(
    input: OperationInput<typeof getCallProfile>,
    { trx }: OperationContext<Tables>,
  ): Promise<OperationOutput<typeof getCallProfile>> {
    return this.profiles.profile(trx, input);
  }
}
