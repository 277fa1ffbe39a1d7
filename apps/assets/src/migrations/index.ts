import * as assets from './0001-assets.ts';

export const migrations = { '0001-assets': assets };
