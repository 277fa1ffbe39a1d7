import { randomBytes } from 'node:crypto';
import { text } from 'node:stream/consumers';
import { accountCreated, newId } from '@parley/contracts';
import { createDatabase } from '@parley/database';
import { EventLog } from '@parley/messaging';
import { z } from 'zod';
import { AccountsRepository } from './accounts/accounts.repository.ts';
import { PasswordPolicyService } from './accounts/password-policy.service.ts';
import { PasswordService } from './accounts/password.service.ts';
import type { Tables } from './database.ts';

// Makes an account whatever SIGN_UP says, for whoever may read identity's DATABASE_URL: the first owner of an installation.
const USAGE =
  'node create-account.js <e-mail> <name>   (the password comes from standard input; without one it is drawn and printed)';

async function main(): Promise<void> {
  const [address = '', ...words] = process.argv.slice(2);
  const email = z.email().max(254).safeParse(address.toLowerCase());
  const name = words.join(' ').trim();
  if (!email.success || name === '') throw new Error(`Give an e-mail address and a name: ${USAGE}`);
  const url = process.env['DATABASE_URL'];
  if (!url) throw new Error('Set DATABASE_URL to the URL of the service role of identity.');
  const given = process.stdin.isTTY ? '' : (await text(process.stdin)).trim();
  const password = given || randomBytes(15).toString('base64url');
  if (password.length < 10) throw new Error('The password has fewer than 10 characters.');
  new PasswordPolicyService().require(password, { email: email.data, name });
  const passwordHash = await new PasswordService().hash(password);
  const database = createDatabase<Tables>({ url, applicationName: 'create-account', poolSize: 1 });
  try {
    const id = await insert(database, { email: email.data, name, passwordHash });
    console.log(`${id}${given ? '' : `\nPassword: ${password}`}`);
  } finally {
    await database.close();
  }
}

async function insert(
  database: ReturnType<typeof createDatabase<Tables>>,
  of: { email: string; name: string; passwordHash: string },
): Promise<string> {
  const { email, name, passwordHash } = of;
  // The relay of a service that runs finds the event in its outbox.
  const events = new EventLog({ afterCommit: () => undefined } as never);
  return database.withSpaces([], async (trx) => {
    const row = { id: newId('acc'), email, name, password_hash: passwordHash, email_verified: true };
    const account = await new AccountsRepository().insert(trx, row);
    if (!account) throw new Error('An account with this e-mail exists.');
    const data = { accountId: account.id, name, type: 'person' as const };
    await events.append(trx, [{ definition: accountCreated, spaceId: '_', data }]);
    return account.id;
  });
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
});
