import type { Spoken } from './mouth.ts';
import type { Utterance } from './speech-plan.ts';
import { commonStart, type SpeechReport, SpeechReports } from './speech-reports.ts';

const spoken: Spoken = {
  heard: 'You have',
  cutAtMs: 800,
  interrupted: true,
  firstAudioAt: 2000,
  startedAt: 2000,
  endedAt: 2800,
  failure: null,
};
const utterance: Utterance = {
  messageId: 'msg_a',
  replyTo: 'msg_q',
  attempt: 1,
  text: 'You have **thirty** days [1].',
  complete: true,
  restarts: 0,
  firstTextAt: 1000,
};

describe('SpeechReports', () => {
  let sent: SpeechReport[];
  let reports: SpeechReports;
  beforeEach(() => {
    sent = [];
    reports = new SpeechReports({ callId: 'call_1', conversationId: 'conv_1' }, (report) =>
      sent.push(report),
    );
  });

  it('tells what was heard of a message that stands', () => {
    reports.spoken(utterance, spoken);
    expect(sent).toEqual([
      {
        callId: 'call_1',
        conversationId: 'conv_1',
        messageId: 'msg_a',
        replyTo: 'msg_q',
        attempt: 1,
        generated: 'You have thirty days.',
        spoken: 'You have',
        interruptedAtMs: 800,
        firstTokenAt: '1970-01-01T00:00:01.000Z',
        firstAudioAt: '1970-01-01T00:00:02.000Z',
        startedAt: '1970-01-01T00:00:02.000Z',
        endedAt: '1970-01-01T00:00:02.800Z',
      },
    ]);
  });

  it('waits for a message that is still being written', () => {
    reports.spoken({ ...utterance, text: 'You have **thir', complete: false }, spoken);
    expect(sent).toEqual([]);
    const committed = { messageId: 'msg_a', replyTo: 'msg_q', attempt: 2, text: 'You have forty days.' };
    reports.committed(committed);
    reports.committed(committed);
    expect(sent).toMatchObject([{ generated: 'You have forty days.', spoken: 'You have', attempt: 2 }]);
    expect(sent).toHaveLength(1);
  });

  it('takes a speech without a cut as heard to its end', () => {
    reports.spoken(utterance, { ...spoken, cutAtMs: null, heard: 'anything' });
    expect(sent).toMatchObject([{ spoken: 'You have thirty days.', interruptedAtMs: null }]);
  });
});

test.each([
  ['One two three', 'One two', 'One two'],
  ['One two three', 'One twelve', 'One'],
  ['One', 'Other', ''],
])('of %j and the heard %j stands %j', (generated, heard, expected) => {
  expect(commonStart(generated, heard)).toBe(expected);
});
