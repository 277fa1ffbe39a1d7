import { createClient } from '@parley/client';
import {
  createConversation,
  leaveSpace,
  type OperationDefinition,
  pathParameters,
  type Permission,
  postMessage,
  roleAllows,
} from '@parley/contracts';
import { type Answer, call, idsIn, inputsFor, overHttp as open } from './calls.ts';
import { readDemo } from './demo.ts';
import { type Actor, join, keyFor, openSpace, type OwnSpace, signUpAs, visit } from './people.ts';
import { populate } from './populate.ts';

/** Whoever leaves has no role for what comes after it. */
const leavingLast = [...open.filter((one) => one !== leaveSpace), leaveSpace];
const inSpace = open.filter(({ http }) => http?.path.startsWith('/spaces/:spaceId'));
const withIds = inSpace.filter(({ http }) => pathParameters(http?.path ?? '').length > 1);
const forVisitors = withIds.filter(({ visitor }) => visitor === true);

/** What the table of the contracts says: 401, 403 and 404, or that the operation itself is reached. */
function refusalOf(
  { permission, http, visitor }: OperationDefinition,
  { token, role }: Actor,
): number | null {
  if (permission === 'public') return null;
  if (token === null) return 401;
  if (role === 'visitor' && visitor !== true) return 403;
  if (permission === 'authenticated' || !http?.path.includes(':spaceId')) return null;
  if (role === null) return 404;
  return roleAllows(role, permission as Permission) ? null : 403;
}

/** How the door refuses by the table; an operation's own rules refuse in other words. */
const BY_TABLE = /does not include|A visitor token opens only/;

/** Says what an answer is that should be another; null for one that is right. */
function wrong({ status, type, text }: Answer, refusal: number | null, isPublic = false): string | null {
  const reached = status < 500 && (isPublic || status !== 401) && !(status === 403 && BY_TABLE.test(text));
  const right = refusal === null ? reached : status === refusal;
  const shaped = status < 400 || type.startsWith('application/problem+json');
  return right && shaped ? null : `${status} in place of ${refusal ?? 'an answer'}: ${text.slice(0, 300)}`;
}

describe('Every operation over HTTP', () => {
  const demo = readDemo();
  const { baseUrl } = demo;
  const actors: Actor[] = [];
  let space: OwnSpace;

  beforeAll(async () => {
    space = await openSpace(baseUrl, 'Roles');
    const stranger = await signUpAs(baseUrl, 'stranger');
    await createClient({ baseUrl, token: stranger.accessToken }).request('POST', '/spaces', {
      name: 'Elsewhere',
    });
    actors.push(
      space.owner,
      ...(await Promise.all((['admin', 'agent', 'viewer'] as const).map((role) => join(space, role)))),
      ...(await Promise.all((['admin', 'agent', 'viewer'] as const).map((role) => keyFor(space, role)))),
      await visit(space),
      { name: 'anonymous', token: null, role: null },
      { name: 'member of another space', token: stranger.accessToken, role: null },
      { name: 'API key of another space', token: demo.other.apiKey, role: null },
    );
  });

  it.each(leavingLast)('$name lets in whom the table lets in', async (operation) => {
    const results = await Promise.all(
      actors.map(async (actor) => {
        const answer = await call(baseUrl, operation, {
          token: actor.token,
          ids: { spaceId: space.spaceId },
        });
        const fault = wrong(answer, refusalOf(operation, actor), operation.permission === 'public');
        return fault && `${actor.name}: ${fault}`;
      }),
    );
    expect(results.filter(Boolean)).toEqual([]);
  });

  describe('with what belongs to another space', () => {
    let foreign: (operation: OperationDefinition) => Promise<Record<string, string>>;
    let accountId = '';

    beforeAll(async () => {
      const elsewhere = await openSpace(baseUrl, 'Foreign');
      await populate(elsewhere);
      accountId = elsewhere.owner.accountId ?? '';
      const of = { token: elsewhere.owner.token ?? '', spaceId: elsewhere.spaceId };
      foreign = await idsIn(baseUrl, of);
    });

    it.each(withIds)('$name finds nothing', async (operation) => {
      const ids: Record<string, string> = { ...(await foreign(operation)), spaceId: space.spaceId };
      // Others may be members here, too.
      if (ids['accountId']) ids['accountId'] = accountId;
      expect(Object.keys(ids).sort()).toEqual(pathParameters(operation.http?.path ?? '').sort());
      const answers = await Promise.all(
        inputsFor(operation).map((fields) =>
          call(baseUrl, operation, { token: space.owner.token, ids, fields }),
        ),
      );
      // Some operations look at their input first.
      const looked = answers.filter(({ status }) => status !== 400);
      expect(looked.length).toBeGreaterThan(0);
      expect(looked.map((answer) => wrong(answer, 404)).filter(Boolean)).toEqual([]);
    });
  });

  it.each(forVisitors)("$name keeps visitors out of others' conversations", async (operation) => {
    const ids = await idsIn(baseUrl, { token: space.owner.token ?? '', spaceId: space.spaceId });
    const { id } = await space.ownerClient.call(createConversation, {
      spaceId: space.spaceId,
      participants: [{ agentId: space.agentId }],
    });
    await space.ownerClient.call(postMessage, {
      spaceId: space.spaceId,
      conversationId: id,
      parts: [{ type: 'text', text: 'Not for visitors' }],
    });
    const visitor = actors.find(({ role }) => role === 'visitor');
    const of = { token: visitor?.token ?? '', ids: await ids(operation) };
    expect(wrong(await call(baseUrl, operation, of), 404)).toBeNull();
  });
});
