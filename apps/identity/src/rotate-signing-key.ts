import { createDatabase } from '@parley/database';
import type { Tables } from './database.ts';
import { SigningKeysRepository } from './tokens/signing-keys.repository.ts';

// Whoever asks for the next token gets a new key: within two seconds in every process.
const url = process.env['DATABASE_URL'];
if (!url) throw new Error('Set DATABASE_URL to the URL of the service role of identity.');
const database = createDatabase<Tables>({ url, applicationName: 'rotate-signing-key', poolSize: 1 });
const withdraw = process.argv.includes('--withdraw');
const keys = new SigningKeysRepository();
await database.withSpaces([], (trx) => (withdraw ? keys.withdraw(trx) : keys.retire(trx)));
await database.close();
