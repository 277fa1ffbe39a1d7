import { EventEmitter } from 'node:events';
import { jest } from '@jest/globals';
import { type Room, RoomEvent } from '@livekit/rtc-node';
import { callTopics } from '@parley/contracts';
import { watchBridge } from './caller.ts';

describe('A caller behind a bridge', () => {
  let room: EventEmitter;
  let lost: string[];
  let stop: () => void;

  beforeEach(() => {
    jest.useFakeTimers();
    room = new EventEmitter();
    lost = [];
    stop = watchBridge(room as Room, 'caller-1', (cause) => lost.push(cause));
  });
  afterEach(() => {
    stop();
    jest.useRealTimers();
  });

  const tell = (identity: string, topic: string = callTopics.alive): boolean =>
    room.emit(RoomEvent.DataReceived, new Uint8Array(), { identity }, 1, topic);

  it('is gone, once, when its bridge told of itself and does not any more', () => {
    for (let second = 0; second < 60; second += 1) {
      tell('caller-1');
      jest.advanceTimersByTime(1000);
    }
    expect(lost).toEqual([]);
    jest.advanceTimersByTime(5900);
    expect(lost).toEqual([]);
    jest.advanceTimersByTime(100);
    expect(lost).toEqual(['connection_lost']);
    jest.advanceTimersByTime(60_000);
    expect(lost).toHaveLength(1);
  });

  it('is not watched without one; others, and other topics, do not count', () => {
    tell('caller-2');
    tell('caller-1', callTopics.interrupt);
    jest.advanceTimersByTime(60_000);
    expect(lost).toEqual([]);
    tell('caller-1');
    tell('caller-2');
    jest.advanceTimersByTime(3000);
    stop();
    jest.advanceTimersByTime(60_000);
    expect(lost).toEqual([]);
  });
});
