import type { Room } from '@livekit/rtc-node';
import { type RecordingMode, unavailable } from '@parley/contracts';
import { FakeStorage } from '../../../test/fake-storage.ts';
import type { CallParts } from '../call-parts.ts';
import { promptsFor } from '../prompts.ts';
import { CallRecording } from './call-recording.ts';

const room = { on: () => undefined, off: () => undefined, remoteParticipants: new Map() } as unknown as Room;
const sound = { room, callerIdentity: 'caller', output: null };

describe('The recording of a call', () => {
  let storage: FakeStorage;
  /** What happened, in its order: operations, and what was said. */
  let happened: string[];
  let warnings: object[];
  let refused: string | null;

  beforeEach(async () => {
    happened = [];
    warnings = [];
    refused = null;
    storage = new FakeStorage();
    await storage.open();
  });
  afterEach(() => storage.close());

  function recordingFor(recording: RecordingMode): CallRecording {
    const request = async ({ name }: { name: string }, input: unknown): Promise<{ body: unknown }> => {
      happened.push(name);
      if (name === refused) throw unavailable('The storage is away.');
      if (name === 'asset.begin_storage') return { body: { asset: { id: 'asset_one' } } };
      return { body: storage.sign(input as { assetId: string; first: number; count: number }) };
    };
    const parts = {
      job: { spaceId: 'space_one', callId: 'call_one', generation: 1 },
      operations: { request },
      logger: { info: () => undefined, warn: (fields: object) => warnings.push(fields) },
    } as unknown as CallParts;
    const answered = { callId: 'call_one', conversationId: 'conv_one', contactId: null, created: true };
    return new CallRecording(parts, { ...answered, afterSequence: 0, timeLimitMs: 1000, recording });
  }

  const talk = (agreed: boolean) => ({
    prompts: promptsFor('en'),
    announce: async (text: string) => happened.push(text) > 0 && agreed,
    asks: async (text: string) => happened.push(text) > 0 && agreed,
  });

  it.each([
    ['announce', ['asset.begin_storage', 'This call is recorded.', 'telephony.begin_recording']],
    [
      'ask',
      ['May this call be recorded? Press 1 or say yes.', 'asset.begin_storage', 'telephony.begin_recording'],
    ],
    ['resume', ['asset.begin_storage', 'telephony.begin_recording']],
    ['off', []],
  ] as const)('where it is wished to %s does so before it begins', async (wish, expected) => {
    const recording = recordingFor(wish);
    await recording.begin(talk(true), sound);
    expect(happened).toEqual(expected);
    await recording.finish();
    expect(happened.includes('telephony.finish_recording')).toBe(wish !== 'off');
    expect(warnings).toEqual([]);
  });

  it.each(['announce', 'ask'] as const)('does not begin without consent (%s)', async (wish) => {
    const recording = recordingFor(wish);
    await recording.begin(talk(false), sound);
    await recording.finish();
    expect(happened).not.toContain('telephony.begin_recording');
    expect(happened).not.toContain('telephony.finish_recording');
  });

  it('is not announced where nothing can be stored: one warning and telephony are told so', async () => {
    refused = 'asset.begin_storage';
    const recording = recordingFor('announce');
    await recording.begin(talk(true), sound);
    await recording.finish();
    expect(happened).toEqual(['asset.begin_storage', 'telephony.fail_recording']);
    expect(warnings).toEqual([{ reason: 'unavailable' }]);
  });
});
