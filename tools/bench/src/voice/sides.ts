import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { newId } from '@parley/contracts';
import { AccessToken, RoomAgentDispatch, RoomConfiguration } from 'livekit-server-sdk';
import type { VoiceScript } from '../../floors/voice-job.ts';
import type { Installation } from '../installation.ts';

/** Where a call is placed. */
export interface Door {
  serverUrl: string;
  token: string;
  /** Name of the room; with us the id of the call. */
  room: string;
}

/** Something that takes calls. */
export interface VoiceSide {
  name: 'floor' | 'ours';
  /** The process under which its job processes run, and the file that they run. */
  root: number;
  jobFile: string;
  open(): Promise<Door>;
  stop(): Promise<void>;
}

const bench = fileURLToPath(new URL('../..', import.meta.url));
const FLOOR_AGENT = 'bare-agent';

/** Calls from the demo's web page. */
export function ourVoiceSide(installation: Installation): VoiceSide {
  return {
    name: 'ours',
    root: installation.pid,
    jobFile: 'apps/voice-agent/dist/worker/job.js',
    open: async () => {
      const { baseUrl, webChannelId } = installation.demo;
      const response = await fetch(`${baseUrl}/api/v1/widget/${webChannelId}/sessions`, {
        method: 'POST',
        headers: { origin: baseUrl, 'content-type': 'application/json' },
        body: '{}',
      });
      const { serverUrl, participantToken } = (await response.json()) as Record<string, string | undefined>;
      if (!serverUrl || !participantToken) throw new Error('The session offers no call: is voice off?');
      return { serverUrl, token: participantToken, room: roomOf(participantToken) };
    },
    stop: () => Promise.resolve(),
  };
}

function roomOf(token: string): string {
  const claims = Buffer.from(token.split('.')[1] ?? '', 'base64url').toString();
  return (JSON.parse(claims) as { video: { room: string } }).video.room;
}

/** The bare agent, on the installation's own LiveKit. */
export async function floorVoiceSide(installation: Installation, script: VoiceScript): Promise<VoiceSide> {
  const { livekitUrl: url } = installation.demo;
  if (!url) throw new Error('Voice is off in this installation: livekit-server could not be started.');
  const secret = readFileSync(join(installation.home, 'secrets/livekit'), 'utf8').trim();
  const child = await launch(url, secret);
  return {
    name: 'floor',
    root: child.pid ?? 0,
    jobFile: 'tools/bench/dist/voice-job.js',
    open: async () => {
      const room = newId('room');
      const metadata = JSON.stringify(script);
      const token = new AccessToken('parley', secret, { identity: 'caller', ttl: 600 });
      token.addGrant({ roomJoin: true, room, canPublish: true, canSubscribe: true, canPublishData: true });
      token.roomConfig = new RoomConfiguration({
        agents: [new RoomAgentDispatch({ agentName: FLOOR_AGENT, metadata })],
      });
      return { serverUrl: url, token: await token.toJwt(), room };
    },
    stop: async () => {
      if (child.exitCode !== null) return;
      const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
      child.kill('SIGTERM');
      await gone;
    },
  };
}

/** The job as JavaScript: to take types away in its own process would cost it memory that an agent does not need. */
function plainJob(): string {
  const source = readFileSync(join(bench, 'floors/voice-job.ts'), 'utf8');
  mkdirSync(join(bench, 'dist'), { recursive: true });
  const path = join(bench, 'dist/voice-job.js');
  writeFileSync(path, stripTypeScriptTypes(source));
  return path;
}

async function launch(url: string, secret: string): Promise<ChildProcess> {
  const program = join(bench, 'floors/voice-worker.ts');
  const child = spawn(process.execPath, ['--no-warnings', program], {
    env: {
      PATH: process.env['PATH'],
      HOME: process.env['HOME'],
      NODE_ENV: 'production',
      LIVEKIT_URL: url,
      LIVEKIT_API_KEY: 'parley',
      LIVEKIT_API_SECRET: secret,
      AGENT_NAME: FLOOR_AGENT,
      JOB_FILE: plainJob(),
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise<void>((resolve, reject) => {
    child.stdout?.on('data', (chunk) => String(chunk).includes('ready') && resolve());
    child.once('exit', (code) => reject(new Error(`The bare agent ended with ${String(code)}.`)));
  });
  return child;
}
