import {
  createConversation,
  createRoom,
  createRule,
  listMessages,
  listNotifications,
  type OperationDefinition,
  pathParameters,
  postMessage,
} from '@parley/contracts';
import { call, idsIn, inputsFor, overHttp } from './calls.ts';
import { until } from './demo.ts';
import type { OwnSpace } from './people.ts';

/** Makes one of everything that can be made in a space, collections first. */
export async function populate({ baseUrl, spaceId, agentId, owner, ownerClient }: OwnSpace): Promise<void> {
  const depth = ({ http }: OperationDefinition): number => pathParameters(http?.path ?? '').length;
  const making = overHttp.filter(
    ({ http }) => http?.path.startsWith('/spaces/:') && http.method === 'POST' && (http.status ?? 200) > 200,
  );
  for (const operation of making.sort((a, b) => depth(a) - depth(b))) {
    const ids = await (await idsIn(baseUrl, { token: owner.token ?? '', spaceId }))(operation);
    for (const fields of inputsFor(operation)) {
      const { status } = await call(baseUrl, operation, { token: owner.token, ids, fields });
      if (status < 300) break;
    }
  }
  await ownerClient.call(createRule, {
    spaceId,
    name: 'Tell the owner',
    event: 'flow.handoff_requested',
    media: ['inbox'],
    roles: ['owner'],
  });
  const participants = [{ agentId }];
  const { id: conversationId } = await ownerClient.call(createConversation, { spaceId, participants });
  const say = (text: string): Promise<unknown> =>
    ownerClient.call(postMessage, { spaceId, conversationId, parts: [{ type: 'text', text }] });
  await say('Which colour has the moon base cafeteria?');
  await until('a person is offered', async () => {
    const { data } = await ownerClient.call(listMessages, { spaceId, conversationId });
    return data.some(({ author, replyTo }) => author.type === 'agent' && replyTo !== null);
  });
  await say('Yes, please');
  await until(
    'the owner is told',
    async () => (await ownerClient.call(listNotifications, { spaceId })).data.length > 0,
  );
  await ownerClient.call(createRoom, { spaceId, participants });
}
