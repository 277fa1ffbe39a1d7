import { Command } from 'commander';
import { addDeadLetters } from './dead-letters.ts';
import { addNatsUsers } from './nats-user.ts';
import { addOperationKeys } from './operation-keys.ts';
import { addVoiceModels } from './voice-models/voice-models.ts';

const program = new Command('parley').description('Commands for operators of a Parley installation');
addDeadLetters(program);
addNatsUsers(program);
addOperationKeys(program);
addVoiceModels(program);

try {
  await program.parseAsync();
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
