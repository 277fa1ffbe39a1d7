import { badRequest, ProblemError, requireStorable, toStorable } from '@parley/contracts';

const DEPTH = 64;
const decoder = new TextDecoder('utf-8', { fatal: true });

/** @throws ProblemError 415 for a body of another media type */
export function requireJson(contentType: string | undefined, others = ''): void {
  if (/^application\/json *(;|$)/i.test(contentType ?? '')) return;
  const detail = `Send the body as application/json${others}.`;
  throw new ProblemError({ status: 415, code: 'unsupported_media_type', detail });
}

/** Reads a JSON body: UTF-8 alone, at most 64 levels deep, without keys that reach into prototypes, all text storable. */
export function readJson(body: Buffer): unknown {
  const read = readAny(body);
  requireStorable(read);
  return read;
}

/**
 * Reads the JSON body of a provider's webhook: as `readJson`, but text that cannot be stored is cleaned. Ids are not: two of
 * them would become one.
 * @param ids picks what has to be storable as it is, where it stands in the body
 */
export function readWebhookJson(body: Buffer, ids: (read: unknown) => unknown): unknown {
  const read = readAny(body);
  requireStorable(ids(read));
  return toStorable(read);
}

function readAny(body: Buffer): unknown {
  let text: string;
  try {
    text = decoder.decode(body);
  } catch {
    throw badRequest('The body is not UTF-8.');
  }
  if (depthOf(text) > DEPTH) throw badRequest(`The body is nested more than ${DEPTH} levels deep.`);
  return parse(text);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text, (key, value: unknown) => {
      if (key === '__proto__') throw new ForbiddenKey(key);
      if (key === 'constructor' && typeof value === 'object' && value !== null && 'prototype' in value)
        throw new ForbiddenKey(key);
      return value;
    });
  } catch (error) {
    if (error instanceof ForbiddenKey) throw badRequest(`The key "${error.message}" is not allowed.`);
    throw badRequest('The body is not JSON.');
  }
}

class ForbiddenKey extends Error {}

function depthOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  let inString = false;
  for (let index = 0; index < text.length; index += 1) {
    const char = text.charCodeAt(index);
    if (inString) {
      if (char === 92) index += 1;
      else if (char === 34) inString = false;
    } else if (char === 34) inString = true;
    else if (char === 91 || char === 123) deepest = Math.max(deepest, (depth += 1));
    else if (char === 93 || char === 125) depth -= 1;
  }
  return deepest;
}
