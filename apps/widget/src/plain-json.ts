/**
 * An array that `JSON.stringify` writes as an array, whatever the page has done to `Array.prototype`: old libraries
 * (Prototype.js) put a `toJSON` there that turns arrays into strings.
 */
export function plainArray<Item>(items: Item[]): Item[] {
  return Object.defineProperty([...items], 'toJSON', { value: undefined });
}
