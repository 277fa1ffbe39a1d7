import { Injectable } from '@nestjs/common';
import {
  allOperations,
  badRequest,
  inputProblem,
  leaveSpace,
  notFound,
  type OperationDefinition,
  pathParameters,
  type Permission,
  permissionDenied,
  permissions,
  type Principal,
  ProblemError,
  roleAllows,
  roleIn,
  unauthorized,
} from '@parley/contracts';
import { etagOf, OperationClient } from '@parley/messaging';
import { ClientAddresses } from '@parley/service';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { truncate } from '@parley/text';
import { AuthService } from './auth.service.ts';
import { readForm } from './form.ts';
import { readJson, requireJson } from './json.ts';
import { sendProblem } from './problems.ts';
import { RateLimits } from './rate-limits.service.ts';

const BODY_LIMIT = 1024 * 1024;
const USER_AGENT_LENGTH = 300;
/** Permissions that are not bound to a role in a space. */
const general: ReadonlySet<string> = new Set(['public', 'authenticated', 'internal']);

/** One route for each operation that has a place over HTTP; there is no code for any single one. */
@Injectable()
export class OperationRoutes {
  constructor(
    private readonly auth: AuthService,
    private readonly operations: OperationClient,
    private readonly limits: RateLimits,
    private readonly addresses: ClientAddresses,
  ) {}

  /** @throws Error when an operation does not say who may call it: the gateway does not start */
  register(fastify: FastifyInstance, operations: readonly OperationDefinition[] = allOperations): void {
    for (const operation of operations) {
      requirePermission(operation);
      if (!operation.http || operation.permission === 'internal') continue;
      const { method, path } = operation.http;
      fastify.route({
        method,
        url: `/api/v1${path}`,
        bodyLimit: operation.bodyLimit ?? BODY_LIMIT,
        handler: (request, reply) => this.serve(operation, request, reply),
      });
    }
  }

