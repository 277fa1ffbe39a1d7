import * as calls from './0001-calls.ts';
import * as phoneNumbers from './0002-phone-numbers.ts';
import * as providerCalls from './0003-provider-calls.ts';
import * as callsOut from './0004-calls-out.ts';
import * as recordings from './0005-recordings.ts';
import * as phoneLines from './0006-phone-lines.ts';

export const migrations = {
  '0001-calls': calls,
  '0002-phone-numbers': phoneNumbers,
  '0003-provider-calls': providerCalls,
  '0004-calls-out': callsOut,
  '0005-recordings': recordings,
  '0006-phone-lines': phoneLines,
};
