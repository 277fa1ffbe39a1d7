import * as identity from './0001-identity.ts';
import * as rotation from './0002-rotation.ts';
import * as serviceAccountKeys from './0003-service-account-keys.ts';
import * as accountSecurity from './0004-account-security.ts';

export const migrations = {
  '0001-identity': identity,
  '0002-rotation': rotation,
  '0003-service-account-keys': serviceAccountKeys,
  '0004-account-security': accountSecurity,
};
