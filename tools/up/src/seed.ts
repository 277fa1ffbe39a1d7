import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient, type Client } from '@parley/client';
import {
  addDocument,
  createAgent,
  createApiKey,
  createKnowledgeBase,
  createSpace,
  getSessionUrl,
  listDocuments,
  setUpChannel,
  signIn,
} from '@parley/contracts';
import type { Service } from './services.ts';

/** What the seeding made; the rest of demo.json are addresses. */
export interface Seeded {
  owner: { email: string; password: string };
  apiKey: string;
  spaceId: string;
  agentId: string;
  flowId: string;
  webChannelId: string;
  customChannelId: string;
  customChannelSecret: string;
  knowledgeBaseId: string;
  suggestedQuestions: string[];
  other: { spaceId: string; apiKey: string };
}

const QUESTIONS = [
  'How do I add a channel?',
  'How do I replay a dead letter?',
  'How long is an access token valid?',
  'Which colour has the moon base cafeteria?',
];

/** Makes the demo: its owner as an operator would, all else through the public API. */
export async function seed(
  baseUrl: string,
  docsFolder: string,
  services: readonly Service[],
): Promise<Seeded> {
  const owner = { email: 'owner@parley.example', password: randomBytes(12).toString('base64url') };
  await createOwner(owner, services);
  const { accessToken } = await createClient({ baseUrl }).call(signIn, owner);
  const person = createClient({ baseUrl, token: accessToken });
  const space = await person.call(createSpace, { name: 'Demo' });
  const other = await person.call(createSpace, { name: 'Other' });
  const spaceId = space.id;
  const { key: apiKey } = await person.call(createApiKey, { spaceId, name: 'Demo key', role: 'admin' });
  const otherKey = await person.call(createApiKey, { spaceId: other.id, name: 'Other key', role: 'admin' });
  const client = createClient({ baseUrl, token: apiKey });
  const base = await client.call(createKnowledgeBase, { spaceId, name: 'Parley documentation' });
  await addDocs(client, { spaceId, knowledgeBaseId: base.id, baseUrl, docsFolder });
  const agent = await client.call(createAgent, {
    spaceId,
    name: 'Pia',
    instructions: 'You help people who set up and use Parley.',
    greeting: 'Hello! I have read the documentation of Parley. What would you like to know?',
    knowledgeBaseIds: [base.id],
    suggestedQuestions: QUESTIONS,
  });
  const channels = await setUpChannels(client, { spaceId, agentId: agent.id, baseUrl });
  // The flow that the agent runs is the last part of the address that the web channel gives.
  const { url } = await client.call(getSessionUrl, { spaceId, channelId: channels.webChannelId });
  return {
    owner,
    apiKey,
    spaceId,
    agentId: agent.id,
    flowId: url.slice(url.lastIndexOf('/') + 1),
    ...channels,
    knowledgeBaseId: base.id,
    suggestedQuestions: QUESTIONS,
    other: { spaceId: other.id, apiKey: otherKey.key },
  };
}

/** Whatever SIGN_UP says; the password goes by standard input, and stands in no list of processes. */
async function createOwner(
  { email, password }: Seeded['owner'],
  services: readonly Service[],
): Promise<void> {
  const identity = services.find(({ domain }) => domain === 'identity');
  if (!identity) throw new Error('The service identity was not found, so the demo owner cannot be created.');
  await new Promise<void>((resolve, reject) => {
    const { folder: cwd, env } = identity;
    const args = ['create-account.js', email, 'Olive', 'Owner'];
    const child = execFile(process.execPath, args, { cwd, env }, (error, _stdout, stderr) =>
      error ? reject(new Error(`Creating the demo owner failed: ${stderr || error.message}`)) : resolve(),
    );
    child.stdin?.end(password);
  });
}

async function addDocs(
  client: Client,
  into: { spaceId: string; knowledgeBaseId: string; baseUrl: string; docsFolder: string },
): Promise<void> {
  const { spaceId, knowledgeBaseId, baseUrl, docsFolder } = into;
  const documents = documentsOf(docsFolder, baseUrl);
  for (const document of documents)
    await client.call(addDocument, { spaceId, knowledgeBaseId, mediaType: 'text/markdown', ...document });
  for (let tries = 0; tries < 300; tries += 1) {
    const { data } = await client.call(listDocuments, { spaceId, knowledgeBaseId, limit: 200 });
    const failed = data.find((document) => document.status === 'failed');
    if (failed) throw new Error(`The document "${failed.title}" failed: ${failed.reason}`);
    if (data.length === documents.length && data.every((document) => document.status === 'ready')) return;
    await sleep(100);
  }
  throw new Error('The documentation was not read within 30 seconds. See the log of flow-engine.');
}

/** The introduction of the README, and every guide. The index of the guides has only links. */
function documentsOf(docsFolder: string, baseUrl: string): { title: string; text: string; url: string }[] {
  const read = (path: string): string => readFileSync(join(docsFolder, path), 'utf8');
  const [introduction = ''] = read('../README.md').split('\n## ');
  const names = readdirSync(docsFolder).filter((name) => name.endsWith('.md') && name !== 'index.md');
  const guides = names.map((name) => {
    const text = read(name);
    const title = /^# (.+)$/m.exec(text)?.[1] ?? name;
    return { title, text, url: `${baseUrl}/docs/guides/${name.replace('.md', '')}` };
  });
  return [{ title: 'Parley', text: introduction, url: `${baseUrl}/docs/guides` }, ...guides];
}

async function setUpChannels(
  client: Client,
  of: { spaceId: string; agentId: string; baseUrl: string },
): Promise<Pick<Seeded, 'webChannelId' | 'customChannelId' | 'customChannelSecret'>> {
  const { spaceId, agentId, baseUrl } = of;
  const target = { agentId };
  const web = await client.call(setUpChannel, {
    spaceId,
    target,
    channel: {
      deploymentType: 'WEB',
      channelName: 'Demo website',
      channelIdentifier: baseUrl,
      language: 'en',
      configuration: {
        communicationType: 'UNIFIED',
        widgetConfiguration: {
          position: 'right',
          title: 'Pia',
          greeting: 'What would you like to know about Parley?',
          suggestedQuestions: QUESTIONS,
          customTheme: { primaryColor: '#2f5bea' },
        },
      },
    },
  });
  const custom = await client.call(setUpChannel, {
    spaceId,
    target,
    channel: {
      deploymentType: 'CUSTOM',
      channelName: 'Demo custom channel',
      channelIdentifier: 'demo',
      configuration: {},
    },
  });
  return {
    webChannelId: web.channel.id,
    customChannelId: custom.channel.id,
    customChannelSecret: custom.credentials?.webhookSecret ?? '',
  };
}
