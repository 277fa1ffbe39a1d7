import { Command } from 'commander';
import { addDeadLetters } from './dead-letters.ts';

const program = new Command('parley').description('Commands for whoever runs an installation of Parley');
addDeadLetters(program);

try {
  await program.parseAsync();
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
