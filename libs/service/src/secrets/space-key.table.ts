/** A key of a space, wrapped by the master key; `id` is the id that sealed values carry. */
export interface SpaceKeyTable {
  space_id: string;
  id: string;
  wrapped: string;
  created_at: Date;
}

/** The part of a service's schema that secrets need. */
export interface SpaceKeySchema {
  space_key: SpaceKeyTable;
}
