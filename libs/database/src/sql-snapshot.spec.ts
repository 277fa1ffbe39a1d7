import { expectSqlSnapshot, recordSql } from './sql-snapshot.ts';

interface Tables {
  note: { id: string; text: string };
}

it('records what a repository method sends, with the answers it is given', async () => {
  const statements = await recordSql<Tables>(
    async (trx) => {
      const { id } = await trx.selectFrom('note').select('id').executeTakeFirstOrThrow();
      await trx.updateTable('note').set({ text: 'new' }).where('id', '=', id).execute();
    },
    [[{ id: 'note_1' }]],
  );
  expect(statements).toEqual(['select "id" from "note"', 'update "note" set "text" = $1 where "id" = $2']);
});

it('compares with the snapshot', async () => {
  await expectSqlSnapshot<Tables>((trx) =>
    trx.selectFrom('note').selectAll().where('id', '=', 'note_1').execute(),
  );
});
