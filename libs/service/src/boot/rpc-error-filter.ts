import type { ArgumentsHost } from '@nestjs/common';
import { Catch } from '@nestjs/common';
import { BaseExceptionFilter } from '@nestjs/core';
import { throwError } from 'rxjs';
import type { Observable } from 'rxjs';

/**
 * Lets the error of a handler of events, operations or tasks reach messaging as it was thrown; Nest would replace it by
 * one that says nothing. What a controller of the public door throws is answered as Nest does.
 */
export class RpcErrorFilter extends BaseExceptionFilter {
  override catch(error: unknown, host: ArgumentsHost): Observable<never> | void {
    if (host.getType() === 'rpc') return throwError(() => error);
    super.catch(error, host);
  }
}
Catch()(RpcErrorFilter);
