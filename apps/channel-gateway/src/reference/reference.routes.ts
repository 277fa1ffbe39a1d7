import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { Injectable } from '@nestjs/common';
import { asyncApiDocument, openApiDocument } from '@parley/contracts/reference';
import { notFound } from '@parley/contracts';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { sendProblem } from '../http/problems.ts';
import { referenceScript, referenceStyle } from './assets.ts';
import { guidePage, guidesPage } from './guides.ts';
import { apiPage, eventsPage } from './pages.ts';

/** Something that is made once and served from then on. */
interface Served {
  type: string;
  text: string;
  zipped: Buffer;
  tag: string;
}

/** The pages bring their script and style along, and reach nothing else. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** The descriptions of the API and its events, made from the contracts this gateway was built with. */
@Injectable()
export class ReferenceRoutes {
  register(fastify: FastifyInstance): void {
    this.serve(fastify, '/api/v1/openapi.json', 'application/json; charset=utf-8', () =>
      JSON.stringify(openApiDocument()),
    );
    this.serve(fastify, '/api/v1/asyncapi.json', 'application/json; charset=utf-8', () =>
      JSON.stringify(asyncApiDocument()),
    );
    this.serve(fastify, '/docs', 'text/html; charset=utf-8', apiPage);
    this.serve(fastify, '/events', 'text/html; charset=utf-8', eventsPage);
    this.serveGuides(fastify);
    this.serve(fastify, '/docs/reference.css', 'text/css; charset=utf-8', () => referenceStyle);
    this.serve(fastify, '/docs/reference.js', 'text/javascript; charset=utf-8', () => referenceScript);
  }

  /** Read anew for each request: they are small, and whoever writes them sees them at once. */
  private serveGuides(fastify: FastifyInstance): void {
    const answer = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
      const name = (request.params as { '*'?: string })['*'];
      const html = await (name ? guidePage(name) : guidesPage());
      if (html === null) return sendProblem(request, reply, notFound('The guide'));
      return send(request, reply, toServed('text/html; charset=utf-8', html));
    };
    fastify.get('/docs/guides', answer);
    fastify.get('/docs/guides/*', answer);
  }

  private serve(fastify: FastifyInstance, url: string, type: string, make: () => string): void {
    let made: Served | undefined;
    fastify.get(url, (request, reply) => {
      made ??= toServed(type, make());
      return send(request, reply, made);
    });
  }
}

function toServed(type: string, text: string): Served {
  const tag = `"${createHash('sha256').update(text).digest('base64url').slice(0, 22)}"`;
  return { type, text, zipped: gzipSync(text), tag };
}

function send(request: FastifyRequest, reply: FastifyReply, served: Served): FastifyReply {
  void reply
    .header('etag', served.tag)
    .header('cache-control', 'public, max-age=60')
    .header('access-control-allow-origin', '*')
    .header('content-security-policy', POLICY)
    .header('vary', 'accept-encoding');
  if (request.headers['if-none-match'] === served.tag) return reply.code(304).send();
  void reply.type(served.type);
  if (!/\bgzip\b/.test(request.headers['accept-encoding'] ?? '')) return reply.send(served.text);
  return reply.header('content-encoding', 'gzip').send(served.zipped);
}
