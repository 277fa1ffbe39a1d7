import { OperationKeys } from '@parley/messaging';

import type { BaseConfig } from '../config/base-config.ts';
import { ConfigError } from '../config/load-config.ts';

/**
 * Reads `OPERATION_KEYS_FILE`, else `OPERATION_KEYS`.
 * @throws {ConfigError} when neither is given or the JSON is not the keys of this service
 */
export function readOperationKeys(
  service: string,
  config: Pick<BaseConfig, 'OPERATION_KEYS_FILE' | 'OPERATION_KEYS'>,
): OperationKeys {
  const { OPERATION_KEYS_FILE: file, OPERATION_KEYS: text } = config;
  if (file === undefined && text === undefined)
    throw new ConfigError(service, [
      'OPERATION_KEYS_FILE is missing (JSON file that `npx parley operation-keys` writes; or OPERATION_KEYS with the same)',
    ]);
  try {
    return OperationKeys.read(service, config);
  } catch (error) {
    const name = file === undefined ? 'OPERATION_KEYS' : 'OPERATION_KEYS_FILE';
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConfigError(service, [`${name} cannot be used: ${reason}`]);
  }
}
