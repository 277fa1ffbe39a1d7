import { z } from 'zod';

/** Conversation reads nothing beside what every service reads. */
export const configSchema = z.object({});
