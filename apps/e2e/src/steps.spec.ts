import {
  createAgent,
  createFlow,
  getRun,
  listRuns,
  type Message,
  publishFlow,
  setUpChannel,
} from '@parley/contracts';
import { type OpenAiServer, startOpenAiServer, until } from '@parley/testing';
import { clientOf, messagesOf, readDemo, sendCustom } from './demo.ts';
import { allReady, pidOf } from './processes.ts';

describe('A flow that is killed between its steps', () => {
  const demo = readDemo();
  const client = clientOf(demo);
  const { spaceId } = demo;
  let model: OpenAiServer;
  let channel: { id: string; secret: string };

  beforeAll(async () => {
    model = await startOpenAiServer();
    const { id: agentId } = await client.call(createAgent, {
      spaceId,
      name: 'Sol',
      model: { provider: 'openai-compatible', model: 'local', baseUrl: model.baseUrl },
      modelApiKey: null,
    });
    const { id: flowId } = await client.call(createFlow, {
      spaceId,
      name: `Steps ${Date.now()}`,
      draft: {
        start: 'greet',
        steps: [
          { id: 'greet', type: 'say', settings: { text: 'What is your name?' }, outcomes: { next: 'name' } },
          { id: 'name', type: 'listen', settings: { variable: 'name' }, outcomes: { next: 'thank' } },
          {
            id: 'thank',
            type: 'say',
            settings: { text: 'Thanks, {{ variables.name }}.' },
            outcomes: { next: 'answer' },
          },
          { id: 'answer', type: 'agent', settings: { agentId }, outcomes: {} },
        ],
      },
    });
    await client.call(publishFlow, { spaceId, flowId });
    const made = await client.call(setUpChannel, {
      spaceId,
      channel: { deploymentType: 'CUSTOM', channelIdentifier: `steps-${Date.now()}`, configuration: {} },
      target: { flowId },
      activate: true,
    });
    channel = { id: made.channel.id, secret: made.credentials?.webhookSecret ?? '' };
  });

  afterAll(async () => {
    await model.close();
    await allReady();
  });

  async function post(text: string): Promise<void> {
    const sending = { channelId: channel.id, secret: channel.secret, sender: 'sam', messageId: text, text };
    await until('it is accepted', async () => (await sendCustom(demo.baseUrl, sending)).status === 202);
  }

  const textOf = ({ parts }: Message): string => (parts[0]?.type === 'text' ? parts[0].text : '');

  /** What was said, once there is so much of it. */
  async function said(count: number): Promise<string[]> {
    const found = await until(
      `${count} messages`,
      async () => {
        const all = await messagesOf(client, demo, channel.id, 'sam').catch(() => []);
        return all.length >= count && all;
      },
      30_000,
    );
    return found.map(textOf);
  }

  async function killFlows(): Promise<void> {
    const pid = pidOf('flow-engine');
    process.kill(pid, 'SIGKILL');
    await until('the flows run again', () => pidOf('flow-engine') !== pid);
  }

  it('goes on where it stood, to the same end, with one answer', async () => {
    await post('Hello');
    expect(await said(2)).toEqual(['Hello', 'What is your name?']);
    await post('Sam');
    expect(await said(4)).toEqual(['Hello', 'What is your name?', 'Sam', 'Thanks, Sam.']);
    model.enqueueReplies({ kind: 'silence' }, { kind: 'text', pieces: ['It is ', 'noon.'] });
    const before = model.requests.length;
    await post('What time is it?');
    // The run is loaded, its step has asked for an answer, and nothing of the turn is stored.
    await until('the model is asked', () => model.requests.length > before);
    await killFlows();
    await said(6);
    model.enqueueReplies({ kind: 'text', pieces: ['Good', 'bye.'] });
    await post('Bye');
    await killFlows();
    const everything = [
      'Hello',
      'What is your name?',
      'Sam',
      'Thanks, Sam.',
      'What time is it?',
      'It is noon.',
      'Bye',
      'Goodbye.',
    ];
    expect(await said(8)).toEqual(everything);

    const [conversation] = await messagesOf(client, demo, channel.id, 'sam');
    const { data } = await client.call(listRuns, {
      spaceId,
      conversationId: conversation?.conversationId ?? '',
      limit: 10,
    });
    expect(data).toHaveLength(1);
    const run = await client.call(getRun, { spaceId, runId: data[0]?.id ?? '' });
    expect(run).toMatchObject({ status: 'waiting', variables: { name: 'Sam' } });
    expect(run.steps.map(({ no }) => no)).toEqual(run.steps.map((_step, index) => index + 1));
    const asked = ['answer', 'answer'];
    expect(run.steps.map(({ stepId }) => stepId)).toEqual([
      ...['greet', 'name', 'name', 'name', 'thank', 'answer'],
      ...asked,
      ...asked,
    ]);
    expect(await said(8)).toEqual(everything);
  });
});
