import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Injectable } from '@nestjs/common';
import { ProblemError, processNames } from '@parley/contracts';
import { InjectConfig, InjectOperationsNats } from '@parley/service';
import type { NatsConnection } from '@parley/messaging';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { GatewayConfig } from '../config.ts';
import { type Asset, Assets } from './assets.ts';
import { sendProblem } from './problems.ts';

const HEALTH_MS = 500;
/** Answers of /readyz are asked of the services so often at most. */
const READY_MS = 250;
/**
 * The pages bring their scripts and styles along. The widget has its style in its shadow root, needs no policy of
 * Trusted Types, and reaches LiveKit and the file store at addresses of their own.
 */
const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  'img-src data:',
  "connect-src 'self' https: http: wss: ws:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');

/** Health for everybody, the widget's files, the demo, and the page that links of account mails open. */
@Injectable()
export class PageRoutes {
  private readonly assets: Assets;
  private checks: { at: number; found: Promise<Record<string, string>> } | undefined;

  constructor(
    @InjectConfig() private readonly config: GatewayConfig,
    @InjectOperationsNats() private readonly nats: NatsConnection,
  ) {
    this.assets = new Assets(config.WIDGET_DIR ?? widgetFolder());
  }

  register(fastify: FastifyInstance): void {
    fastify.get('/', (_request, reply) => reply.redirect('/demo'));
    fastify.get('/healthz', () => ({ status: 'ok' }));
    fastify.get('/readyz', async (request, reply) =>
      this.ready((request.query as { all?: string }).all === '1', reply),
    );
    const pages = ['demo', 'account'];
    const files = pages.flatMap((page) => [`${page}/${page}.css`, `${page}/${page}.js`]);
    for (const name of ['widget.js', 'widget-voice.js', ...files])
      fastify.get(`/${name}`, (request, reply) => this.file(name, request, reply));
    for (const page of pages)
      fastify.get(`/${page}`, (request, reply) => this.file(`${page}/index.html`, request, reply));
    fastify.get('/demo/configuration.json', async () => this.demo());
  }

  private async ready(all: boolean, reply: FastifyReply): Promise<unknown> {
    if (!this.checks || Date.now() - this.checks.at > READY_MS)
      this.checks = { at: Date.now(), found: this.askAll() };
    const checks = await this.checks.found;
    const allOk = Object.values(checks).every((state) => state === 'ok' || state === 'off');
    void reply.code(all && !allOk ? 503 : 200);
    return { status: allOk ? 'ok' : 'degraded', checks };
  }

  private async askAll(): Promise<Record<string, string>> {
    const names = processNames.filter((name) => name !== 'channel-gateway');
    const entries = await Promise.all(names.map(async (name) => [name, await this.ask(name)] as const));
    return Object.fromEntries([['channel-gateway', 'ok'], ...entries]);
  }

  private async ask(name: string): Promise<string> {
    if (!this.config.SERVICES.split(',').includes(name)) return 'off';
    try {
      return (await this.nats.request(`health.${name}`, '', { timeout: HEALTH_MS })).string();
    } catch {
      return 'degraded';
    }
  }

  private async file(name: string, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const asset = await this.assets.read(name);
    if (asset === null) return sendProblem(request, reply, notBuilt(name));
    if (asset.type.startsWith('text/html')) void reply.header('content-security-policy', PAGE_POLICY);
    const packed = /\bgzip\b/.test(request.headers['accept-encoding'] ?? '');
    const tag = `"${asset.hash}${packed ? '-gzip' : ''}"`;
    void reply
      .header('etag', tag)
      .header('vary', 'accept-encoding')
      .header('cache-control', cacheControl(asset, request))
      .header('access-control-allow-origin', '*')
      // Pages that isolate themselves (COEP) load only what allows it.
      .header('cross-origin-resource-policy', 'cross-origin');
    if (request.headers['if-none-match'] === tag) return reply.code(304).send();
    if (packed) void reply.header('content-encoding', 'gzip');
    return reply.type(asset.type).send(packed ? asset.gzip : asset.plain);
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

function notBuilt(name: string): ProblemError {
  const detail = `${name} is not built. Run: npx nx build widget`;
  return new ProblemError({ status: 404, code: 'not_built', detail });
}

/** An address that names the very content may be kept for good. */
function cacheControl({ hash }: Asset, request: FastifyRequest): string {
  const named = (request.query as { v?: unknown }).v === hash;
  return named ? 'public, max-age=31536000, immutable' : 'public, max-age=60';
}

function widgetFolder(): string {
  try {
    return join(dirname(createRequire(import.meta.url).resolve('@parley/widget/package.json')), 'dist');
  } catch {
    return fileURLToPath(new URL('../../widget', import.meta.url));
  }
}
