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

test.each(['multipart/form-data', 'multipart/form-data; boundary=x', 'multipart/form-data; boundary='])(
  'what is no form is refused: %s',
  async (contentType) => {
    const refused = readForm(Buffer.from('--x\r\nnothing'), contentType, files);
    await expect(refused).rejects.toMatchObject({ status: 400 });
  },
);
