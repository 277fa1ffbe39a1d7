/** Bucket in which every service tells how far its consumers have come. */
export const positionBucket = 'positions';

/** What is told of one partition of one consumer. */
export interface ReportedPosition {
  /** Epoch of the stream that the position belongs to. */
  epoch: string;
  /** Last sequence whose effects are committed. */
  position: number;
}

/** Key of one partition of one consumer: `<stream>.<service>.<consumer>.<partition>`. */
export function positionKey(stream: string, service: string, consumer: string, partition: number): string {
  return `${stream}.${service}.${consumer.replaceAll(/[^0-9A-Za-z_-]/g, '_')}.${partition}`;
}
