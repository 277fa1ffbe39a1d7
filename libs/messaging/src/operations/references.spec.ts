import { getAgent, notFound, ProblemError } from '@parley/contracts';
import type { OperationClient } from './operation-client.ts';
import { findReferenced } from './references.ts';

const asker = { service: 'conversation', spaceId: 'space_one' };
const input = { spaceId: 'space_one', agentId: 'agent_one' };

function answering(answer: () => unknown): Pick<OperationClient, 'request'> {
  return { request: async () => Promise.resolve().then(answer) } as unknown as Pick<
    OperationClient,
    'request'
  >;
}

describe('findReferenced', () => {
  it('answers what the owner has, and null for what it does not know', async () => {
    const known = { id: 'agent_one', name: 'Bot' };
    expect(
      await findReferenced(
        answering(() => ({ body: known })),
        getAgent,
        input,
        asker,
      ),
    ).toBe(known);
    const missing = answering(() => {
      throw notFound('The agent');
    });
    expect(await findReferenced(missing, getAgent, input, asker)).toBeNull();
  });

  it('says 503 while the owner does not answer, so that nothing counts as unknown', async () => {
    const silent = answering(() => {
      throw new ProblemError({ status: 504, code: 'outcome_unknown', detail: 'No answer came in time.' });
    });
    await expect(findReferenced(silent, getAgent, input, asker)).rejects.toMatchObject({ status: 503 });
  });
});
