/** A process of a service that consumes until it is killed: node --conditions=source consumer-process.ts <serviceUrl> <runnerUrl> <natsUrl> */
import { createDatabase } from '@parley/database';
import { connectNats } from '../src/nats/connection.ts';
import { countingHandler, startConsumer } from './consumer-bench.ts';

const [serviceUrl = '', runnerUrl = '', url = ''] = process.argv.slice(2);
const about = { applicationName: 'consumer-process', poolSize: 6 };
const nats = await connectNats({ url, user: '', password: '', name: 'consumer-process' });
startConsumer(
  {
    nats,
    database: createDatabase<unknown>({ url: serviceUrl, ...about }),
    runner: createDatabase<unknown>({ url: runnerUrl, ...about }),
  },
  [countingHandler('own')],
);
