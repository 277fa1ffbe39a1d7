import { Listener } from './listener.ts';

const iso = (at: number): string => new Date(at).toISOString();

describe('Listener', () => {
  it('puts one turn together, however speech and transcript split', () => {
    const listener = new Listener(400);
    listener.speechStarted(1000);
    listener.speechEnded(2400);
    listener.transcribed(2450);
    listener.speechStarted(2600);
    listener.speechEnded(4400);
    listener.transcribed(4500);
    expect(listener.turn(' how long may I keep it ', 0.8, 4600)).toEqual({
      messageId: expect.stringMatching(/^msg_/),
      text: 'how long may I keep it',
      confidence: 0.8,
      startOfSpeechAt: iso(1000),
      endOfSpeechAt: iso(4000),
      endOfTurnAt: iso(4600),
      transcribedAt: iso(4500),
    });
  });

  it('begins each turn anew', () => {
    const listener = new Listener(400);
    listener.speechStarted(1000);
    listener.turn('one', null, 2000);
    expect(listener.turn('two', 0, 9000)).toMatchObject({ startOfSpeechAt: null, confidence: null });
  });

  it('makes no turn of noise', () => {
    const listener = new Listener(400);
    listener.speechStarted(1000);
    listener.speechEnded(1500);
    expect(listener.turn('  ', 0.1, 2000)).toBeNull();
  });
});
