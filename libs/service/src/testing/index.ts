export { handlersOf, openBare } from './handlers.ts';
export type { SpecHandler, SpecValues } from './handlers.ts';
export { SpecOperations, specKeys, storedSpecKeys } from './operations.ts';
export { connectSpec, eventsOf, layTables, startPod } from './pod.ts';
export type { Pod, PodParts, SpecDatabase, StoredEvent } from './pod.ts';
