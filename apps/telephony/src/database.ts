import type { Trx } from '@parley/database';

/** The tables of the `telephony` schema. */
export type Tables = Record<never, never>;

export type TelephonyTrx = Trx<Tables>;
