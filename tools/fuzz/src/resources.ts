import { type Client, createClient } from '@parley/client';
import type { InstallationDemo } from '@parley/testing';

/** Ids of path parameters. */
export type Parameters = Record<string, string>;

/** What requests are made about: what stays, and what DELETE is tried on. */
export interface Resources {
  kept: Parameters;
  doomed: Parameters;
}

interface Made {
  id: string;
}

/**
 * Makes one of everything twice, so that requests reach handlers instead of ending at an unknown id. A kind that this
 * installation has switched off is left out.
 */
export async function makeResources(demo: InstallationDemo): Promise<Resources> {
  const client = createClient({ baseUrl: demo.baseUrl, token: demo.apiKey });
  const space = `/spaces/${demo.spaceId}`;
  const kept: Parameters = { spaceId: demo.spaceId, agentId: demo.agentId, flowId: demo.flowId };
  Object.assign(kept, { channelId: demo.webChannelId, knowledgeBaseId: demo.knowledgeBaseId });
  const doomed: Parameters = { spaceId: demo.spaceId };
  for (const target of [kept, doomed]) Object.assign(target, await makeSet(client, space, target));
  const { data: runs } = await client.request<{ data: Made[] }>('GET', `${space}/runs?limit=1`);
  if (runs[0]) kept['runId'] = runs[0].id;
  return { kept, doomed };
}

async function makeSet(client: Client, space: string, given: Parameters): Promise<Parameters> {
  const made: Parameters = {};
  const make = async (parameter: string, path: string, body: object): Promise<void> => {
    if (given[parameter] !== undefined) return;
    const answer = await client
      .request<Partial<Made> & { apiKey?: Made; channel?: Made }>('POST', `${space}${path}`, body)
      .catch((error: unknown) => console.log(`  no ${parameter}: ${String(error)}`));
    const id = answer?.id ?? answer?.apiKey?.id ?? answer?.channel?.id;
    if (id !== undefined) made[parameter] = id;
  };
  const unique = Math.random().toString(36).slice(2, 10);
  await make('agentId', '/agents', { name: `Fuzz ${unique}` });
  await make('flowId', '/flows', { name: `Fuzz ${unique}` });
  await make('knowledgeBaseId', '/knowledge-bases', { name: `Fuzz ${unique}` });
  await make('channelId', '/channels', {
    deploymentType: 'CUSTOM',
    channelIdentifier: `fuzz-${unique}`,
    configuration: {},
  });
  await make('roomId', '/rooms', { name: `Fuzz ${unique}` });
  await make('contactId', '/contacts', { name: `Fuzz ${unique}` });
  await make('id', '/contacts', { name: `Fuzz merge ${unique}` });
  await make('conversationId', '/conversations', { participants: [{ contactId: made['contactId'] }] });
  const conversation = `/conversations/${made['conversationId']}`;
  await make('messageId', `${conversation}/messages`, { parts: [{ type: 'text', text: 'Hello' }] });
  const base = given['knowledgeBaseId'] ?? made['knowledgeBaseId'];
  const document = { title: 'Fuzz', mediaType: 'text/markdown', text: '# Fuzz\n\nOne passage.' };
  await make('documentId', `/knowledge-bases/${base}/documents`, document);
  await make('folderId', '/folders', { name: `fuzz-${unique}` });
  await make('assetId', '/assets/uploads', { fileName: 'fuzz.txt', contentType: 'text/plain', size: 10 });
  await make('keyId', '/api-keys', { name: `Fuzz ${unique}`, role: 'viewer' });
  await make('ruleId', '/notification-rules', {
    name: `Fuzz ${unique}`,
    event: 'flow.handoff_requested',
    media: ['inbox'],
    roles: ['owner'],
  });
  if (made['conversationId'] !== undefined) {
    const { data } = await client.request<{ data: Made[] }>('GET', `${space}${conversation}/participants`);
    if (data[0]) made['participantId'] = data[0].id;
  }
  return made;
}
