import type { IncomingMessage } from 'node:http';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { newId, ProblemError } from '@parley/contracts';
import type { FastifyInstance, FastifyRequest, FastifyServerOptions } from 'fastify';
import { ReferenceRoutes } from '../reference/reference.routes.ts';
import { TwilioRoutes } from '../phone/twilio.routes.ts';
import { RealtimeSocket } from '../sockets/realtime.socket.ts';
import { LiveKitRoutes } from '../webhooks/livekit.routes.ts';
import { WebhooksRoutes } from '../webhooks/webhooks.routes.ts';
import { WidgetRoutes } from '../widget/widget.routes.ts';
import { OperationRoutes } from './operations.routes.ts';
import { PageRoutes } from './pages.routes.ts';
import { sendProblem } from './problems.ts';

const READ_AWAY_BYTES = 32 * 1024 * 1024;
const READ_AWAY_MS = 5000;

/** Fastify's limits: ids and bodies that are too long never reach a route. */
export const serverOptions: FastifyServerOptions = {
  bodyLimit: 9 * 1024 * 1024,
  genReqId: () => newId('req'),
  // Addresses that cannot be read reach no route.
  frameworkErrors: (error, request, reply) => void sendProblem(request, reply, error),
  requestTimeout: 30_000,
  keepAliveTimeout: 65_000,
  routerOptions: { maxParamLength: 200 },
};

/** Everything outsiders reach, on one Fastify instance. */
export function openDoor(app: NestFastifyApplication): void {
  const fastify = app.getHttpAdapter().getInstance() as unknown as FastifyInstance;
  // A scope of its own keeps these parsers and this error handler, whatever Nest registers beside it.
  void fastify.register(async (scope) => openRoutes(app, scope));
  app.get(RealtimeSocket).attach(fastify.server);
}

function openRoutes(app: NestFastifyApplication, fastify: FastifyInstance): void {
  // Bodies stay raw: webhooks are signed over their bytes, and operations read JSON by their own rules.
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  fastify.addHook('onSend', async (request, reply) => {
    void reply
      .header('x-request-id', request.id)
      .header('x-content-type-options', 'nosniff')
      .header('referrer-policy', 'strict-origin-when-cross-origin');
  });
  fastify.setErrorHandler(async (error, request, reply) => {
    if ((error as { statusCode?: number }).statusCode === 413) await readAway(request.raw);
    return sendProblem(request, reply, error);
  });
  app.get(OperationRoutes).register(fastify);
  app.get(LiveKitRoutes).register(fastify);
  app.get(TwilioRoutes).register(fastify);
  app.get(WebhooksRoutes).register(fastify);
  app.get(WidgetRoutes).register(fastify);
  app.get(PageRoutes).register(fastify);
  app.get(ReferenceRoutes).register(fastify);
  fastify.all('/*', (request, reply) => sendProblem(request, reply, nothingAt(request)));
}

/** Lets a body that is too large run out, within bounds: a sender that is cut off while it sends never sees the answer. */
async function readAway(message: IncomingMessage): Promise<void> {
  if (message.readableEnded) return;
  let left = READ_AWAY_BYTES;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, READ_AWAY_MS);
    const end = (): void => {
      clearTimeout(timer);
      resolve();
    };
    message.once('end', end).once('close', end);
    message.on('data', (chunk: Buffer) => {
      left -= chunk.length;
      if (left < 0) end();
    });
  });
  message.pause();
}

function nothingAt(request: FastifyRequest): ProblemError {
  const [path = ''] = request.url.split('?');
  return new ProblemError({
    status: 404,
    code: 'not_found',
    detail: `Nothing is at ${request.method} ${path}.`,
  });
}
