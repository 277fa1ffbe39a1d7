import { badRequest, requireStorable, tooLarge } from '@parley/contracts';

const FIELDS = 50;

/** Reads a multipart/form-data body: text fields as they are, files as name, media type and base64. */
export async function readForm(
  body: Buffer,
  contentType: string,
  files: Readonly<Record<string, number>>,
): Promise<Record<string, unknown>> {
  const entries = [...(await parse(body, contentType))];
  if (entries.length > FIELDS) throw badRequest(`The form has more than ${FIELDS} fields.`);
  const fields = new Map<string, unknown>();
  for (const [name, value] of entries) {
    if (name === '__proto__') throw badRequest(`The key "${name}" is not allowed.`);
    if (fields.has(name))
      throw badRequest('A field stands in the form twice.', [pointTo(name, 'is given twice')]);
    fields.set(name, typeof value === 'string' ? value : await readFile(name, value, files));
  }
  const read = Object.fromEntries(fields);
  requireStorable(read);
  return read;
}

async function parse(body: Buffer, contentType: string): Promise<FormData> {
  try {
    const headers = { 'content-type': contentType };
    return await new Response(new Uint8Array(body), { headers }).formData();
  } catch {
    throw badRequest('The body is not multipart/form-data.');
  }
}

async function readFile(name: string, file: File, files: Readonly<Record<string, number>>): Promise<object> {
  const limit = Object.hasOwn(files, name) ? files[name] : undefined;
  if (limit === undefined)
    throw badRequest('The form has a file where none belongs.', [pointTo(name, 'is not a file')]);
  if (file.size > limit) throw tooLarge(`The file is larger than ${limit} bytes.`);
  const base64 = Buffer.from(await file.arrayBuffer()).toString('base64');
  return { name: file.name.slice(0, 500), mediaType: file.type.slice(0, 200), base64 };
}

function pointTo(name: string, detail: string): { pointer: string; detail: string } {
  return { pointer: `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`, detail };
}
