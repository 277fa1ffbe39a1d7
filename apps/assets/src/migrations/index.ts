import * as assets from './0001-assets.ts';
import * as shares from './0002-shares.ts';

export const migrations = { '0001-assets': assets, '0002-shares': shares };
