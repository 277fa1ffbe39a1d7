import { createAgent, createSessionUrl, deleteChannel, type Message, setUpChannel } from '@parley/contracts';
import { type OpenAiAudioServer, startOpenAiAudioServer, synthesize, until } from '@parley/testing';
import { FlowCaller, SpeechRecogniser } from '@parley/testing/voice';
import { clientOf, readDemo } from './demo.ts';
import { historyOf, textOf } from './spoken-calls.ts';
import { inRealTime } from './real-time.ts';

inRealTime();

/** None of them is among the suggested questions: the list of the embedded recogniser has not one. */
const QUESTIONS = [
  'What does a lease holder do with a partition?',
  'How are API keys stored?',
  'Which roles can a member have?',
  'What happens to a message that was sent twice?',
  'How do I run the benchmark?',
  'Where are the passwords of accounts kept?',
  'How is a document cut into passages?',
  'Which environment variables does the gateway read?',
  'How do I embed the widget in a page?',
  'What does the widget need from the security policy?',
  'How do I make the voice sound different?',
  'Which speech providers are there?',
  'What is an outbox?',
  'How do I add a new step to a flow?',
  'How do I declare an event?',
  'What does a screen reader hear?',
  'How many calls can one worker take?',
  'How do I restore a backup?',
  'When is a revoked key refused?',
  'Which file formats can be added to a knowledge base?',
];
const CALLERS = 2;

describe('A page on which anything may be asked aloud', () => {
  const demo = readDemo();
  const client = clientOf(demo);
  const { spaceId } = demo;
  const callers: FlowCaller[] = [];
  let hearing: SpeechRecogniser;
  let server: OpenAiAudioServer;
  let channelId: string;

  beforeAll(async () => {
    hearing = new SpeechRecogniser();
    server = await startOpenAiAudioServer({ port: Number(process.env['PARLEY_E2E_AUDIO_PORT']) });
    // The server hears by an ear of its own, as a model would: from the sound alone.
    let last: Promise<unknown> = Promise.resolve();
    server.useTranscriber(({ pcm, sampleRate }) => {
      const heard = last.then(() => hearing.recognise(pcm, sampleRate, QUESTIONS));
      last = heard.catch(() => undefined);
      return heard;
    });
    const { id: agentId } = await client.call(createAgent, {
      spaceId,
      name: 'Anything',
      greeting: 'Ask!',
      knowledgeBaseIds: [demo.knowledgeBaseId],
      voice: { stt: 'openai-compatible', tts: 'embedded' },
    });
    const { channel } = await client.call(setUpChannel, {
      spaceId,
      target: { agentId },
      channel: {
        deploymentType: 'WEB',
        channelName: 'Anything aloud',
        channelIdentifier: `${demo.baseUrl}/anything`,
        language: 'en',
        configuration: { communicationType: 'UNIFIED' },
      },
    });
    channelId = channel.id;
  }, 60_000);

  afterAll(async () => {
    await Promise.all(callers.map((caller) => caller.leave()));
    await client.call(deleteChannel, { spaceId, channelId });
    await server.close();
    await hearing.close();
  });

  async function open(): Promise<{ caller: FlowCaller; conversationId: string }> {
    const { url } = await client.call(createSessionUrl, { spaceId, channelId });
    const caller = await FlowCaller.connect(url);
    callers.push(caller);
    const ready = await until('the session is ready', () => caller.framesOfType('ready')[0]);
    return { caller, conversationId: String(ready['conversationId']) };
  }

  /** The question that came after so many others, and its answer. */
  const exchange = (conversationId: string, before: number): Promise<{ asked: Message; answer: Message }> =>
    until(
      `question ${before + 1} is answered`,
      async () => {
        const all = await historyOf(client, demo, conversationId);
        const asked = all.filter(({ author }) => author.type === 'contact')[before];
        const answer = all.find(({ replyTo }) => replyTo !== null && replyTo === asked?.id);
        return asked && answer ? { asked, answer } : null;
      },
      30_000,
    );

  const pageOf = ({ citations }: Message): string | null => citations[0]?.documentId ?? null;

  async function typed(questions: readonly string[]): Promise<(string | null)[]> {
    const { caller, conversationId } = await open();
    const pages: (string | null)[] = [];
    for (const [no, text] of questions.entries()) {
      caller.send({ type: 'text', text });
      pages.push(pageOf((await exchange(conversationId, no)).answer));
    }
    await caller.leave();
    return pages;
  }

  async function spoken(questions: readonly string[]): Promise<{ text: string; page: string | null }[]> {
    const { caller, conversationId } = await open();
    const began = performance.now();
    caller.unmute();
    await caller.received.speechAfter(began, { withinMs: 45_000 });
    const found: { text: string; page: string | null }[] = [];
    for (const [no, question] of questions.entries()) {
      // Whoever has heard enough asks on: the agent falls silent.
      await caller.speak(await synthesize(question, { sampleRate: 16_000 }), 500);
      const { asked, answer } = await exchange(conversationId, no);
      found.push({ text: textOf(asked), page: pageOf(answer) });
    }
    await caller.leave();
    return found;
  }

  it('cites the same page for a question that is spoken as for one that is typed', async () => {
    const share = Math.ceil(QUESTIONS.length / CALLERS);
    const shares = Array.from({ length: CALLERS }, (_none, no) =>
      QUESTIONS.slice(no * share, (no + 1) * share),
    );
    const written = (await Promise.all(shares.map(typed))).flat();
    const heard = (await Promise.all(shares.map(spoken))).flat();
    expect(heard.map(({ text }) => text)).toEqual(QUESTIONS);
    expect(heard.map(({ page }) => page)).toEqual(written);
    // The comparison says something: most questions have a page, and not all the same.
    expect(written.filter((page) => page !== null).length).toBeGreaterThanOrEqual(15);
    expect(new Set(written).size).toBeGreaterThanOrEqual(5);
    expect(server.requests.length).toBeGreaterThanOrEqual(QUESTIONS.length);
  }, 300_000);
});
