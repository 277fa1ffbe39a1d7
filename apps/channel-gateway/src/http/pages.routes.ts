import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Injectable } from '@nestjs/common';
import { domainOwners } from '@parley/contracts';
import { InjectConfig, InjectNats } from '@parley/service';
import type { NatsConnection } from '@parley/messaging';
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { GatewayConfig } from '../config.ts';

const types: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  map: 'application/json',
};
const HEALTH_MS = 500;

/** Health for everybody, the widget's files, and the demo. */
@Injectable()
export class PageRoutes {
  private readonly folder: string;

  constructor(
    @InjectConfig() private readonly config: GatewayConfig,
    @InjectNats() private readonly nats: NatsConnection,
  ) {
    this.folder = config.WIDGET_DIR ?? widgetFolder();
  }

  register(fastify: FastifyInstance): void {
    fastify.get('/', (_request, reply) => reply.redirect('/demo'));
    fastify.get('/healthz', () => ({ status: 'ok' }));
    fastify.get('/readyz', async (request, reply) =>
      this.ready((request.query as { all?: string }).all === '1', reply),
    );
    fastify.get('/widget.js', (_request, reply) => this.file('widget.js', reply));
    fastify.get('/demo', (_request, reply) => this.file('demo/index.html', reply));
    for (const name of ['demo.css', 'demo.js'])
      fastify.get(`/demo/${name}`, (_request, reply) => this.file(`demo/${name}`, reply));
    fastify.get('/demo/configuration.json', async () => this.demo());
  }

  private async ready(all: boolean, reply: FastifyReply): Promise<unknown> {
    const names = Object.values(domainOwners).filter((name) => name !== 'channel-gateway');
    const entries = await Promise.all(names.map(async (name) => [name, await this.ask(name)] as const));
    const checks = Object.fromEntries([['channel-gateway', 'ok'], ...entries]);
    const allOk = Object.values(checks).every((state) => state === 'ok' || state === 'off');
    void reply.code(all && !allOk ? 503 : 200);
    return { status: allOk ? 'ok' : 'degraded', checks };
  }

  private async ask(name: string): Promise<string> {
    if (!this.config.SERVICES.split(',').includes(name)) return 'off';
    try {
      return (await this.nats.request(`health.${name}`, '', { timeout: HEALTH_MS })).string();
    } catch {
      return 'degraded';
    }
  }

  private async file(name: string, reply: FastifyReply): Promise<FastifyReply> {
    const text = await readFile(join(this.folder, name), 'utf8').catch(() => null);
    if (text === null)
      return reply.code(404).type('text/plain').send(`${name} is not built. Run: npx nx build widget`);
    return reply
      .type(types[name.slice(name.lastIndexOf('.') + 1)] ?? 'text/plain')
      .header('cache-control', 'public, max-age=60')
      .header('access-control-allow-origin', '*')
      .send(text);
  }

  private async demo(): Promise<{ channelId: string | null; suggestedQuestions: string[] }> {
    const text = this.config.DEMO_FILE
      ? await readFile(this.config.DEMO_FILE, 'utf8').catch(() => '{}')
      : '{}';
    const { webChannelId, suggestedQuestions } = JSON.parse(text) as {
      webChannelId?: string;
      suggestedQuestions?: string[];
    };
    return { channelId: webChannelId ?? null, suggestedQuestions: suggestedQuestions ?? [] };
  }
}

function widgetFolder(): string {
  try {
    return join(dirname(createRequire(import.meta.url).resolve('@parley/widget/package.json')), 'dist');
  } catch {
    return fileURLToPath(new URL('../../widget', import.meta.url));
  }
}
