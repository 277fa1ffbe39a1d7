import type { Server } from 'node:http';
import type { Type } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyHttpOptions } from 'fastify';
import type { z } from 'zod';

import type { ServiceConfig } from '../config/base-config.ts';

/** What a service says of itself to be started. */
export interface ServiceOptions<Shape extends z.ZodRawShape> {
  /** Name of the process and of its NATS user, such as `flow-engine`. */
  readonly name: string;
  /** Name of this process, where the service has several kinds; by default the service's. */
  readonly process?: string;
  /** First word of its events and operations, and its schema. */
  readonly domain: string;
  /** The service's one module. */
  readonly module: Type;
  /** Its own variables; the base ones are added. */
  readonly config: z.ZodObject<Shape>;
  /** Key-value buckets that it writes through its outbox. */
  readonly buckets?: readonly string[];
  /**
   * Variable of a master key of its own for the secrets of its spaces, such as `CHANNEL_MASTER_KEY`; the common one
   * still opens what was sealed before.
   */
  readonly secretsKey?: string;
  /** Health checks it can serve without (`postgresql`, `nats`, `outbox`): failing, they make it degraded, not unready. */
  readonly readyWithout?: readonly string[];
  /** How long going down may take, in milliseconds, where work that runs is worth waiting for. Default 25 s. */
  readonly shutdownMs?: number;
  /** Gives the service a public door on `PORT`; its config then holds `httpConfig`. */
  readonly http?: HttpOptions<Shape>;
}

/** How the public door is made. */
export interface HttpOptions<Shape extends z.ZodRawShape> {
  /** Fastify's own options: limits, time-outs, request ids. */
  readonly server?: FastifyHttpOptions<Server>;
  /** Nest's body parsers; off where the service registers its own to keep the raw body. Default false. */
  readonly bodyParser?: boolean;
  /** Called before the port is opened: routes, parsers and sockets onto the Fastify instance. */
  readonly configure: (app: NestFastifyApplication, config: ServiceConfig<Shape>) => Promise<void> | void;
}
