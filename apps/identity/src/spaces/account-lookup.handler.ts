import { Controller } from '@nestjs/common';
import { findAccount, notFound, type OperationInput, type OperationOutput } from '@parley/contracts';
import { HandleOperation, type OperationContext } from '@parley/messaging';
import type { Tables } from '../database.ts';
import { KeysRepository } from '../keys/keys.repository.ts';
import { SpacesRepository } from './spaces.repository.ts';

/** Answers other services that ask for an account which their own projection does not hold. */
@Controller()
export class AccountLookupHandler {
  constructor(
    private readonly spaces: SpacesRepository,
    private readonly keys: KeysRepository,
  ) {}

  @HandleOperation(findAccount)
  async find(
    { spaceId, accountId }: OperationInput<typeof findAccount>,
    { trx }: OperationContext<Tables>,
  ): Promise<OperationOutput<typeof findAccount>> {
    const member = await this.spaces.findMember(trx, spaceId, accountId);
    if (member) return { accountId, name: member.name, type: 'person' };
    const service = await this.keys.findServiceAccount(trx, spaceId, accountId);
    if (!service) throw notFound('The account');
    return { accountId, name: service.name, type: 'service' };
  }
}
