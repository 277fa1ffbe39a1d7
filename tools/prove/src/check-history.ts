/** Checks a history of JSON lines: check-history.mjs [--no-answers] [--no-deliveries] [--seen] <file>; exits with 1 when it shows a fault. */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type HistoryRecord, RecordSchema } from './history.ts';
import { checkHistory } from './history-checker.ts';
import { tell } from './report.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    'no-answers': { type: 'boolean' },
    'no-deliveries': { type: 'boolean' },
    seen: { type: 'boolean' },
  },
});

function read(path: string): HistoryRecord[] {
  const lines = readFileSync(path, 'utf8').split('\n');
  return lines.flatMap((line, index) => {
    if (line.trim() === '') return [];
    try {
      return [RecordSchema.parse(JSON.parse(line))];
    } catch (error) {
      throw new Error(`Line ${index + 1} of ${path} is no record of a history.`, { cause: error });
    }
  });
}

const [path] = positionals;
if (!path) {
  console.error('Name the history: check-history.mjs <file of JSON lines>');
  process.exitCode = 2;
} else {
  const expected = {
    answered: !values['no-answers'],
    delivered: !values['no-deliveries'],
    seen: values.seen ?? false,
  };
  const findings = checkHistory(read(path), expected);
  tell(findings);
  process.exitCode = findings.faults.length === 0 ? 0 : 1;
}
