import { Controller } from '@nestjs/common';
import {
  cursorOf,
  type OperationInput,
  type OperationOutput,
  pageOf,
  searchMessages,
} from '@parley/contracts';
import { HandleOperation, type OperationContext } from '@parley/messaging';
import type { Tables } from '../database.ts';
import { toMessage } from '../shapes.ts';
import { SearchRepository } from './search.repository.ts';

@Controller()
export class SearchHandler {
  constructor(private readonly messages: SearchRepository) {}

  @HandleOperation(searchMessages)
  async search(
    input: OperationInput<typeof searchMessages>,
    { trx, principal }: OperationContext<Tables>,
  ): Promise<OperationOutput<typeof searchMessages>> {
    const { spaceId, q: words, limit } = input;
    const rows = await this.messages.find(trx, {
      ...{ spaceId, words, limit, before: cursorOf(input.cursor) },
      readerId: principal.accountId ?? null,
    });
    return pageOf(rows, limit, toMessage);
  }
}
