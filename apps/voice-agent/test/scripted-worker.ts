import { createLogger } from '@parley/service';
import { CallServer } from '../src/worker/call-server.ts';
import { readJobConfig } from '../src/worker/job-config.ts';

/** A worker in a process of its own, as the service runs it, with scripted jobs. */
const config = readJobConfig();
const logger = createLogger({ name: 'voice-agent', level: config.LOG_LEVEL });
const jobFile = new URL('./scripted-job.ts', import.meta.url);
const server = new CallServer({ config, logger, jobFile, drainMs: 60_000 });
process.once('SIGTERM', () => void server.stop().then(() => process.exit(0)));
await server.run();
