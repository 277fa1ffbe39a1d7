import type { OperationDefinition, OperationOutput, OperationRequest } from '@parley/contracts';
import { domainOwners } from '@parley/contracts';
import {
  type RequestOptions,
  type NatsConnection,
  type OperationAnswer,
  OperationClient,
  OperationKeys,
  type StoredOperationKeys,
} from '@parley/messaging';

const specKey = Buffer.alloc(32, 9).toString('base64');

/** Operation keys of a service for a spec: one key for every pair, so that a spec may play any service. */
export function storedTestOperationKeys(service: string): StoredOperationKeys {
  const names = [...Object.values(domainOwners), 'spec', 'x'];
  const keys = Object.fromEntries(names.map((name) => [name, [specKey]]));
  return { service, calls: keys, answers: keys };
}

/** The same, ready for use. */
export function testOperationKeys(service: string): OperationKeys {
  return new OperationKeys(storedTestOperationKeys(service));
}

/** Asks operations as whichever service may speak for the principal: the gateway for people, each service for itself. */
export class TestOperationCaller {
  private readonly nats: NatsConnection;
  private readonly clients = new Map<string, OperationClient>();

  constructor(nats: NatsConnection) {
    this.nats = nats;
  }

  request<Definition extends OperationDefinition>(
    definition: Definition,
    input: OperationRequest<Definition>,
    options: RequestOptions,
  ): Promise<OperationAnswer<OperationOutput<Definition>>> {
    const { type, id } = options.principal;
    return this.as(type === 'service' ? id : domainOwners.channel).request(definition, input, options);
  }

  /** The client of one service. */
  as(service: string): OperationClient {
    const known = this.clients.get(service) ?? new OperationClient(this.nats, testOperationKeys(service));
    this.clients.set(service, known);
    return known;
  }
}
