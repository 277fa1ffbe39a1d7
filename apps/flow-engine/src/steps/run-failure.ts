/** A run cannot go on, however often it is tried: its conversation is handed to a person with this message as the reason. */
export class RunFailure extends Error {
  override readonly name = 'RunFailure';
}
