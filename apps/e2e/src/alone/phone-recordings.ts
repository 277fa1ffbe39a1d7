import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Demo } from '../demo.ts';

/** A frame of sound is loud above this. */
const LOUD = 500;
const FRAME_MS = 10;

/** A stereo recording as it was downloaded. */
export interface StereoRecording {
  /** Milliseconds of the recording at which each side is loud, every ten of them. */
  caller: number[];
  agent: number[];
  seconds: number;
}

/** Downloads a recording; its status where it is not given. */
export async function recordingOf(
  { baseUrl, spaceId }: Demo,
  assetId: string,
  key: string,
): Promise<StereoRecording | number> {
  const url = `${baseUrl}/api/v1/spaces/${spaceId}/assets/${assetId}/download`;
  const response = await fetch(url, { headers: { authorization: `Bearer ${key}` } });
  if (!response.ok) return response.status;
  return decode(Buffer.from(await response.arrayBuffer()));
}

function decode(bytes: Buffer): StereoRecording {
  const isStereo = bytes.toString('latin1', 0, 4) === 'RIFF' && bytes.readUInt16LE(22) === 2;
  if (!isStereo) throw new Error('That is no recording of two sides.');
  const rate = bytes.readUInt32LE(24);
  const frame = (rate * FRAME_MS) / 1000;
  const sound = bytes.subarray(44);
  const loud: [number[], number[]] = [[], []];
  for (let at = 0; (at + frame) * 4 <= sound.length; at += frame)
    for (const side of [0, 1] as const) {
      let most = 0;
      for (let one = at; one < at + frame; one += 1)
        most = Math.max(most, Math.abs(sound.readInt16LE(one * 4 + side * 2)));
      if (most > LOUD) loud[side].push((at * 1000) / rate);
    }
  return { caller: loud[0], agent: loud[1], seconds: sound.length / 4 / rate };
}

/** Bytes that lie in S3 of a file that is still being sent. */
export function storedOf(home: string, { spaceId }: Demo, assetId: string): number {
  const [bucket = ''] = readdirSync(join(home, 's3')).filter((name) => !name.startsWith('.'));
  const folder = join(home, 's3', bucket, 'uploads', spaceId, assetId);
  try {
    return readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
  } catch {
    return 0;
  }
}
