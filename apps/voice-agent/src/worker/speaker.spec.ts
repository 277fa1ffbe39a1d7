import { setImmediate as turn } from 'node:timers/promises';
import type { Spoken } from './mouth.ts';
import { Speaker } from './speaker.ts';
import { SpeechPlan } from './speech-plan.ts';

/** Says what it is given, and can be cut. */
class FakeMouth {
  readonly said: string[] = [];
  interruptAfter: number | null = null;
  private cut = false;

  async say(text: AsyncIterable<string>): Promise<Spoken> {
    let heard = '';
    this.cut = false;
    let interrupted = false;
    for await (const piece of text) {
      await turn();
      if (this.cut) break;
      heard += piece;
      if (this.interruptAfter !== null && heard.length >= this.interruptAfter) {
        interrupted = true;
        break;
      }
    }
    const stopped = this.cut || interrupted;
    this.said.push(stopped ? `${heard}|` : heard);
    const cutAtMs = stopped ? heard.length : null;
    return { heard, cutAtMs, interrupted, firstAudioAt: 1, startedAt: 1, endedAt: 2, failure: null };
  }

  stop(): void {
    this.cut = true;
  }
}

describe('Speaker', () => {
  let plan: SpeechPlan;
  let mouth: FakeMouth;
  let reported: [string, string][];
  let speaker: Speaker;
  beforeEach(() => {
    plan = new SpeechPlan();
    plan.expect('msg_q');
    mouth = new FakeMouth();
    reported = [];
    speaker = new Speaker(plan, mouth, {
      spoken: ({ messageId }, { heard }) => reported.push([messageId, heard]),
      ended: () => undefined,
      failed: (error) => {
        throw error;
      },
    });
    void speaker.run();
  });
  afterEach(() => speaker.end());
  const settled = async (): Promise<void> => {
    for (let n = 0; n < 20; n += 1) await turn();
  };
  const commit = (messageId: string, text: string, attempt = 1): void => {
    plan.commit({ messageId, replyTo: 'msg_q', attempt, text }, 1);
    speaker.wake();
  };
  const delta = (offset: number, text: string, attempt = 1): void => {
    plan.delta({ messageId: 'msg_a', replyTo: 'msg_q', attempt, offset, text }, 1);
    speaker.wake();
  };

  it.each([0, 1, 2, 3, 4, 5, 6, 7, 8])(
    'ends, and says what is asked for, %i moments after a last word',
    async (moments) => {
      const later = async (): Promise<void> => {
        for (let n = 0; n < moments; n += 1) await Promise.resolve();
      };
      await speaker.prompt('One.', false);
      await later();
      await speaker.prompt('Two.', false);
      await later();
      speaker.end();
      await speaker.finished;
      expect(mouth.said).toEqual(['One.', 'Two.']);
    },
  );

  it('says nothing before the history is read', async () => {
    commit('msg_a', 'One.');
    await settled();
    expect(mouth.said).toEqual([]);
    speaker.release();
    await settled();
    expect(mouth.said).toEqual(['One.']);
  });

  it('says a message while it is written, then the next one', async () => {
    speaker.release();
    delta(0, 'One ');
    await settled();
    delta(4, 'two.');
    await settled();
    commit('msg_b', 'Three.');
    commit('msg_a', 'One two.');
    await settled();
    expect(mouth.said).toEqual(['One two.', 'Three.']);
    expect(reported).toEqual([
      ['msg_a', 'One two.'],
      ['msg_b', 'Three.'],
    ]);
  });

  it('says a message from its beginning when another attempt makes it void', async () => {
    speaker.release();
    delta(0, 'One ');
    await settled();
    delta(0, 'Two.', 2);
    commit('msg_a', 'Two.', 2);
    await settled();
    expect(mouth.said).toEqual(['One |', 'Two.']);
    expect(reported).toEqual([['msg_a', 'Two.']]);
  });

  it('drops the rest of an answer into which the caller cuts', async () => {
    mouth.interruptAfter = 3;
    commit('msg_a', 'One two.');
    commit('msg_b', 'Three.');
    speaker.release();
    await settled();
    expect(mouth.said).toEqual(['One two.|']);
    expect(reported).toEqual([
      ['msg_a', 'One two.'],
      ['msg_b', ''],
    ]);
  });

  it('ends with the answer that a person takes over from, and goes on with what the person says', async () => {
    speaker.release();
    delta(0, 'One ');
    await settled();
    plan.finishUnwritten();
    speaker.wake();
    delta(4, 'two.');
    commit('msg_person', 'Here I am.');
    await settled();
    expect(mouth.said).toEqual(['One |', 'Here I am.']);
    expect(reported).toEqual([
      ['msg_a', 'One '],
      ['msg_person', 'Here I am.'],
    ]);
  });

  it.each([
    { what: 'tells what was heard of a message when its call ends', isOver: true, told: [['msg_a', 'One ']] },
    { what: 'leaves a message to the job that takes over', isOver: false, told: [] },
  ])('$what', async ({ isOver, told }) => {
    speaker.release();
    delta(0, 'One ');
    await settled();
    speaker.end(isOver);
    await speaker.finished;
    expect(reported).toEqual(told);
  });

  it('says prompts between messages, and resolves them when they are said', async () => {
    const prompted = speaker.prompt('Are you there?');
    commit('msg_a', 'One.');
    speaker.release();
    await prompted;
    await settled();
    expect(mouth.said).toEqual(['Are you there?', 'One.']);
  });

  it('says again what was to be started anew', async () => {
    speaker.release();
    delta(0, 'One ');
    await settled();
    speaker.startAnew();
    commit('msg_a', 'One two.');
    await settled();
    expect(mouth.said).toEqual(['One |', 'One two.']);
    expect(reported).toEqual([['msg_a', 'One two.']]);
  });
});
