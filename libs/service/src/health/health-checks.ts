/** What a check found. `degraded` does not take the service out of rotation, `failed` does when it is required. */
export interface CheckResult {
  readonly status: 'ok' | 'degraded' | 'failed' | 'off';
  readonly detail?: string;
  readonly [field: string]: unknown;
}

/** A named question to the service's surroundings; it may throw, which counts as failed. */
export interface HealthCheck {
  readonly name: string;
  /** The service cannot serve without it. */
  readonly required: boolean;
  readonly run: () => Promise<CheckResult> | CheckResult;
}

/** The state of the service as `/readyz` answers it. */
export interface Readiness {
  readonly status: 'ok' | 'degraded' | 'failed' | 'starting' | 'stopping';
  readonly checks: Readonly<Record<string, CheckResult>>;
}

const CHECK_TIMEOUT_MS = 500;

/** The service's checks; a subject may add its own. Ready only between `started()` and `stopping()`. */
export class HealthChecks {
  readonly #checks = new Map<string, HealthCheck>();
  #phase: 'starting' | 'ready' | 'stopping' = 'starting';

  /** @throws {Error} when a check of that name exists */
  add(check: HealthCheck): void {
    if (this.#checks.has(check.name)) throw new Error(`There are two health checks named ${check.name}`);
    this.#checks.set(check.name, check);
  }

  started(): void {
    this.#phase = 'ready';
  }

  stopping(): void {
    this.#phase = 'stopping';
  }

  /** Runs all checks at once, each for at most half a second. */
  async readiness(): Promise<Readiness> {
    const checks = [...this.#checks.values()];
    const results = await Promise.all(checks.map((check) => runCheck(check)));
    const named = Object.fromEntries(checks.map((check, index) => [check.name, results[index] ?? failed()]));
    return { status: this.#phase === 'ready' ? overall(checks, results) : this.#phase, checks: named };
  }
}

/** Whether a readiness lets requests in. */
export function isReady(readiness: Readiness): boolean {
  return readiness.status === 'ok' || readiness.status === 'degraded';
}

function overall(checks: readonly HealthCheck[], results: readonly CheckResult[]): Readiness['status'] {
  if (checks.some((check, index) => check.required && results[index]?.status === 'failed')) return 'failed';
  return results.every(({ status }) => status === 'ok' || status === 'off') ? 'ok' : 'degraded';
}

async function runCheck(check: HealthCheck): Promise<CheckResult> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<CheckResult>((resolve) => {
    timer = setTimeout(() => resolve(failed(`no answer within ${CHECK_TIMEOUT_MS} ms`)), CHECK_TIMEOUT_MS);
  });
  try {
    return await Promise.race([Promise.resolve().then(check.run), late]);
  } catch (error) {
    return failed(nameOf(error));
  } finally {
    clearTimeout(timer);
  }
}

// An error's code or class; its message may quote an address or a row.
function nameOf(error: unknown): string {
  const { code, name } = error as { code?: unknown; name?: unknown };
  return typeof code === 'string' ? code : String(name ?? 'error');
}

function failed(detail = 'failed'): CheckResult {
  return { status: 'failed', detail };
}
