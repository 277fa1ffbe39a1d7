import fc from 'fast-check';
import { readForm } from './form.ts';

const files = { file: 10 };

async function send(fill: (form: FormData) => void): Promise<Record<string, unknown>> {
  const form = new FormData();
  fill(form);
  const sent = new Response(form);
  const body = Buffer.from(await sent.arrayBuffer());
  return readForm(body, sent.headers.get('content-type') ?? '', files);
}

const file = (bytes: Uint8Array<ArrayBuffer> | string, name = 'ä.txt'): File =>
  new File([bytes], name, { type: 'text/plain' });

test('fields are text, files keep their bytes, name and media type', async () => {
  const read = await send((form) => {
    form.append('title', 'Größe');
    form.append('file', file(new Uint8Array([0, 255, 13, 10, 45, 45])));
  });
  const base64 = Buffer.from([0, 255, 13, 10, 45, 45]).toString('base64');
  expect(read).toEqual({ title: 'Größe', file: { name: 'ä.txt', mediaType: 'text/plain', base64 } });
});

test.each<[string, number, (form: FormData) => void]>([
  ['a file that is too large', 413, (form) => form.append('file', file('x'.repeat(11)))],
  ['a file where none belongs', 400, (form) => form.append('title', file('x'))],
  ['a file under a name of prototypes', 400, (form) => form.append('constructor', file('x'))],
  ['a prototype key', 400, (form) => form.append('__proto__', 'x')],
  [
    'a field that is given twice',
    400,
    (form) => {
      form.append('title', 'a');
      form.append('title', 'b');
    },
  ],
  ['a NUL', 400, (form) => form.append('title', 'a\u0000')],
  ['too many fields', 400, (form) => Array.from({ length: 51 }, (_, no) => form.append(`f${no}`, 'x'))],
])('%s is refused', async (_what, status, fill) => {
  await expect(send(fill)).rejects.toMatchObject({ status });
});

const body = (...parts: string[]): string => `${parts.map((part) => `--x\r\n${part}\r\n`).join('')}--x--\r\n`;
const field = (name: string, value: string, more = ''): string =>
  `Content-Disposition: form-data; name="${name}"${more}\r\n\r\n${value}`;

test.each([
  ['no boundary', 'multipart/form-data', body(field('title', 'a')), /no valid boundary/],
  ['an empty boundary', 'multipart/form-data; boundary=', body(field('title', 'a')), /no valid boundary/],
  [
    'another boundary',
    'multipart/form-data; boundary=y',
    body(field('title', 'a')),
    /does not hold the boundary/,
  ],
  ['nothing', 'multipart/form-data; boundary=x', '', /does not hold the boundary/],
  [
    'a body that is cut off',
    'multipart/form-data; boundary=x',
    body(field('title', 'abc')).slice(0, -8),
    /closing boundary/,
  ],
  [
    'a body that is cut off in its headers',
    'multipart/form-data; boundary=x',
    '--x\r\nContent-Dis',
    /closing boundary/,
  ],
  [
    'a part without name',
    'multipart/form-data; boundary=x',
    body('Content-Disposition: form-data\r\n\r\na'),
    /no name/,
  ],
  ['a part without headers', 'multipart/form-data; boundary=x', body('\r\na'), /no readable headers/],
  [
    'headers without an end',
    'multipart/form-data; boundary=x',
    body('Content-Disposition: form-data; name="a"'),
    /no readable headers/,
  ],
  [
    'headers that are too large',
    'multipart/form-data; boundary=x',
    body(field('a', 'b', `; filename="${'c'.repeat(20_000)}"`)),
    /no readable headers/,
  ],
  [
    'a field in no UTF-8',
    'multipart/form-data; boundary=x',
    body(field('title', '\xff\xfe')),
    /not text in UTF-8/,
  ],
  [
    'a transfer encoding',
    'multipart/form-data; boundary=x',
    body(`Content-Transfer-Encoding: quoted-printable\r\n${field('title', 'a=20')}`),
    /transfer encoding/,
  ],
])('%s is refused with what to do', async (_what, contentType, text, detail) => {
  const refused = readForm(Buffer.from(text, 'latin1'), contentType, files);
  await expect(refused).rejects.toMatchObject({ status: 400, message: expect.stringMatching(detail) });
});

const read = (...parts: string[]): Promise<Record<string, unknown>> =>
  readForm(Buffer.from(body(...parts)), 'multipart/form-data; boundary="x"', files);

test('the name of a file is its last part alone, as people read it', async () => {
  const more = String.raw`; filename="..\..\C:\fakepath\a\"b.md"`;
  expect(await read(field('file', 'hello', more))).toMatchObject({ file: { name: 'a"b.md' } });
  const reordered = '; filename="a\u202egpj.md"';
  expect(await read(field('file', 'hello', reordered))).toMatchObject({ file: { name: 'a gpj.md' } });
});

test('a file without a name is a file, and one that was not chosen is none', async () => {
  const file = { name: '', mediaType: '', base64: Buffer.from('hello').toString('base64') };
  expect(await read(field('file', 'hello'))).toEqual({ file });
  expect(await read(field('file', 'hello', '; filename=""'))).toEqual({ file });
  expect(await read(field('file', '', '; filename=""'), field('title', 'a'))).toEqual({ title: 'a' });
});

test('a field is read in the charset that it names, and a file in base64 is decoded', async () => {
  const form = body(
    `Content-Type: text/plain; charset=iso-8859-1\r\n${field('title', 'Gr\xf6\xdfe')}`,
    `Content-Transfer-Encoding: base64\r\n${field('file', 'aGVs\r\nbG8=', '; filename=a')}`,
  );
  const fields = await readForm(Buffer.from(form, 'latin1'), 'multipart/form-data; boundary=x', files);
  expect(fields).toMatchObject({ title: 'Größe', file: { base64: 'aGVsbG8=' } });
});

test('however a form is broken, it is answered: read, or refused with 4xx', async () => {
  const whole = Buffer.from(body(field('title', 'a'), field('file', 'hello', '; filename="a.md"')));
  await fc.assert(
    fc.asyncProperty(
      fc.nat(whole.length),
      fc.nat(whole.length),
      fc.uint8Array({ maxLength: 5 }),
      async (start, length, put) => {
        const broken = Buffer.concat([whole.subarray(0, start), put, whole.subarray(start + length)]);
        const answer = readForm(broken, 'multipart/form-data; boundary=x', files).then(
          () => 200,
          (error: { status?: number }) => error.status ?? 500,
        );
        expect([200, 400, 413]).toContain(await answer);
      },
    ),
    { numRuns: 500 },
  );
});
