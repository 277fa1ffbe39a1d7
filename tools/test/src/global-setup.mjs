import { startTestServers } from '@parley/testing';

export default async function setUp() {
  if (process.env.PARLEY_TEST_DATABASE_URL) return;
  const servers = await startTestServers();
  process.env.PARLEY_TEST_DATABASE_URL = servers.databaseUrl;
  process.env.PARLEY_TEST_NATS_URL = servers.natsUrl;
  globalThis.parleyTestServers = servers;
}
