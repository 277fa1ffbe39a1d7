import { Controller } from '@nestjs/common';
import { cursorOf, type OperationInput, type OperationOutput, searchMessages } from '@parley/contracts';
import { HandleOperation, type OperationContext } from '@parley/messaging';
import type { Tables } from '../database.ts';
import { toMessage } from '../shapes.ts';
import { SearchService } from './search.service.ts';

@Controller()
export class SearchHandler {
  constructor(private readonly searches: SearchService) {}

  @HandleOperation(searchMessages)
  async search(
    input: OperationInput<typeof searchMessages>,
    { trx, principal }: OperationContext<Tables>,
  ): Promise<OperationOutput<typeof searchMessages>> {
    const at = { before: cursorOf(input.cursor), readerId: principal.accountId ?? null };
    const { rows, next } = await this.searches.search(trx, input, at);
    return { data: rows.map(toMessage), nextCursor: next };
  }
}
