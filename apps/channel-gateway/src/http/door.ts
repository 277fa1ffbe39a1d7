import { type IncomingMessage, METHODS, type Server } from 'node:http';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { newId } from '@parley/contracts';
import { CONFIG, Logger } from '@parley/service';
import type { FastifyInstance, FastifyHttpOptions } from 'fastify';
import { type GatewayConfig, originsOf } from '../config.ts';
import { ReferenceRoutes } from '../reference/reference.routes.ts';
import { TwilioRoutes } from '../phone/twilio.routes.ts';
import { RealtimeSocket } from '../sockets/realtime.socket.ts';
import { LiveKitRoutes } from '../webhooks/livekit.routes.ts';
import { WebhooksRoutes } from '../webhooks/webhooks.routes.ts';
import { WidgetRoutes } from '../widget/widget.routes.ts';
import { readRawBodies } from './bodies.ts';
import { answerClientError } from './client-error.ts';
import { allowOrigins } from './cors.ts';
import { logFailures } from './failures.ts';
import { addHeaders } from './headers.ts';
import { KnownRoutes, MAX_PARAM_LENGTH } from './known-routes.ts';
import { OperationRoutes } from './operations.routes.ts';
import { PageRoutes } from './pages.routes.ts';
import { methodNotAllowed, routeNotFound, sendProblem } from './problems.ts';

const READ_AWAY_BYTES = 32 * 1024 * 1024;
const READ_AWAY_MS = 5000;

/** Fastify's limits: ids and bodies that are too long never reach a route. */
export const serverOptions: FastifyHttpOptions<Server> = {
  bodyLimit: 9 * 1024 * 1024,
  genReqId: () => newId('req'),
  // Addresses that cannot be read reach no route.
  frameworkErrors: (error, request, reply) => void sendProblem(request, reply, error),
  clientErrorHandler: answerClientError,
  keepAliveTimeout: 65_000,
  routerOptions: { maxParamLength: MAX_PARAM_LENGTH },
};

/** Everything outsiders reach, on one Fastify instance. */
export function openDoor(app: NestFastifyApplication): void {
  const fastify = app.getHttpAdapter().getInstance() as unknown as FastifyInstance;
  for (const method of METHODS)
    if (method !== 'CONNECT' && !fastify.supportedMethods.includes(method)) fastify.addHttpMethod(method);
  // A scope of its own keeps these parsers and this error handler, whatever Nest registers beside it.
  void fastify.register(async (scope) => openRoutes(app, scope));
  app.get(RealtimeSocket).attach(fastify.server);
}

function openRoutes(app: NestFastifyApplication, fastify: FastifyInstance): void {
  const config = app.get<GatewayConfig>(CONFIG);
  readRawBodies(fastify);
  addHeaders(fastify, config);
  logFailures(fastify, app.get(Logger));
  allowOrigins(fastify, originsOf(config));
  fastify.setErrorHandler(async (error, request, reply) => {
    if ((error as { statusCode?: number }).statusCode === 413) await readAway(request.raw);
    return sendProblem(request, reply, error);
  });
  const routes = new KnownRoutes(fastify);
  app.get(OperationRoutes).register(fastify);
  app.get(LiveKitRoutes).register(fastify);
  app.get(TwilioRoutes).register(fastify);
  app.get(WebhooksRoutes).register(fastify);
  app.get(WidgetRoutes).register(fastify);
  app.get(PageRoutes).register(fastify);
  app.get(ReferenceRoutes).register(fastify);
  fastify.all('/*', (request, reply) => {
    const [path = ''] = request.url.split('?');
    const methods = routes.methodsOf(path);
    if (methods.length === 0) return sendProblem(request, reply, routeNotFound(request.method, path));
    void reply.header('allow', methods.join(', '));
    return sendProblem(request, reply, methodNotAllowed(request.method, methods));
  });
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
