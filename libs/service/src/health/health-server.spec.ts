import { HealthChecks } from './health-checks.ts';
import type { HealthCheck } from './health-checks.ts';
import { HealthServer } from './health-server.ts';
import { Metrics } from '../metrics/metrics.ts';

const stops: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

async function serve(...checks: HealthCheck[]) {
  const metrics = new Metrics();
  const health = new HealthChecks();
  for (const check of checks) health.add(check);
  const server = new HealthServer({ service: 'conversation', checks: health, metrics });
  const port = await server.listen(0, '127.0.0.1');
  stops.push(
    () => server.close(),
    () => metrics.stop(),
  );
  const get = async (path: string) => {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`);
    return { status: answer.status, text: await answer.text() };
  };
  return { health, metrics, get };
}

const check = (name: string, required: boolean, run: HealthCheck['run']): HealthCheck => ({
  name,
  required,
  run,
});

describe('the health server', () => {
  it('is alive before it is ready, ready between start and stop', async () => {
    const { health, get } = await serve(check('postgresql', true, () => ({ status: 'ok' })));
    expect(JSON.parse((await get('/healthz')).text)).toMatchObject({
      status: 'ok',
      eventLoop: { meanMs: expect.any(Number) },
    });
    expect(await get('/readyz')).toMatchObject({ status: 503, text: expect.stringContaining('starting') });
    health.started();
    const ready = await get('/readyz');
    expect(ready.status).toBe(200);
    expect(JSON.parse(ready.text)).toEqual({
      service: 'conversation',
      status: 'ok',
      checks: { postgresql: { status: 'ok' } },
    });
    health.stopping();
    expect(await get('/readyz')).toMatchObject({ status: 503, text: expect.stringContaining('stopping') });
    expect((await get('/healthz')).status).toBe(200);
  });

  it('is not ready without what it requires, and degraded without the rest', async () => {
    const throwing = () => Promise.reject(new Error('password=canary'));
    const required = await serve(check('postgresql', true, throwing));
    required.health.started();
    const answer = await required.get('/readyz');
    expect(answer.status).toBe(503);
    expect(answer.text).not.toContain('canary');
    const optional = await serve(
      check('postgresql', false, throwing),
      check('mail', false, () => ({ status: 'off' })),
    );
    optional.health.started();
    expect(await optional.get('/readyz')).toMatchObject({
      status: 200,
      text: expect.stringContaining('"status":"degraded"'),
    });
  });

  it('gives up a check that hangs', async () => {
    const { health, get } = await serve(check('nats', true, () => new Promise(() => undefined)));
    health.started();
    expect(await get('/readyz')).toMatchObject({
      status: 503,
      text: expect.stringContaining('no answer within 500 ms'),
    });
  });

  it('shows numbers of the parts, also those counted before the exporter was loaded', async () => {
    const { metrics, get } = await serve();
    metrics.count('http_requests', { status: 200 });
    metrics.count('http_requests', { status: 200 });
    metrics.observeMs('http_request', 12, { route: '/x' });
    metrics.addStats('runner', () => ({
      handled: 7,
      consumers: { runs: { lagSeconds: 2 } },
      queued: { a: 4 },
      text: 'x',
    }));
    const { text } = await get('/metrics');
    for (const line of [
      'parley_http_requests_total{status="200"} 2',
      'parley_http_request_seconds_count{route="/x"} 1',
      'parley_runner_handled 7',
      'parley_runner_consumers_lag_seconds{name="runs"} 2',
      'parley_runner_queued{name="a"} 4',
    ]) {
      expect(text).toContain(line);
    }
    expect(text).toMatch(/parley_event_loop_lag_p99_seconds \d/);
    expect((await get('/nothing')).status).toBe(404);
  });
});
