import { isShownInPlace, lieOf } from './content-type.ts';

const png = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNkYAAAAAYAAjCB0C8AAAAASUVORK5CYII=',
  'base64',
);
const pdf = Buffer.from('%PDF-1.7\n1 0 obj\n<<>>\nendobj\n');
const wav = Buffer.concat([
  Buffer.from('RIFF\x24\x00\x00\x00WAVEfmt \x10\x00\x00\x00', 'latin1'),
  Buffer.alloc(40),
]);
const ogg = Buffer.concat([
  Buffer.from('OggS\x00\x02', 'latin1'),
  Buffer.alloc(22),
  Buffer.from('OpusHead'),
  Buffer.alloc(20),
]);
const zip = Buffer.from('PK\x03\x04\x14\x00\x00\x00\x00\x00'.padEnd(40, '\0'), 'latin1');
const exe = Buffer.concat([Buffer.from('MZ'), Buffer.alloc(100)]);

describe('What a file is', () => {
  it.each([
    ['image/png', png],
    ['application/pdf', pdf],
    ['audio/wav', wav],
    ['audio/x-wav', wav],
    ['audio/ogg', ogg],
    ['audio/ogg; codecs=opus', ogg],
    ['audio/opus', ogg],
    ['application/zip', zip],
    ['application/vnd.openxmlformats-officedocument.wordprocessingml.document', zip],
    ['text/plain', Buffer.from('Grüße')],
    ['text/plain', Buffer.from('\ufeffwide', 'utf16le')],
    ['text/csv; charset=utf-8', Buffer.from('a,b\n1,2')],
    ['application/json', Buffer.from('{}')],
    ['image/svg+xml', Buffer.from('<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>')],
    ['image/svg+xml', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>')],
    ['application/octet-stream', exe],
    ['application/x-own-format', Buffer.from([1, 2, 3, 0])],
  ])('is believed where it is %s', async (contentType, head) => {
    expect(await lieOf(head, contentType)).toBeNull();
  });

  it.each([
    ['image/png', Buffer.from('<script>alert(1)</script>'), 'is none'],
    ['image/png', exe, 'is application/x-msdownload'],
    ['image/jpeg', png, 'is image/png'],
    ['text/plain', png, 'is image/png'],
    ['text/plain', Buffer.from([65, 0, 66, 1, 2]), 'is no text'],
    ['application/pdf', zip, 'is application/zip'],
    ['application/pdf', Buffer.from('hello'), 'is none'],
    ['audio/wav', Buffer.from('not sound'), 'is none'],
    ['audio/opus', Buffer.from('not sound'), 'is none'],
    ['image/svg+xml', png, 'is image/png'],
    ['application/vnd.openxmlformats-officedocument.wordprocessingml.document', pdf, 'is application/pdf'],
    ['application/x-own-format', exe, 'is application/x-msdownload'],
    ['image/png', Buffer.alloc(0), 'is none'],
  ])('is a lie where it is not %s', async (contentType, head, reason) => {
    expect(await lieOf(head, contentType)).toContain(reason);
  });

  it('is shown in place only where it cannot hold a script', () => {
    for (const type of ['image/png', 'audio/ogg; codecs=opus', 'video/mp4', 'application/pdf'])
      expect(isShownInPlace(type)).toBe(true);
    for (const type of ['image/svg+xml', 'text/html', 'application/xhtml+xml', 'application/octet-stream'])
      expect(isShownInPlace(type)).toBe(false);
  });
});
