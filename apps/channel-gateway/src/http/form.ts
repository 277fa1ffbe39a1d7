import { badRequest, requireStorable, tooLarge } from '@parley/contracts';
import { toFileName } from '@parley/text';
import { readDisposition } from './content-disposition.ts';
import { type BodyPart, readParts } from './multipart.ts';

const FIELDS = 50;
const FILE_NAME = 500;
const MEDIA_TYPE = 200;

/** Reads a multipart/form-data body: text fields as they are, files as name, media type and base64. */
export async function readForm(
  body: Buffer,
  contentType: string,
  files: Readonly<Record<string, number>>,
): Promise<Record<string, unknown>> {
  const fields = new Map<string, unknown>();
  for (const part of await readParts(body, contentType, FIELDS)) {
    const { name, fileName } = dispositionOf(part);
    const isFile = fileName !== null || Object.hasOwn(files, name);
    // A browser's file field that nothing was chosen for.
    if (fileName === '' && part.content.length === 0) continue;
    if (name === '__proto__') throw badRequest(`The key "${name}" is not allowed.`);
    if (fields.has(name))
      throw badRequest('A field stands in the form twice.', [pointTo(name, 'is given twice')]);
    fields.set(name, isFile ? readFile({ name, fileName, part, files }) : readText(name, part));
  }
  const read = Object.fromEntries(fields);
  requireStorable(read);
  return read;
}

function dispositionOf({ headers }: BodyPart): { name: string; fileName: string | null } {
  const { type, name, fileName } = readDisposition(headers.get('content-disposition') ?? '');
  if (type === 'form-data' && name !== null && name !== '') return { name, fileName };
  throw badRequest(
    'A part of the form has no name. Give each part the header Content-Disposition: form-data; name="…".',
  );
}

function readText(name: string, part: BodyPart): string {
  const [, charset = 'utf-8'] =
    /;\s*charset\s*=\s*"?([^\s";]+)/i.exec(part.headers.get('content-type') ?? '') ?? [];
  const content = contentOf(name, part);
  try {
    return new TextDecoder(charset, { fatal: true }).decode(content);
  } catch {
    throw badRequest('A field of the form is not text in UTF-8.', [
      pointTo(name, 'is not text in UTF-8, or in the charset that its Content-Type names'),
    ]);
  }
}

function readFile({
  name,
  fileName,
  part,
  files,
}: {
  name: string;
  fileName: string | null;
  part: BodyPart;
  files: Readonly<Record<string, number>>;
}): object {
  const limit = Object.hasOwn(files, name) ? files[name] : undefined;
  if (limit === undefined)
    throw badRequest('The form has a file where none belongs.', [pointTo(name, 'is not a file')]);
  const content = contentOf(name, part);
  if (content.length > limit) throw tooLarge(`The file is larger than ${limit} bytes.`);
  const mediaType = (part.headers.get('content-type') ?? '').slice(0, MEDIA_TYPE);
  return { name: toFileName(fileName ?? '', FILE_NAME), mediaType, base64: content.toString('base64') };
}

/** Forms are sent as they are; some libraries of mail encode them all the same. */
function contentOf(name: string, { headers, content }: BodyPart): Buffer {
  const encoding = (headers.get('content-transfer-encoding') ?? 'binary').trim().toLowerCase();
  if (['binary', '8bit', '7bit', ''].includes(encoding)) return content;
  if (encoding === 'base64') return Buffer.from(content.toString('latin1'), 'base64');
  throw badRequest('A part of the form has a transfer encoding that is not read.', [
    pointTo(name, `is encoded as ${encoding.slice(0, 50)}; send it as it is`),
  ]);
}

function pointTo(name: string, detail: string): { pointer: string; detail: string } {
  return { pointer: `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`, detail };
}
