import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import { from, lastValueFrom } from 'rxjs';
import type { Observable } from 'rxjs';

import { withSpan } from '../tracing/tracing.ts';

/** A span around each handler of events and operations, named by class and method. */
export class HandlerTracing implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const name = `${context.getClass().name}.${context.getHandler().name}`;
    return from(
      withSpan(name, { kind: 'consumer' }, () => lastValueFrom(next.handle(), { defaultValue: undefined })),
    );
  }
}
