import { classOf, readStatements, serviceOf, sumUp } from './statement-log.ts';

const line = (of: {
  text: string;
  at?: string;
  how?: string;
  vxid?: string;
  txid?: number;
  application?: string;
  user?: string;
}): string =>
  JSON.stringify({
    timestamp: `2026-11-29 08:00:${of.at ?? '10.000'} UTC`,
    user: of.user ?? 'parley_flow',
    pid: 5,
    vxid: of.vxid ?? '3/0',
    txid: of.txid ?? 0,
    application_name: of.application ?? 'flow-engine-1234abcd',
    message: `duration: 0.120 ms  ${of.how ?? 'execute parley_1: '}${of.text}`,
  });

const FROM = Date.parse('2026-11-29T08:00:10Z');
const read = (lines: readonly string[]): ReturnType<typeof readStatements> =>
  readStatements(lines.join('\n'), FROM, FROM + 10_000);

const simple = { how: 'statement: ' };

describe('a log of statements', () => {
  it('is read between two times; parsing and binding are no statements of their own', () => {
    const { statements, parses } = read([
      line({ text: 'select 1', at: '09.999' }),
      line({ text: 'select $1', how: 'parse <unnamed>: ' }),
      line({ text: 'select $1', how: 'bind <unnamed>: ' }),
      line({ text: 'select $1\n from x', how: 'execute <unnamed>: ' }),
      line({ text: 'select 3', at: '20.001' }),
      '{"timestamp": "2026-11-29 08:0',
    ]);
    expect(statements.map(({ text }) => text)).toEqual(['select $1\n from x']);
    expect(parses).toBe(1);
  });

  it('shows transactions, which of them had an effect, and which of those were flushed', () => {
    const transaction = (vxid: string, txid: number, more: object = {}): string[] => [
      line({ text: 'begin', ...simple, vxid, ...more }),
      line({ text: 'select $1', vxid, ...more }),
      line({ text: 'update a set b = $1', vxid, txid, ...more }),
      line({ text: 'commit', ...simple, ...more }),
    ];
    const { statements, parses } = read([
      ...transaction('3/1', 700),
      ...transaction('3/2', 0),
      ...transaction('3/3', 701, { application: 'flow-engine-1234abcd-relaxed' }),
      line({ text: "select set_config('synchronous_commit', 'off', true)", vxid: '3/4' }),
      line({ text: 'delete from a where b = $1', vxid: '3/4', txid: 702 }),
      line({ text: 'delete from a', ...simple }),
      line({ text: 'select 1', ...simple }),
      line({ text: 'select pg_reload_conf()', ...simple, user: 'parley' }),
    ]);
    const totals = sumUp(statements, parses);
    expect(totals).toMatchObject({ statements: 16, control: 7, transactions: 6, flushed: 2, unflushed: 2 });
    expect(totals.classes[0]).toEqual({
      service: 'flow-engine',
      text: 'select $',
      count: 2,
      inEffect: 1,
    });
    expect(totals.shapes[0]).toMatchObject({ statements: ['select $', 'update a set b = $'] });
  });

  it('takes statements that differ in values, in the length of lists or in white space as one', () => {
    const short = 'insert into a (b, c)\n values ($1, $2)';
    const long = 'insert into a (b, c) values ($1, $2), ($3, $4), ($5, $6)';
    expect(classOf(long).replace('…)…', '…)')).toBe(classOf(short));
    expect(classOf("select 'x' where a = 5")).toBe(classOf("select 'it''s' where a = 6"));
  });

  it('names the service without its instance, and its second role', () => {
    expect(serviceOf({ application: 'channel-gateway-0a1b2c3d', role: 'parley_channel' })).toBe(
      'channel-gateway',
    );
    expect(serviceOf({ application: 'assets-0a1b2c3d', role: 'parley_asset_runner' })).toBe(
      'assets (runner)',
    );
  });
});
