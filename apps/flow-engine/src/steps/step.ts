import type { Citation, Graph, Part, ProblemDetail } from '@parley/contracts';
import type { Language } from '@parley/text';
import type { z } from 'zod';
import type { HistoryTurn } from '../runs/run.table.ts';

type Step = Graph['steps'][number];

/**
 * What reaches a step: it was just entered, a message came, or an answer it asked for is there. `messageId` is the message
 * that is being answered; null where the flow began by itself. `replyId` is drawn before an answer is asked for: streamed
 * tokens carry it, and so does the message that posts the answer.
 */
export type StepInput =
  /** `saidAt` is when the flow opened with what it said before it came here (Unix ms); absent later and where it was silent. */
  | { kind: 'enter'; fresh: boolean; messageId: string | null; saidAt?: number }
  /** `sentAt` is when the contact sent it (Unix ms), where that is known. */
  | { kind: 'message'; messageId: string; text: string; sentAt?: number }
  | { kind: 'answer'; messageId: string | null; answer: Answer; replyId?: string };

/** What an agent says to a question. */
export interface Answer {
  text: string;
  format: 'plain' | 'markdown';
  citations: Citation[];
  /** Whether it said that it does not know, and offered a person. */
  declined: boolean;
  /** Set when no answer could be made. */
  failure: string | null;
}

/** What a step sees of its run; it changes nothing, it returns what should happen. */
export interface StepView {
  step: Step;
  state: Record<string, unknown>;
  variables: Record<string, unknown>;
  history: readonly HistoryTurn[];
  agent: { id: string; name: string; greeting: string | null } | null;
  /** The language of the sentences that no author wrote. */
  language: Language;
}

/** Something a step wants done; `messageId` is set by the reducer where a message's id was drawn before. */
export type StepEffect =
  | {
      kind: 'say';
      parts: Part[];
      citations?: Citation[];
      replyTo: string | null;
      messageId?: string;
      /** Said to open a conversation: left out where the contact was quicker or the channel shows it beforehand. */
      isGreeting?: boolean;
    }
  | { kind: 'handoff'; reason: string | null };

/** How a step goes on: waits for a message, needs an answer to a question, or is left by an outcome. */
export type StepProgress =
  | { kind: 'wait' }
  | { kind: 'ask'; agentId: string | null; question: string }
  | { kind: 'leave'; outcome: string };

/** The result of giving a step an input. */
export interface StepResult {
  effects: StepEffect[];
  progress: StepProgress;
  state?: Record<string, unknown>;
  variables?: Record<string, unknown>;
}

/** What a step understands. */
export interface StepChoices {
  phrases: string[];
  /** Whether a wrong choice costs something: then only a certain match may act. */
  costly: boolean;
}

/** Something outside the flow that settings name; `pointer` leads to it within the settings. */
export interface StepReference {
  kind: 'agent';
  id: string;
  pointer: string;
}

/** A type of step: pure, found by name in the registry. */
export interface StepType<Settings extends z.ZodObject = z.ZodObject> {
  type: string;
  title: string;
  summary: string;
  /** Outcomes that every step of this type has. */
  outcomes: readonly string[];
  /**
   * Whether it always waits for a message between being entered and being left. A circle of steps of which none waits
   * cannot be published: it would never end.
   */
  waits: boolean;
  settings: Settings;
  advance(settings: z.output<Settings>, view: StepView, input: StepInput): StepResult;
  /** Outcomes that its settings add. */
  outcomesOf?(settings: z.output<Settings>): string[];
  /** What keeps these settings from being published beyond their schema; pointers lead into the settings. */
  problems?(settings: z.output<Settings>): ProblemDetail[];
  /** What the settings name outside the flow: it has to exist, and cannot be deleted meanwhile. */
  references?(settings: z.output<Settings>): StepReference[];
  /** The phrases it tells apart when a message is given to it as it stands: what may be said to it in a call. */
  choices?(settings: z.output<Settings>, state: Record<string, unknown>, language: Language): StepChoices;
}

/** Declares a step type: returns its argument, only to infer the type of its settings. */
export function defineStep<Settings extends z.ZodObject>(step: StepType<Settings>): StepType<Settings> {
  return step;
}

/** A text as the parts of a message. */
export function textParts(text: string, format: 'plain' | 'markdown' = 'plain'): Part[] {
  return [{ type: 'text', text, format }];
}
