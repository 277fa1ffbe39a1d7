import { randomUUID } from 'node:crypto';

/** A form with one WAV file, as bytes: the guarded fetch and this process have FormData classes of their own. */
export function formOf(
  fields: Record<string, string>,
  wav: Uint8Array,
): { body: Uint8Array<ArrayBuffer>; headers: Record<string, string> } {
  const boundary = `parley-${randomUUID()}`;
  const part = (disposition: string): string =>
    `--${boundary}\r\nContent-Disposition: form-data; ${disposition}\r\n`;
  const texts = Object.entries(fields).map(([name, value]) => `${part(`name="${name}"`)}\r\n${value}\r\n`);
  const file = `${part('name="file"; filename="speech.wav"')}Content-Type: audio/wav\r\n\r\n`;
  const body = Buffer.concat([
    Buffer.from(texts.join('') + file),
    wav,
    Buffer.from(`\r\n--${boundary}--\r\n`),
  ]);
  return {
    body: new Uint8Array(body),
    headers: { 'content-type': `multipart/form-data; boundary=${boundary}` },
  };
}
