/** The worker of the bare agent: LiveKit's own server of jobs and nothing else. */
import { AgentServer, InferenceRunner, initializeLogger, ServerOptions } from '@livekit/agents';

const { LIVEKIT_URL, LIVEKIT_API_KEY, LIVEKIT_API_SECRET, AGENT_NAME, JOB_FILE } = process.env;
if (!LIVEKIT_URL || !LIVEKIT_API_KEY || !LIVEKIT_API_SECRET || !AGENT_NAME || !JOB_FILE)
  throw new Error('LIVEKIT_URL, LIVEKIT_API_KEY, LIVEKIT_API_SECRET, AGENT_NAME and JOB_FILE must be set.');

initializeLogger({ pretty: false, level: 'warn' });
// As in the voice agent: ends of turns are found by voice activity, no model is loaded for them.
InferenceRunner.registerRunner = () => undefined;
const server = new AgentServer(
  new ServerOptions({
    agent: JOB_FILE,
    agentName: AGENT_NAME,
    wsURL: LIVEKIT_URL,
    apiKey: LIVEKIT_API_KEY,
    apiSecret: LIVEKIT_API_SECRET,
    loadFunc: async () => 0,
    numIdleProcesses: 1,
    initializeProcessTimeout: 60_000,
    host: '127.0.0.1',
    port: 0,
    logLevel: 'warn',
  }),
);
process.once('SIGTERM', () => {
  server
    .close()
    .catch(() => undefined)
    .finally(() => process.exit(0));
});
server.event.once('worker_registered', () => console.log('ready'));
await server.run();
