import { applyPatch, Metadata, type MergePatch } from '@parley/contracts';

/** Merges a change into the metadata of a row (RFC 7396); null empties it. Returns the column's JSON. */
export function mergeMetadata(
  current: Record<string, unknown>,
  patch: MergePatch<Record<string, unknown>> | null,
): string {
  return JSON.stringify(applyPatch(Metadata, { current, patch, pointer: '/metadata' }) ?? {});
}
