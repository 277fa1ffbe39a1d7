import type { Citation, Graph, Part } from '@parley/contracts';
import type { z } from 'zod';
import type { HistoryTurn } from '../runs/run.table.ts';

type Step = Graph['steps'][number];

/** What reaches a step: it was just entered, a message came, or an answer it asked for is there. */
export type StepInput =
  | { kind: 'enter'; fresh: boolean; messageId: string | null }
  | { kind: 'message'; messageId: string; text: string }
  | { kind: 'answer'; messageId: string; answer: Answer };

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
}

/** Something a step wants done. */
export type StepEffect =
  | { kind: 'say'; parts: Part[]; citations?: Citation[]; replyTo: string | null }
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

/** A type of step: pure, found by name in the registry. */
export interface StepType<Settings extends z.ZodObject = z.ZodObject> {
  type: string;
  title: string;
  summary: string;
  outcomes: readonly string[];
  settings: Settings;
  advance(settings: z.output<Settings>, view: StepView, input: StepInput): StepResult;
  /** The phrases it tells apart when a message is given to it as it stands: what may be said to it in a call. */
  choices?(settings: z.output<Settings>, state: Record<string, unknown>): StepChoices;
}

/** Declares a step type: returns its argument, only to infer the type of its settings. */
export function defineStep<Settings extends z.ZodObject>(step: StepType<Settings>): StepType<Settings> {
  return step;
}

/** A text as the parts of a message. */
export function textParts(text: string, format: 'plain' | 'markdown' = 'plain'): Part[] {
  return [{ type: 'text', text, format }];
}
