/** A message for one person through one medium. */
export interface Outgoing {
  /** Idempotency key: repeats carry the same. */
  id: string;
  to: { name: string; email: string | null };
  title: string;
  body: string;
  /** What was written, cut to a few lines. */
  quote?: { author: string; text: string } | null;
  link: string | null;
}

/** A way to reach people; throws when another try may help, answers a reason when none can. */
export interface NotificationMedium {
  name: string;
  send(outgoing: Outgoing): Promise<{ delivered: true } | { delivered: false; reason: string }>;
}
