import { Caller } from './caller.ts';
import type { CallHost } from './voice/port.ts';

const state = globalThis as unknown as { VOICE_HASH: string; started: string[] };
const host = {} as CallHost;
/** Stands in for the call part: an address that holds its own script. */
const origin =
  "data:text/javascript,export const startCall=()=>(started.push('call'),{focus(){},close(){started.push('end')}})//";

beforeEach(() => {
  state.VOICE_HASH = 'x';
  state.started = [];
});

it('places a call, and ends it when the chat is closed', async () => {
  const caller = new Caller(origin);
  expect(await caller.call(host)).toBe(true);
  caller.close();
  expect(state.started).toEqual(['call', 'end']);
});

it('opens no microphone for a chat that was closed while its call part was loading', async () => {
  const caller = new Caller(origin);
  const placed = caller.call(host);
  caller.close();
  expect(await placed).toBe(false);
  expect(await caller.call(host)).toBe(true);
  expect(state.started).toEqual(['call']);
});

it('loads its call part from another address after a failure', async () => {
  const script =
    "if(!import.meta.url.endsWith('try=2'))throw new Error('down');export const startCall=()=>({})//";
  const caller = new Caller(`data:text/javascript,${script}`);
  await expect(caller.call(host)).rejects.toThrow('down');
  expect(await caller.call(host)).toBe(true);
});
