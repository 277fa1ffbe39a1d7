/**
 * The questions of the evaluation, as people ask them, about PostgreSQL 15's manual.
 * Written before any ranking was tuned. The held-out ones are reported apart and never looked at for tuning.
 */
export interface AnswerableQuestion {
  question: string;
  /** File names of the pages that answer it. */
  pages: readonly string[];
  /** Each entry must be in an answering quote; alternatives are separated by `|`. Letter case does not count. */
  words: readonly string[];
  /** True where the question holds no content word of any of its pages' titles. */
  withoutTitleWords: boolean;
  heldOut: boolean;
}

export interface UnanswerableQuestion {
  question: string;
  heldOut: boolean;
}

type Row = [question: string, pages: string, words: string, heldOut?: 'heldOut'];

const withTitleWords: Row[] = [
  [
    'What is the default transaction isolation level?',
    'transaction-iso sql-set-transaction runtime-config-client',
    'read committed',
  ],
  ['How can I create an index without blocking writes to the table?', 'sql-createindex', 'concurrently'],
  ['What is a partial index good for?', 'indexes-partial', 'subset|avoid indexing common'],
  [
    'Does row level security also apply to the owner of the table?',
    'ddl-rowsecurity sql-altertable',
    'owner',
  ],
  ['What kind of lock does VACUUM FULL take?', 'sql-vacuum routine-vacuuming explicit-locking', 'exclusive'],
  [
    'How do I define my own enum type?',
    'datatype-enum sql-createtype',
    'create type|enum types are created',
    'heldOut',
  ],
  ['What is the difference between json and jsonb?', 'datatype-json', 'binary|exact copy'],
  [
    'How do I refresh a materialized view without locking out readers?',
    'sql-refreshmaterializedview',
    'concurrently',
  ],
  ['Can I delete a database from the command line with dropdb?', 'app-dropdb manage-ag-dropdb', 'dropdb'],
  ['What does the pg_read_all_data role allow?', 'predefined-roles', 'read all data'],
  ['how to write a recursive query using WITH', 'queries-with sql-select', 'recursive', 'heldOut'],
  ['How do I declare a generated column?', 'ddl-generated-columns sql-createtable', 'generated always as'],
  [
    'I want to split one big table into partitions by date, how?',
    'ddl-partitioning sql-createtable',
    'partition by|range',
  ],
  [
    'How do I restore a dump in custom format with pg_restore?',
    'app-pgrestore backup-dump app-pgdump',
    'pg_restore',
  ],
  [
    'what happens to the server when the disk is full?',
    'disk-full',
    'panic|shutdown|shut down|prevent useful activity',
    'heldOut',
  ],
  [
    'Which statistics does pg_stat_statements track?',
    'pgstatstatements',
    'planning and execution|statistics',
  ],
  [
    'How do I drop a role that still owns objects?',
    'role-removal sql-drop-owned sql-droprole',
    'reassign owned|drop owned',
  ],
  ['Is there a case insensitive text type?', 'citext', 'citext', 'heldOut'],
  ['How can I rebuild a corrupted index?', 'sql-reindex routine-reindex app-reindexdb', 'reindex'],
  ['How do I do an upgrade to a new major version?', 'upgrading pgupgrade', 'pg_upgrade|pg_dump|dump'],
];

const withoutTitleWords: Row[] = [
  ['Why was my transaction aborted with "deadlock detected"?', 'explicit-locking', 'abort'],
  ['How many columns can one table have at most?', 'limits', '1,600|1600'],
  ['On which TCP port does the server listen by default?', 'runtime-config-connection', '5432'],
  ['Why is count(*) so slow on a big table?', 'functions-aggregate', 'entire'],
  [
    'How do I kill a query that another user is running?',
    'functions-admin',
    'pg_cancel_backend|pg_terminate_backend',
    'heldOut',
  ],
  [
    'How large is my table on disk together with its indexes?',
    'functions-admin',
    'pg_total_relation_size',
    'heldOut',
  ],
  ['What is the fastest way to load millions of rows?', 'populate', 'copy'],
  ['How long may a table name be?', 'sql-syntax-lexical limits', '63'],
  [
    'Does deleting rows give disk space back to the operating system?',
    'routine-vacuuming sql-vacuum',
    'operating system',
  ],
  [
    'Can I run a function each time somebody creates or drops a table?',
    'event-trigger-definition',
    'ddl_command_end|ddl_command_start|sql_drop',
  ],
  ['Is varchar(n) faster than text?', 'datatype-character', 'performance'],
  ['How do I round a number to two decimal places?', 'functions-math', 'round'],
  ['How do I skip the first ten rows of a result?', 'queries-limit', 'offset', 'heldOut'],
  ['How do I turn a timestamp into a string such as YYYY-MM-DD?', 'functions-formatting', 'to_char'],
  [
    'Where do I put my own certificate and private key to encrypt what clients send?',
    'ssl-tcp',
    'server.crt|server.key',
    'heldOut',
  ],
  [
    'Linux killed my postgres process because memory ran out, how can I prevent this?',
    'kernel-resources',
    'overcommit|oom',
  ],
  ['Is it dangerous to turn off fsync?', 'runtime-config-wal', 'corruption|risk'],
  ['How much RAM should I give to shared_buffers?', 'runtime-config-resource', '25%', 'heldOut'],
  [
    'How do I find statements that take longer than one second?',
    'runtime-config-logging',
    'log_min_duration',
    'heldOut',
  ],
  ['How do I rename a column?', 'sql-altertable ddl-alter', 'rename'],
];

const unanswerableRows: [question: string, heldOut?: 'heldOut'][] = [
  ['How do I set up a replica set in MongoDB?'],
  ['How do I configure PgBouncer for connection pooling?', 'heldOut'],
  ['What does the enterprise support plan cost per month?'],
  ['How do I make Redis persist its keys to disk?'],
  ['How do I deploy the database on Kubernetes with a Helm chart?', 'heldOut'],
  ['How do I draw an ER diagram with pgAdmin?'],
  ['How do I create a hypertable with TimescaleDB?'],
  ['How do I store OpenAI embeddings with pgvector?', 'heldOut'],
  ['How do I find all points inside a polygon with PostGIS?'],
  ['How do I write a migration in Django?'],
  ['Can I pay by credit card or PayPal?'],
  ['How long is the warranty on the washing machine?', 'heldOut'],
  ['What is the weather in Berlin tomorrow?'],
  ['How can I cancel my subscription and get my money back?', 'heldOut'],
  ['How do I automate failover with Patroni?', 'heldOut'],
  ['How do I change the font size in SQL Server Management Studio?', 'heldOut'],
  ['Who won the football world cup in 2014?', 'heldOut'],
  ['How do I back up a SQLite file?', 'heldOut'],
  ['What are the opening hours of your shop on Sunday?'],
  ['How do I connect my phone to the office Wi-Fi?', 'heldOut'],
];

const answerable = (rows: Row[], titleless: boolean): AnswerableQuestion[] =>
  rows.map(([question, pages, words, heldOut]) => ({
    question,
    pages: pages.split(' ').map((page) => `${page}.html`),
    words: [words],
    withoutTitleWords: titleless,
    heldOut: heldOut === 'heldOut',
  }));

export const answerableQuestions: readonly AnswerableQuestion[] = [
  ...answerable(withTitleWords, false),
  ...answerable(withoutTitleWords, true),
];

export const unanswerableQuestions: readonly UnanswerableQuestion[] = unanswerableRows.map(
  ([question, heldOut]) => ({
    question,
    heldOut: heldOut === 'heldOut',
  }),
);
