export { handlersOf, createTestContext } from './handlers.ts';
export type { SpecHandler, SpecValues } from './handlers.ts';
export { TestOperationCaller, testOperationKeys, storedTestOperationKeys } from './operations.ts';
export { connectTestClient, eventsOf, createTables, startPod } from './pod.ts';
export type { Pod, PodParts, SpecDatabase, StoredEvent } from './pod.ts';
