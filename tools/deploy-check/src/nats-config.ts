import { domainOwners, domains } from '@parley/contracts';
import { natsServerConfig } from '@parley/messaging';

/** The variable of the secret `parley-nats` that holds a user's password. */
export function passwordVariable(user: string): string {
  return `${user.replaceAll('-', '_').toUpperCase()}_PASSWORD`;
}

/**
 * The configuration of nats-server in a cluster or under compose: users and permissions out of the contracts, passwords
 * out of the server's environment.
 */
export function deployedNatsConfig(): string {
  const services = domains.map((domain) => ({ user: domainOwners[domain], domain }));
  const users = [...services, { user: 'trimmer', isTrimmer: true }, { user: 'operator' }].map((user) => ({
    ...user,
    password: `$${passwordVariable(user.user)}`,
  }));
  const text = natsServerConfig({
    users,
    storeDir: '/data',
    host: '0.0.0.0',
    port: 4222,
    monitorPort: 8222,
    outsideFile: 'outside.conf',
  });
  const unquoted = text
    .replaceAll(/"(\$[A-Z_]+_PASSWORD)"/g, '$1')
    .replace('"127.0.0.1:8222"', '"0.0.0.0:8222"');
  return `# Written by tools/deploy-check from the contracts: node tools/deploy-check/bin/deploy-check.mjs --write\n${unquoted}`;
}