  private async serve(
    operation: OperationDefinition,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<FastifyReply> {
    try {
      const { spaceId } = request.params as Record<string, string>;
      const principal = await this.callerOf(operation, request, spaceId);
      authorize(operation, principal, spaceId);
      if (spaceId !== undefined) this.limits.takeSpace(principal, spaceId);
      const input = await inputOf(operation, request);
      const idempotencyKey = idempotencyKeyOf(operation, request);
      const answer = await this.operations.request(operation, input, {
        principal: general.has(operation.permission) ? this.withCaller(principal, request) : principal,
        requestId: request.id,
        idempotencyKey,
        ifMatch: operation.etag ? (request.headers['if-match'] ?? null) : null,
      });
      if (changesOwnRights(operation)) this.auth.expire(request.headers.authorization);
      if (operation.etag) void reply.header('etag', etagOf(answer.text));
      if (answer.status === 302) redirect(reply, answer.body);
      if (answer.replayed) void reply.header('idempotency-replayed', 'true');
      // Data of a space, and often a secret: no cache keeps it.
      void reply.header('cache-control', 'no-store');
      return await reply.code(answer.status).type('application/json; charset=utf-8').send(answer.text);
    } catch (error) {
      return sendProblem(request, reply, error);
    }
  }

  /**
   * Who asks, counted against the limits: a caller by its credential, everybody else by the address. An address that has
   * tried too many wrong credentials is refused before another one is looked up; callers known there go on.
   */
  private async callerOf(
    { permission }: OperationDefinition,
    request: FastifyRequest,
    spaceId: string | undefined,
  ): Promise<Principal> {
    const { authorization } = request.headers;
    const isAnonymous = authorization === undefined || permission === 'public';
    if (isAnonymous) this.limits.takeAddress(request);
    else if (!this.auth.isKnown(authorization)) this.limits.requireAddress(request);
    try {
      const principal = await this.auth.principalOf(authorization, spaceId);
      this.limits.takeCaller(principal);
      return principal;
    } catch (error) {
      if (!isAnonymous && error instanceof ProblemError && error.status === 401)
        this.limits.takeAddress(request);
      throw error;
    }
  }

  /** Operations on accounts know where their caller comes from: lock-out and the list of sessions need it. */
  private withCaller(principal: Principal, request: FastifyRequest): Principal {
    const userAgent = truncate(request.headers['user-agent'] ?? '', USER_AGENT_LENGTH, '');
    const address = this.addresses.addressOf(request);
    return { ...principal, address, ...(userAgent ? { userAgent } : {}) };
  }
}

/** Commands on one's own account and memberships: what is known of the caller may be wrong from now on. */
function changesOwnRights({ kind, permission, name }: OperationDefinition): boolean {
  return kind === 'command' && (permission === 'authenticated' || name === leaveSpace.name);
}

/** An answer of status 302 names the address as `url`. */
function redirect(reply: FastifyReply, body: unknown): void {
  void reply.header('location', (body as { url: string }).url);
}

/** An operation says who may call it, and one that needs a role names the space the role is held in. */
function requirePermission({ name, permission, http }: OperationDefinition): void {
  if (general.has(permission)) return;
  if (!permissions.some((known) => known === permission))
    throw new Error(`The operation ${name} has no permission: name one of core/permissions.ts.`);
  if (http && !pathParameters(http.path).includes('spaceId'))
    throw new Error(`The operation ${name} needs ${permission} in a space, but its path names no :spaceId.`);
}

/** 401 without a principal, 404 for a space that is not one's own, 403 for what one's role lacks there. */
export function authorize(
  operation: OperationDefinition,
  principal: Principal,
  spaceId: string | undefined,
): void {
  const { permission } = operation;
  if (permission === 'public') return;
  if (principal.type === 'anonymous') throw unauthorized();
  if (principal.type === 'visitor' && !operation.visitor)
    throw permissionDenied('A visitor token opens only its own conversations.');
  if (permission === 'authenticated' || spaceId === undefined) return;
  const role = roleIn(principal, spaceId);
  if (!role) throw notFound('The space');
  if (!roleAllows(role, permission as Permission))
    throw permissionDenied(`The role ${role} does not include ${permission}.`);
}

async function inputOf(
  operation: OperationDefinition,
  request: FastifyRequest,
): Promise<Record<string, unknown>> {
  const params = request.params as Record<string, string>;
  const names = new Set(pathParameters(operation.http?.path ?? ''));
  const rest = await bodyOf(operation, request);
  const clash = Object.keys(rest).find((key) => names.has(key));
  if (clash)
    throw badRequest('A field of the path stands in the body or query, too.', [
      { pointer: `/${clash}`, detail: 'may only be in the path' },
    ]);
  const input = { ...rest, ...params };
  const parsed = operation.input.safeParse(input);
  if (!parsed.success) {
    // A path that cannot name anything names nothing.
    const inPath = parsed.error.issues.find((issue) => names.has(String(issue.path[0])));
    if (inPath) throw notFound('The resource');
    throw inputProblem(parsed.error, 'The request has unknown or wrong fields.');
  }
  return input;
}

async function bodyOf(
  operation: OperationDefinition,
  request: FastifyRequest,
): Promise<Record<string, unknown>> {
  const { method } = request;
  const body = request.body as Buffer | undefined;
  if (method === 'GET' || method === 'DELETE') return { ...(request.query as Record<string, string>) };
  if (!body || body.length === 0) return {};
  const contentType = request.headers['content-type'] ?? '';
  if (operation.files && /^multipart\/form-data\b/i.test(contentType))
    return readForm(body, contentType, operation.files);
  requireJson(contentType, operation.files ? ' or multipart/form-data' : '');
  const read = readJson(body);
  if (typeof read !== 'object' || read === null || Array.isArray(read))
    throw badRequest(`The body of ${operation.name} is a JSON object.`);
  return read as Record<string, unknown>;
}

function idempotencyKeyOf(operation: OperationDefinition, request: FastifyRequest): string | null {
  const key = request.headers['idempotency-key'];
  if (key === undefined || operation.kind === 'query') return null;
  if (typeof key !== 'string' || !/^[\x20-\x7e]{1,255}$/.test(key))
    throw badRequest('Idempotency-Key has 1 to 255 printable ASCII characters.');
  return key;
}
