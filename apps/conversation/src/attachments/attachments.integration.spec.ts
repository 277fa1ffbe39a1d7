import {
  createConversation,
  editMessage,
  type Part,
  postMessage,
  postVisitorMessage,
} from '@parley/contracts';
import {
  type ConversationBench,
  member,
  openBench,
  otherSpaceId,
  spaceId,
  text,
  visitor,
} from '../../test/bench.ts';

let bench: ConversationBench;
const channel = { channelId: 'chan_web', deploymentType: 'WEB', target: null };

beforeAll(async () => {
  bench = await openBench();
  await bench.know({ id: 'acc_ada', name: 'Ada' });
});
afterAll(() => bench.close());

const attachment = (assetId: string): Part => ({
  ...{ type: 'attachment', assetId, name: 'plan.pdf', contentType: 'text/html', size: 1 },
});
const open = async () => (await bench.call(createConversation, { spaceId })).id;

describe('A message that names a file', () => {
  it('says of it what is true, and lets the visitors of its conversation see it', async () => {
    const conversationId = await open();
    const { id } = bench.files.add(spaceId);
    const parts = [...text('Here it is:'), attachment(id), attachment(id)];
    const posted = await bench.call(postMessage, { spaceId, conversationId, parts });
    const told = { ...attachment(id), contentType: 'application/pdf', size: 1234 };
    expect(posted.parts).toEqual([parts[0], told, told]);
    expect(bench.files.shown.get(conversationId)).toEqual([id]);
  });

  it('that is a note of the team shows it to no visitor, also when it is edited', async () => {
    const conversationId = await open();
    const kept = bench.files.add(spaceId, { internal: true });
    const place = { spaceId, conversationId };
    const note = await bench.call(postMessage, { ...place, parts: [attachment(kept.id)], internal: true });
    const edit = { ...place, messageId: note.id, parts: [...text('Listen:'), attachment(kept.id)] };
    expect((await bench.call(editMessage, edit)).parts).toHaveLength(2);
    expect(bench.files.shown.has(conversationId)).toBe(false);
    const shown = bench.call(postMessage, { ...place, parts: [attachment(kept.id)] });
    await expect(shown).rejects.toMatchObject({ status: 422, code: 'attachment_withheld' });
    const said = await bench.call(postMessage, { ...place, parts: text('Hello') });
    const changed = bench.call(editMessage, { ...place, messageId: said.id, parts: [attachment(kept.id)] });
    await expect(changed).rejects.toMatchObject({ status: 422, code: 'attachment_withheld' });
  });

  it.each<[string, () => string, object]>([
    [
      'that nobody knows',
      () => 'asset_unknown',
      { status: 422, code: 'unknown_attachment', errors: [{ pointer: '/parts/1/assetId' }] },
    ],
    ['of another space', () => bench.files.add(otherSpaceId).id, { status: 422, code: 'unknown_attachment' }],
    [
      'whose upload goes on',
      () => bench.files.add(spaceId, { status: 'pending' }).id,
      { status: 409, code: 'attachment_not_ready' },
    ],
    [
      'that is kept away',
      () => bench.files.add(spaceId, { status: 'quarantined', statusReason: 'It is no PDF.' }).id,
      { status: 422, code: 'attachment_withheld' },
    ],
  ])('%s is refused, and nothing of it is stored', async (_what, make, problem) => {
    const conversationId = await open();
    const before = (await bench.events(conversationId)).length;
    const parts = [...text('Look:'), attachment(make())];
    await expect(bench.call(postMessage, { spaceId, conversationId, parts })).rejects.toMatchObject(problem);
    expect(await bench.events(conversationId)).toHaveLength(before);
  });

  it('comes from a member with what it may see itself', async () => {
    const conversationId = await open();
    const { id } = bench.files.add(spaceId);
    bench.files.hidden.add(`${member().id} ${id}`);
    const post = bench.call(postMessage, { spaceId, conversationId, parts: [attachment(id)] });
    await expect(post).rejects.toMatchObject({ status: 422, code: 'unknown_attachment' });
    expect(bench.files.shown.get(conversationId)).toEqual([]);
  });

  it('comes from a visitor with what it may see itself', async () => {
    const ann = visitor('ann');
    const own = bench.files.add(spaceId, {}, ann.id);
    const { conversationId } = await bench.call(
      postVisitorMessage,
      { spaceId, channel, parts: text('hi') },
      ann,
    );
    const post = (assetId: string) =>
      bench.call(postVisitorMessage, { spaceId, channel, conversationId, parts: [attachment(assetId)] }, ann);
    expect((await post(own.id)).parts).toMatchObject([{ contentType: 'application/pdf' }]);
    const { id } = bench.files.add(spaceId);
    await expect(post(id)).rejects.toMatchObject({ status: 422, code: 'unknown_attachment' });
    const direct = bench.call(postMessage, { spaceId, conversationId, parts: [attachment(id)] }, ann);
    await expect(direct).rejects.toMatchObject({ status: 422, code: 'unknown_attachment' });
  });
});
