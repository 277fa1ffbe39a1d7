/** A line of PostgreSQL's `jsonlog` with the duration of a statement, as far as it is used. */
interface LogLine {
  timestamp: string;
  user?: string;
  pid?: number;
  vxid?: string;
  txid?: number;
  message?: string;
  application_name?: string;
}

/** A statement that was executed. */
export interface LoggedStatement {
  /** Milliseconds since 1970. */
  endedAt: number;
  role: string;
  application: string;
  /** Process and virtual transaction; null for a statement that was its own transaction and has ended. */
  transaction: string | null;
  /** Whether its transaction had written something when it ended. */
  hasEffect: boolean;
  text: string;
}

/** What one kind of statement of one service came to. */
export interface StatementClass {
  service: string;
  text: string;
  count: number;
  /** How many of them ran in a transaction with an effect. */
  inEffect: number;
}

/** Transactions of the same statements in the same order. */
export interface TransactionShape {
  service: string;
  statements: string[];
  count: number;
  hasEffect: boolean;
  isFlushed: boolean;
}

/** Totals of a log. */
export interface LogTotals {
  statements: number;
  /** Statements among them that begin or end a transaction, or give it its spaces. */
  control: number;
  /** Statements that were parsed again: those without a prepared plan. */
  parses: number;
  transactions: number;
  flushed: number;
  unflushed: number;
  classes: StatementClass[];
  shapes: TransactionShape[];
}

const EXECUTED = /^duration: [\d.]+ ms {2}(?:execute [^:]*|statement): ([^]*)$/;
const PARSED = /^duration: [\d.]+ ms {2}parse /;
const CONTROL = /^(?:begin|start transaction|commit|rollback|savepoint|release|end|select set_config\()/i;
const WRITES = /\b(?:insert into|update|delete from|for (?:no key )?update)\b/i;
const ENDS = /^(?:commit|rollback|end)\b/i;
const RELAXES = /synchronous_commit['"]?\s*(?:=|to|,)\s*'?(?:off|local)/i;

/** Parameters, lists of values and white space do not tell one statement from another. */
export function classOf(text: string): string {
  return text
    .replace(/\s+/g, ' ')
    .replace(/\$\d+/g, '$')
    .replace(/'(?:[^']|'')*'/g, "'…'")
    .replace(/\b\d+\b/g, '0')
    .replace(/\(\s*\$(?:::\w+(?:\[\])?)?(?:, ?\$(?:::\w+(?:\[\])?)?)+\s*\)/g, '($…)')
    .replace(/(\(\$…\))(?:, ?\(\$…\))+/g, '$1…')
    .trim();
}

function lineOf(text: string): LogLine | null {
  try {
    return JSON.parse(text) as LogLine;
  } catch {
    // The last line may be incomplete.
    return null;
  }
}

/** Reads the statements between two times, and how many were parsed. */
export function readStatements(
  log: string,
  from: number,
  to: number,
): { statements: LoggedStatement[]; parses: number } {
  const statements: LoggedStatement[] = [];
  let parses = 0;
  for (const line of log.split('\n').map(lineOf)) {
    const endedAt = line ? Date.parse(line.timestamp.replace(' UTC', 'Z').replace(' ', 'T')) : 0;
    if (!line?.message || endedAt < from || endedAt > to) continue;
    if (PARSED.test(line.message)) parses += 1;
    const text = EXECUTED.exec(line.message)?.[1];
    if (text !== undefined) statements.push(statementOf(line, text, endedAt));
  }
  return { statements, parses };
}

function statementOf(line: LogLine, text: string, endedAt: number): LoggedStatement {
  const { user = '', pid = 0, vxid = '', txid = 0, application_name = '' } = line;
  return {
    endedAt,
    role: user,
    application: application_name,
    transaction: vxid === '' || vxid.endsWith('/0') ? null : `${pid} ${vxid}`,
    hasEffect: txid !== 0,
    text: text.trim(),
  };
}

/** The service's name and, for mechanisms, its second role. */
export function serviceOf({ application, role }: Pick<LoggedStatement, 'application' | 'role'>): string {
  const name = application.replace(/-[0-9a-f]{8}\b/, '');
  return role.endsWith('_runner') ? `${name} (runner)` : name;
}

interface OpenTransaction {
  service: string;
  statements: string[];
  hasEffect: boolean;
  isFlushed: boolean;
}

/** Adds a statement to its transaction. */
function extend(transaction: OpenTransaction, { text, hasEffect, transaction: id }: LoggedStatement): void {
  if (RELAXES.test(text)) transaction.isFlushed = false;
  // A single statement without parameters is logged after its end, when it has no transaction id any more.
  if (hasEffect || (id === null && WRITES.test(text))) transaction.hasEffect = true;
  if (!CONTROL.test(text)) transaction.statements.push(classOf(text));
}

/** Statements with the transactions that they made up. */
function transactionsOf(statements: readonly LoggedStatement[]): OpenTransaction[] {
  const open = new Map<string, OpenTransaction>();
  const all: OpenTransaction[] = [];
  for (const one of statements) {
    const { transaction: id } = one;
    if (id === null && ENDS.test(one.text)) continue;
    let transaction = id === null ? undefined : open.get(id);
    if (!transaction) {
      const isFlushed = !/relaxed/i.test(one.application);
      transaction = { service: serviceOf(one), statements: [], hasEffect: false, isFlushed };
      all.push(transaction);
    }
    if (id !== null) open.set(id, transaction);
    extend(transaction, one);
  }
  return all;
}

function countBy<Value>(values: readonly Value[], keyOf: (value: Value) => string): [Value, number][] {
  const counts = new Map<string, [Value, number]>();
  for (const value of values) {
    const known = counts.get(keyOf(value));
    if (known) known[1] += 1;
    else counts.set(keyOf(value), [value, 1]);
  }
  return [...counts.values()].sort((left, right) => right[1] - left[1]);
}

/** Sums up a log, the most frequent statements and transactions first. Statements of the bench itself do not count. */
export function sumUp(statements: readonly LoggedStatement[], parses: number): LogTotals {
  const counted = statements.filter(({ role }) => role.startsWith('parley_'));
  const transactions = transactionsOf(counted);
  const effective = transactions.filter(({ hasEffect }) => hasEffect);
  const flushed = effective.filter(({ isFlushed }) => isFlushed).length;
  const pairs = transactions.flatMap(({ service, statements: texts, hasEffect }) =>
    texts.map((text) => ({ service, text, hasEffect })),
  );
  const effects = new Map(
    countBy(
      pairs.filter(({ hasEffect }) => hasEffect),
      ({ service, text }) => `${service}\n${text}`,
    ).map(([{ service, text }, count]) => [`${service}\n${text}`, count]),
  );
  return {
    statements: counted.length,
    control: counted.filter(({ text }) => CONTROL.test(text)).length,
    parses,
    transactions: transactions.length,
    flushed,
    unflushed: effective.length - flushed,
    classes: countBy(pairs, ({ service, text }) => `${service}\n${text}`).map(
      ([{ service, text }, count]) => ({
        service,
        text,
        count,
        inEffect: effects.get(`${service}\n${text}`) ?? 0,
      }),
    ),
    shapes: countBy(transactions, (one) => JSON.stringify(one)).map(([shape, count]) => ({
      ...shape,
      count,
    })),
  };
}
