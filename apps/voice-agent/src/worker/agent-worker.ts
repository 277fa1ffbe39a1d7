import { type BeforeApplicationShutdown, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { type CheckResult, HealthChecks, InjectConfig, Logger, Metrics } from '@parley/service';
import type { WorkerConfig } from '../config.ts';
import { CallServer } from './call-server.ts';
import { workerOnly } from './job-config.ts';

/** How long running calls may go on when the service goes down. */
export const DRAIN_MS = 15 * 60_000;

/** Takes calls as long as the service runs. */
@Injectable()
export class AgentWorker implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly server: CallServer;

  constructor(@InjectConfig() config: WorkerConfig, logger: Logger, metrics: Metrics, checks: HealthChecks) {
    const jobFile = new URL('./job.js', import.meta.url);
    this.server = new CallServer({ config, logger, jobFile, drainMs: DRAIN_MS });
    metrics.addStats('voice', () => ({ calls: this.server.calls, max_calls: this.server.maxCalls }));
    checks.add({ name: 'livekit', required: false, run: () => this.check() });
  }

  onApplicationBootstrap(): void {
    // Jobs inherit the environment. They need neither PostgreSQL nor the master key.
    for (const name of workerOnly) delete process.env[name];
    void this.server.run();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.server.stop();
  }

  private check(): CheckResult {
    const { calls, connected } = this.server;
    return connected
      ? { status: 'ok', calls }
      : { status: 'degraded', detail: 'not connected to LiveKit', calls };
  }
}
