import { createLogger } from '../log/logger.ts';
import { Shutdown } from './shutdown.ts';

const logger = createLogger({ name: 'test', level: 'silent' });
const never = () => new Promise(() => undefined);

function shutdown(deadlineMs = 1_000): { shutdown: Shutdown; exits: number[] } {
  const exits: number[] = [];
  return { shutdown: new Shutdown(logger, { exit: (code) => void exits.push(code), deadlineMs }), exits };
}

describe('going down', () => {
  it('runs the steps in order, past one that fails, and ends well', async () => {
    const { shutdown: down, exits } = shutdown();
    const done: string[] = [];
    down.plan([
      { name: 'a', run: () => Promise.resolve().then(() => done.push('a')) },
      { name: 'b', run: () => Promise.reject(new Error('broken')) },
      { name: 'c', run: () => done.push('c') },
    ]);
    down.handleSignal('SIGTERM');
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect({ done, exits }).toEqual({ done: ['a', 'c'], exits: [0] });
  });

  it('ends badly when a step hangs, and at once with a second signal', async () => {
    const late = shutdown(30);
    late.shutdown.plan([{ name: 'hangs', run: never }]);
    late.shutdown.handleSignal('SIGTERM');
    await new Promise((resolve) => setTimeout(resolve, 80));
    expect(late.exits).toEqual([1]);

    const twice = shutdown();
    twice.shutdown.plan([{ name: 'hangs', run: never }]);
    twice.shutdown.handleSignal('SIGTERM');
    twice.shutdown.handleSignal('SIGINT');
    expect(twice.exits).toEqual([1]);
  });
});
