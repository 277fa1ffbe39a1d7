import type { ExceptionFilter } from '@nestjs/common';
import { Catch } from '@nestjs/common';
import { throwError } from 'rxjs';
import type { Observable } from 'rxjs';

/** Lets a handler's error reach messaging as it was thrown; Nest would replace it by one that says nothing. */
export class PassErrors implements ExceptionFilter {
  catch(error: unknown): Observable<never> {
    return throwError(() => error);
  }
}
Catch()(PassErrors);
