import {
  type FlowClientFrame,
  FlowClientFrameSchema,
  flowTextLimit,
  requireStorable,
} from '@parley/contracts';
import { truncate } from '@parley/text';

/** What is wrong with a frame, as its sender is told. */
export interface FrameError {
  code: string;
  message: string;
}

/** A client's frame, or what is wrong with it. */
export type ReadFrame =
  | { frame: FlowClientFrame; error?: undefined }
  | { frame?: undefined; error: FrameError };

/** Reads a text frame. */
export function readFrame(data: Buffer): ReadFrame {
  const read = parse(data.toString());
  if (typeof read !== 'object' || read === null || Array.isArray(read))
    return bad('Text frames are JSON objects such as {"type":"text","text":"Hello"}.');
  const { type, text } = read as { type?: unknown; text?: unknown };
  const isKnown = FlowClientFrameSchema.options.some((option) => option.shape.type.value === type);
  if (!isKnown) return bad('The frame has no type of the protocol: text, interrupt, dtmf or ping.');
  if (type === 'text' && typeof text === 'string' && text.length > flowTextLimit)
    return { error: { code: 'too_large', message: 'A text has at most 4,000 characters.' } };
  const parsed = FlowClientFrameSchema.safeParse(read);
  if (!parsed.success)
    return bad(parsed.error.issues.map(({ path, message }) => `/${path.join('/')}: ${message}`).join(' '));
  if (parsed.data.type === 'text') return checkText(parsed.data);
  return { frame: parsed.data };
}

function checkText(frame: Extract<FlowClientFrame, { type: 'text' }>): ReadFrame {
  if (frame.text.trim() === '') return bad('/text: is empty');
  try {
    requireStorable(frame.text);
  } catch {
    return bad('/text: holds U+0000 or half of a surrogate pair');
  }
  return { frame };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function bad(message: string): ReadFrame {
  return { error: { code: 'bad_request', message: truncate(message, 500) } };
}
