import * as calls from './0001-calls.ts';

export const migrations = { '0001-calls': calls };
