import { urlOf } from './manual.ts';

/**
 * The questions of the evaluation, as people ask them, about PostgreSQL 15's manual: the tuned ones were written before
 * any ranking was tuned. The held-out ones were written from the manual's pages alone, without a search, and are
 * reported apart: once they have been looked at for tuning, they belong to the tuned ones and new ones are drawn.
 */
export interface AnswerableQuestion {
  question: string;
  /** Addresses of the pages that answer it. */
  urls: readonly string[];
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

type Row = [question: string, pages: string, words: string];

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
  ['How do I define my own enum type?', 'datatype-enum sql-createtype', 'create type|enum types are created'],
  ['What is the difference between json and jsonb?', 'datatype-json', 'binary|exact copy'],
  [
    'How do I refresh a materialized view without locking out readers?',
    'sql-refreshmaterializedview',
    'concurrently',
  ],
  ['Can I delete a database from the command line with dropdb?', 'app-dropdb manage-ag-dropdb', 'dropdb'],
  ['What does the pg_read_all_data role allow?', 'predefined-roles', 'read all data'],
  ['how to write a recursive query using WITH', 'queries-with sql-select', 'recursive'],
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
  ['Is there a case insensitive text type?', 'citext', 'citext'],
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
  ],
  ['How large is my table on disk together with its indexes?', 'functions-admin', 'pg_total_relation_size'],
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
  ['How do I skip the first ten rows of a result?', 'queries-limit', 'offset'],
  ['How do I turn a timestamp into a string such as YYYY-MM-DD?', 'functions-formatting', 'to_char'],
  [
    'Where do I put my own certificate and private key to encrypt what clients send?',
    'ssl-tcp',
    'server.crt|server.key',
  ],
  [
    'Linux killed my postgres process because memory ran out, how can I prevent this?',
    'kernel-resources',
    'overcommit|oom',
  ],
  ['Is it dangerous to turn off fsync?', 'runtime-config-wal', 'corruption|risk'],
  ['How much RAM should I give to shared_buffers?', 'runtime-config-resource', '25%'],
  [
    'How do I find statements that take longer than one second?',
    'runtime-config-logging',
    'log_min_duration',
  ],
  ['How do I rename a column?', 'sql-altertable ddl-alter', 'rename'],
];

const unanswerable: string[] = [
  'How do I set up a replica set in MongoDB?',
  'How do I configure PgBouncer for connection pooling?',
  'What does the enterprise support plan cost per month?',
  'How do I make Redis persist its keys to disk?',
  'How do I deploy the database on Kubernetes with a Helm chart?',
  'How do I draw an ER diagram with pgAdmin?',
  'How do I create a hypertable with TimescaleDB?',
  'How do I store OpenAI embeddings with pgvector?',
  'How do I find all points inside a polygon with PostGIS?',
  'How do I write a migration in Django?',
  'Can I pay by credit card or PayPal?',
  'How long is the warranty on the washing machine?',
  'What is the weather in Berlin tomorrow?',
  'How can I cancel my subscription and get my money back?',
  'How do I automate failover with Patroni?',
  'How do I change the font size in SQL Server Management Studio?',
  'Who won the football world cup in 2014?',
  'How do I back up a SQLite file?',
  'What are the opening hours of your shop on Sunday?',
  'How do I connect my phone to the office Wi-Fi?',
];

const heldOutWithTitleWords: Row[] = [
  [
    'Can I run EXPLAIN ANALYZE on a DELETE without losing my rows?',
    'sql-explain using-explain',
    'rollback|roll the command back',
  ],
  ['Do I have to restart the server after I edit pg_hba.conf?', 'auth-pg-hba-conf', 'sighup|reload'],
  ['Can pg_basebackup write the copy as a tar file?', 'app-pgbasebackup', 'tar'],
  ['How many bytes may the payload of NOTIFY have?', 'sql-notify', '8000'],
  [
    'My logical replication stopped because of a conflict, how do I get it going again?',
    'logical-replication-conflicts',
    'skip|changing data',
  ],
];

const heldOutWithoutTitleWords: Row[] = [
  [
    'Why was my report on the read-only server cancelled because of a conflict with recovery?',
    'hot-standby',
    'conflict',
  ],
  [
    'How do I run a query from inside a function when the name of the table is in a variable?',
    'plpgsql-statements',
    'execute|format(|dynamic command',
  ],
  ['How do I compare each row with the one before it?', 'functions-window', 'lag|before the current row'],
  ['How do I save IPv4 and IPv6 hosts in a column?', 'datatype-net-types', 'inet|to store ipv4'],
  [
    'How do I measure how many transactions per second my machine can do?',
    'pgbench',
    'benchmark|transactions per second|tps',
  ],
];

const heldOutUnanswerable: string[] = [
  'How do I make an entry in Memcached expire after an hour?',
  'How do I create a keyspace in Cassandra?',
  'How do I put HAProxy in front of two servers?',
  'How do I run a DAG in Airflow every night?',
  'Which visa do I need for a trip to Japan?',
  'How do I show a time series in a Grafana panel?',
  'Do you ship to Switzerland?',
  'How many calories does a banana have?',
  'I lost my phone, how do I turn off two-factor login?',
  'How do I import an existing server into Terraform?',
];

const answerable = (rows: Row[], titleless: boolean, heldOut: boolean): AnswerableQuestion[] =>
  rows.map(([question, pages, words]) => ({
    question,
    urls: pages.split(' ').map((page) => urlOf(`${page}.html`)),
    words: [words],
    withoutTitleWords: titleless,
    heldOut,
  }));

export const answerableQuestions: readonly AnswerableQuestion[] = [
  ...answerable(withTitleWords, false, false),
  ...answerable(withoutTitleWords, true, false),
  ...answerable(heldOutWithTitleWords, false, true),
  ...answerable(heldOutWithoutTitleWords, true, true),
];

export const unanswerableQuestions: readonly UnanswerableQuestion[] = [
  ...unanswerable.map((question) => ({ question, heldOut: false })),
  ...heldOutUnanswerable.map((question) => ({ question, heldOut: true })),
];
