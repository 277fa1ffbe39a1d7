import * as calls from './0001-calls.ts';
import * as phoneNumbers from './0002-phone-numbers.ts';

export const migrations = { '0001-calls': calls, '0002-phone-numbers': phoneNumbers };
