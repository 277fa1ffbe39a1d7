import { ProcessRecord } from './processes.ts';

// Started by the guard when the launcher was killed. A launcher that was started meanwhile has ended everything itself.
const record = new ProcessRecord(process.argv[2] ?? '');
if (record.launcher() === null) await record.endAll();
