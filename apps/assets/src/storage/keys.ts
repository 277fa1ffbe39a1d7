/** Where the bytes of an asset lie in the bucket. */
export interface Place {
  spaceId: string;
  assetId: string;
}

const PART_DIGITS = 6;

/** Of a file that was checked. */
export function objectKey({ spaceId, assetId }: Place): string {
  return `${spaceId}/${assetId}`;
}

/** Of what is sent, until it is checked: whoever holds the address of an upload never reaches a checked file. */
export function uploadKey({ spaceId, assetId }: Place): string {
  return `uploads/${spaceId}/${assetId}`;
}

/** What the keys of all parts begin with. */
export function partsPrefix(place: Place): string {
  return `${uploadKey(place)}/`;
}

/** Of one part. Keys sort as their numbers do. */
export function partKey(place: Place, number: number): string {
  return `${partsPrefix(place)}${String(number).padStart(PART_DIGITS, '0')}`;
}

export function partNumber(key: string): number {
  return Number(key.slice(key.lastIndexOf('/') + 1));
}
