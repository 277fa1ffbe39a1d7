import { availableParallelism } from 'node:os';
import { AgentServer, InferenceRunner, type JobRequest, ServerOptions } from '@livekit/agents';
import { CallJobSchema } from '@parley/contracts';
import type { Logger } from '@parley/service/plain';
import type { WorkerConfig } from '../config.ts';
import { useLogger } from './agents-logger.ts';

/** What takes calls is made of. */
export interface CallServerOptions {
  config: WorkerConfig;
  logger: Logger;
  /** The program of a job: its default export is what `defineCallJob` makes. */
  jobFile: URL;
  /** How long running calls may go on once it drains. */
  drainMs: number;
}

const CALLS_PER_CORE = 6;
/** The server tells LiveKit its load each 2.5 s while it is connected. */
const CONNECTED_MS = 6000;
const START_AGAIN_MS = 5000;

/** Takes calls from LiveKit and runs each in a process of its own; connects again for ever. */
export class CallServer {
  readonly maxCalls: number;
  private readonly options: CallServerOptions;
  private server: AgentServer | null = null;
  private connectedAt = 0;
  private starting = 0;
  private stopping = false;

  constructor(options: CallServerOptions) {
    this.options = options;
    this.maxCalls = options.config.VOICE_MAX_CALLS ?? CALLS_PER_CORE * availableParallelism();
  }

  /** Calls that run. */
  get calls(): number {
    return this.server?.activeJobs.length ?? 0;
  }

  /** Whether LiveKit knows this worker. */
  get connected(): boolean {
    return Date.now() - this.connectedAt < CONNECTED_MS;
  }

  /** Takes calls until `stop`; should the server fail for good, another one takes its place. */
  async run(): Promise<void> {
    const { logger } = this.options;
    useLogger(logger);
    // The end of a turn is found by voice activity: the process of the model for it would only take 350 MB.
    InferenceRunner.registerRunner = () => undefined;
    // Jobs inherit it: their WebRTC library then logs what matters, not every step.
    process.env['NODE_ENV'] ??= 'production';
    withoutSourceMaps();
    while (!this.stopping) {
      try {
        this.server = this.createServer();
        await this.server.run();
      } catch (error) {
        logger.error({ err: error }, 'Voice worker stopped, restarting');
      }
      if (!this.stopping) await new Promise((resolve) => setTimeout(resolve, START_AGAIN_MS));
    }
  }

  /** Takes no further call and waits until the running ones are over. */
  async stop(): Promise<void> {
    const { logger, drainMs } = this.options;
    this.stopping = true;
    const { server, calls } = this;
    if (!server) return;
    if (calls > 0) logger.info({ calls }, 'Worker is stopping, waiting for active calls');
    try {
      await server.drain(drainMs);
    } catch (error) {
      logger.warn({ err: error }, 'Worker stopped with active calls');
    }
    await server.close();
  }

  private createServer(): AgentServer {
    const { config, jobFile, drainMs } = this.options;
    return new AgentServer(
      new ServerOptions({
        agent: jobFile.pathname,
        agentName: config.VOICE_AGENT_NAME,
        wsURL: config.LIVEKIT_URL,
        apiKey: config.LIVEKIT_API_KEY,
        apiSecret: config.LIVEKIT_API_SECRET,
        requestFunc: (request) => this.decide(request),
        loadFunc: async (server) => this.load(server),
        loadThreshold: 1,
        numIdleProcesses: config.VOICE_IDLE_JOBS,
        drainTimeout: drainMs,
        initializeProcessTimeout: 60_000,
        maxRetry: Number.POSITIVE_INFINITY,
        // Its own health page is of no use beside the service's.
        host: '127.0.0.1',
        port: 0,
        logLevel: 'warn',
      }),
    );
  }

  private load(server: AgentServer): number {
    this.connectedAt = Date.now();
    return server.activeJobs.length / this.maxCalls;
  }

  private async decide(request: JobRequest): Promise<void> {
    const job = readJob(request.job.metadata);
    if (!job) {
      this.options.logger.warn('Job without a call rejected');
      return request.reject();
    }
    if (this.stopping || this.calls + this.starting >= this.maxCalls) return request.reject();
    // Until its process runs it is not among the active ones.
    this.starting += 1;
    try {
      await request.accept(this.options.config.VOICE_AGENT_NAME, `agent-${job.callId}-${job.generation}`);
    } finally {
      this.starting -= 1;
    }
  }
}

const SOURCE_MAPS = '--enable-source-maps';

/** Jobs inherit how this process was started; source maps take each of them 40 MB. */
function withoutSourceMaps(): void {
  const { NODE_OPTIONS: options } = process.env;
  process.execArgv = process.execArgv.filter((argument) => argument !== SOURCE_MAPS);
  if (options) process.env['NODE_OPTIONS'] = options.replaceAll(SOURCE_MAPS, '').trim();
}

function readJob(metadata: string): { callId: string; generation: number } | null {
  try {
    return CallJobSchema.safeParse(JSON.parse(metadata)).data ?? null;
  } catch {
    return null;
  }
}
