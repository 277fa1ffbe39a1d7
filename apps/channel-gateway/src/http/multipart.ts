import busboy from '@fastify/busboy';
import { badRequest } from '@parley/contracts';

/** A part of a multipart body: its headers by lower-case name (bytes as Latin-1), and its bytes. */
export interface BodyPart {
  headers: ReadonlyMap<string, string>;
  content: Buffer;
}

const MAX_HEADER_BYTES = 16 * 1024;
/** RFC 2046 §5.1.1 allows 70; some clients take more. */
const MAX_BOUNDARY = 200;

/**
 * Cuts a multipart body into its parts.
 * @throws ProblemError 400 that says what the client has to change
 */
export async function readParts(body: Buffer, contentType: string, maxParts: number): Promise<BodyPart[]> {
  const boundary = boundaryOf(contentType);
  if (!body.includes(`--${boundary}`))
    throw badRequest(
      'The body does not hold the boundary that its Content-Type names. Let your HTTP library write this header.',
    );
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const parts: Promise<BodyPart>[] = [];
  const options = { boundary, maxHeaderSize: MAX_HEADER_BYTES };
  const parser = new busboy.Dicer(options);
  parser.on('part', (stream) => {
    if (parts.length < maxParts) parts.push(collect(stream));
    else {
      reject(badRequest(`The form has more than ${maxParts} fields.`));
      stream.on('error', () => undefined).resume();
    }
  });
  parser.on('error', () =>
    reject(badRequest('The form ends before its closing boundary. Send the whole body.')),
  );
  parser.on('finish', resolve);
  parser.end(body);
  const ended = promise.then(() => Promise.all(parts));
  // What is refused already may have parts that fail after it.
  for (const part of parts) part.catch(() => undefined);
  return ended;
}

function boundaryOf(contentType: string): string {
  const [, quoted, token] = /;\s*boundary\s*=\s*(?:"([^"]*)"|([^\s;]+))/i.exec(contentType) ?? [];
  const boundary = quoted ?? token ?? '';
  if (boundary === '' || boundary.length > MAX_BOUNDARY || !/^[\x20-\x7e]*[\x21-\x7e]$/.test(boundary))
    throw badRequest(
      'The Content-Type multipart/form-data has no valid boundary. Let your HTTP library write this header.',
    );
  return boundary;
}

function collect(stream: NodeJS.ReadableStream): Promise<BodyPart> {
  const { promise, resolve, reject } = Promise.withResolvers<BodyPart>();
  const chunks: Buffer[] = [];
  let headers: ReadonlyMap<string, string> | undefined;
  stream.on('header', (found: Record<string, string[]>) => {
    headers = new Map(Object.entries(found).map(([name, values]) => [name, values.join(', ')]));
  });
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  stream.on('error', reject);
  stream.on('end', () => {
    const size = [...(headers ?? [])].reduce((sum, [name, value]) => sum + name.length + value.length, 0);
    if (headers === undefined || headers.size === 0 || size > MAX_HEADER_BYTES - 100)
      reject(
        badRequest(
          `A part of the form has no readable headers. Write them in lines that end with CR LF, with an empty line after them, at most ${MAX_HEADER_BYTES / 1024} KiB.`,
        ),
      );
    else resolve({ headers, content: Buffer.concat(chunks) });
  });
  return promise;
}
