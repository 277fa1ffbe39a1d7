import { Injectable } from '@nestjs/common';
import { getSpace, servicePrincipal } from '@parley/contracts';
import { OperationClient } from '@parley/messaging';
import { Logger } from '@parley/service';

const KEEP_MS = 30_000;
const MOST_SPACES = 10_000;

interface Known {
  at: number;
  requestsPerMinute: number | undefined;
}

/**
 * What spaces limit themselves to by `settings.limits`. Requests never wait for it: a space is asked for in the
 * background, and the installation's limit counts until the answer comes.
 */
@Injectable()
export class SpaceLimits {
  private readonly known = new Map<string, Known>();

  constructor(
    private readonly operations: OperationClient,
    private readonly logger: Logger,
  ) {}

  /** `settings.limits.requestsPerMinute`, where the space has one. */
  requestsPerMinute(spaceId: string): number | undefined {
    const known = this.known.get(spaceId);
    if (!known || Date.now() - known.at > KEEP_MS) this.refresh(spaceId, known?.requestsPerMinute);
    return known?.requestsPerMinute;
  }

  private refresh(spaceId: string, requestsPerMinute: number | undefined): void {
    if (this.known.size >= MOST_SPACES) this.known.clear();
    // Known from now on: a space that cannot be asked for is asked for again after a while.
    this.known.set(spaceId, { at: Date.now(), requestsPerMinute });
    this.operations
      .request(getSpace, { spaceId }, { principal: servicePrincipal('channel-gateway', spaceId) })
      .then(({ body }) => {
        const { requestsPerMinute: found } = body.settings.limits;
        this.known.set(spaceId, { at: Date.now(), requestsPerMinute: found });
      })
      .catch((error: unknown) =>
        this.logger.debug({ err: error, spaceId }, 'Reading the limits of a space failed'),
      );
  }
}
