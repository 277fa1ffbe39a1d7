import { setTimeout as sleep } from 'node:timers/promises';
import type { voice } from '@livekit/agents';
import {
  type answerCall,
  type CallCause,
  type EventData,
  getCallProfile,
  type messageChanged,
  type messagePosted,
  type OperationOutput,
  servicePrincipal,
  speechFinished,
  turnTranscribed,
} from '@parley/contracts';
import { usualConsents } from '@parley/text';
import { CallFacts } from './call-facts.ts';
import type { CallParts, CallProfile, CallSpeech, Heard } from './call-parts.ts';
import { type CallerListener, hearing } from './call-session.ts';
import { tellCut } from './caller.ts';
import { HistoryFollower, isSpoken, textOf } from './history-follower.ts';
import { KeyInput } from './key-input.ts';
import { type HeardTurn, Listener } from './listener.ts';
import { Liveness } from './liveness.ts';
import { Mouth } from './mouth.ts';
import { isRepeat } from './phrases.ts';
import { type Prompts, promptsFor } from './prompts.ts';
import { Question } from './recording/question.ts';
import { Silence } from './silence.ts';
import { Speaker } from './speaker.ts';
import { SpeechPlan } from './speech-plan.ts';
import { SpeechReports } from './speech-reports.ts';
import { targetOf } from './target.ts';

/** What the set-up of a call has brought. */
export interface Connected {
  answered: OperationOutput<typeof answerCall>;
  profile: CallProfile;
  speech: CallSpeech;
  session: voice.AgentSession;
}

/** What a conversation asks of its call. */
export interface CallSteps {
  end: (cause: CallCause, goodbye?: string) => void;
  stateChanged: () => void;
}

const LOOK_MS = 250;
const LONGEST_NOISE_MS = 30_000;
/** What the history brings waits no longer. */
const LONGEST_HOLD_MS = 20_000;

/** Listening and speaking in a call: turns go out as facts, and what the history brings is said. */
export class Conversing {
  readonly facts: CallFacts;
  readonly prompts: Prompts;
  private readonly parts: CallParts;
  private readonly connected: Connected;
  private readonly plan = new SpeechPlan();
  private readonly listener = new Listener(hearing.silenceMs);
  /** Keys say nothing of what is being spoken meanwhile. */
  private readonly keyListener = new Listener(0);
  private readonly mouth: Mouth;
  private readonly speaker: Speaker;
  private readonly reports: SpeechReports;
  private readonly silence: Silence;
  private readonly liveness: Liveness;
  private readonly undo: (() => void)[] = [];
  private readonly steps: CallSteps;
  private readonly keys = new KeyInput((keys) => this.typed(keys));
  private sounding = false;
  private noisySince: number | null = null;
  private caughtUp = false;
  private flowAnswers = true;
  private phraseId: string | null = null;
  private lastText = '';
  private stopping: Promise<void> | null = null;
  private held: Promise<unknown> = Promise.resolve();
  private readonly question: Question;

  constructor(parts: CallParts, connected: Connected, steps: CallSteps) {
    this.parts = parts;
    this.connected = connected;
    this.steps = steps;
    const { job, logger } = parts;
    const { conversationId } = connected.answered;
    this.prompts = promptsFor(connected.profile.voice?.language ?? null);
    this.question = new Question();
    this.facts = new CallFacts(parts.facts, job.spaceId, (error, fact) =>
      logger.warn({ err: error, fact }, 'Storing an event of a call failed, retrying'),
    );
    this.reports = new SpeechReports(
      { callId: job.callId, conversationId },
      (report) => void this.facts.publish(speechFinished, report),
    );
    this.mouth = new Mouth(connected.session, connected.speech.tts, {
      started: () => this.soundStarted(),
      cut: () => void tellCut(parts.context.room),
    });
    this.speaker = new Speaker(this.plan, this.mouth, {
      spoken: (utterance, spoken) => {
        this.lastText = utterance.text;
        this.reports.spoken(utterance, spoken);
      },
      ended: () => this.soundEnded(),
      failed: (error) => logger.warn({ err: error }, 'Playout failed'),
    });
    this.silence = new Silence(parts.config.VOICE_SILENCE_SECONDS * 1000, {
      prompt: () => void this.speaker.prompt(this.prompts.stillThere),
      giveUp: () => steps.end('silence', this.prompts.goodbye),
    });
    this.liveness = new Liveness({
      slow: () => this.recover('slow', this.prompts.oneMoment),
      lost: () => this.recover('lost', this.prompts.failed),
      stuck: () => {
        this.recover('stuck');
        this.speaker.startAnew();
      },
    });
  }

  /** What the call does right now. */
  get state(): 'listening' | 'thinking' | 'speaking' {
    if (this.sounding) return 'speaking';
    return this.liveness.owed || this.speaker.busy ? 'thinking' : 'listening';
  }

  /** What the session of the call tells of the caller. */
  callerListener(): CallerListener {
    const { logger } = this.parts;
    return {
      speechStarted: () => {
        this.noisySince ??= Date.now();
        this.listener.speechStarted(Date.now());
      },
      speechEnded: () => {
        this.noisySince = null;
        this.listener.speechEnded(Date.now());
      },
      transcribed: () => this.listener.transcribed(Date.now()),
      turn: (text, confidence) => this.turn(text, confidence),
      hushed: () => void tellCut(this.parts.context.room),
      falseInterruption: () => this.listener.forget(),
      failed: (error, source) => logger.warn({ err: error, source }, 'Component of the call failed'),
    };
  }

  /** The caller asks for silence without a word. */
  cut(): void {
    this.mouth.cut();
  }

  /** The caller presses a key: they have heard enough. */
  keyPressed(key: string): void {
    this.silence.heard();
    if (this.question.pressed(key)) return this.cut();
    if (!this.keys.isTyping) this.cut();
    this.keys.press(key);
  }

  /** Begins to follow the history and to speak. */
  start(signal: AbortSignal): void {
    const { nats, job, live, logger } = this.parts;
    const { conversationId } = this.connected.answered;
    const followed = { spaceId: job.spaceId, conversationId };
    const follower = new HistoryFollower(nats, followed, {
      posted: (data) => this.posted(data),
      changed: (data) => this.changed(data),
      answering: (flowAnswers) => this.answering(flowAnswers),
      caughtUp: () => this.historyRead(),
      failed: (error) => logger.debug({ err: error }, 'Conversation feed failed, reading the history again'),
    });
    void follower.run(signal);
    void this.speaker.run();
    this.undo.push(
      live.subscribe(job.spaceId, conversationId, (news) => {
        if (news.type !== 'delta' || !this.flowAnswers) return;
        this.plan.delta({ ...news, replyTo: news.replyTo ?? null }, Date.now());
        this.speaker.wake();
      }),
    );
    this.liveness.start();
    const look = setInterval(() => this.look(), LOOK_MS);
    this.undo.push(() => clearInterval(look));
  }

  /** Says a last sentence, which cannot be interrupted. */
  async sayLast(text: string): Promise<void> {
    this.silence.stop();
    this.liveness.stop();
    await this.speaker.prompt(text, false);
  }

  /** What the history brings, the greeting first, waits until then. */
  hold(until: Promise<unknown>): void {
    this.held = Promise.race([until, sleep(LONGEST_HOLD_MS, undefined, { ref: false })]);
  }

  /** Says a sentence that cannot be cut off; whether it was said to its end. */
  announce(text: string): Promise<boolean> {
    return this.speaker.prompt(text, false);
  }

  /** Asks something of the call's own, which the history does not know; whether the answer is a yes. */
  async asks(question: string): Promise<boolean> {
    const { profile, speech } = this.connected;
    const { yes, no } = usualConsents(profile.voice?.language);
    await speech.learn({ ...profile, choices: [...yes, ...no], costly: false });
    const isYes = await this.question.ask(() => this.speaker.prompt(question));
    void this.refreshPhrases();
    return isYes;
  }

  /**
   * Ends listening and speaking.
   * @param isOver the call ends with it: what is cut was heard so far. Another job would say it from its beginning.
   */
  stop(isOver: boolean): Promise<void> {
    this.stopping ??= this.stopOnce(isOver);
    return this.stopping;
  }

  private async stopOnce(isOver: boolean): Promise<void> {
    this.keys.end();
    for (const undo of this.undo.splice(0)) undo();
    this.silence.stop();
    this.liveness.stop();
    this.speaker.end(isOver);
    await this.speaker.finished;
  }

  /** Something was noticed of an utterance, before its turn is over. */
  heard({ rejected, phraseId }: Heard): void {
    this.phraseId = phraseId;
    if (rejected) this.notUnderstood();
  }

  private turn(text: string, confidence: number | null): void {
    const turn = this.listener.turn(text, confidence, Date.now());
    const { phraseId } = this;
    this.phraseId = null;
    if (!turn) return;
    if (this.question.heard(turn.text)) return this.silence.heard();
    if (isRepeat(turn.text, phraseId)) return this.repeat();
    this.say(turn, false);
  }

  /** What was typed on a telephone's keys is a turn like any other. */
  private typed(keys: string): void {
    const turn = this.keyListener.turn(keys, null, Date.now());
    if (turn) this.say(turn, true);
  }

  private say(turn: HeardTurn, typed: boolean): void {
    this.plan.expect(turn.messageId);
    this.silence.heard();
    this.liveness.asked();
    this.steps.stateChanged();
    const { conversationId } = this.connected.answered;
    const { callId } = this.parts.job;
    const { language } = this.connected.profile.voice ?? {};
    void this.facts.publish(turnTranscribed, { conversationId, callId, typed, language, ...turn });
  }

  /** Says the last message again, as a prompt: the history has it already. */
  private repeat(): void {
    this.silence.heard();
    if (this.lastText !== '') void this.speaker.prompt(this.lastText);
  }

  private notUnderstood(): void {
    this.listener.forget();
    this.silence.heard();
    // What stopped the agent by mistake lets it go on; a prompt would only talk over it.
    if (!this.speaker.talking && !this.liveness.owed) void this.speaker.prompt(this.prompts.notUnderstood);
  }

  private posted({ message, sequence, attempt, owner, wakes }: EventData<typeof messagePosted>): void {
    const { afterSequence } = this.connected.answered;
    if (message.author.type === 'contact' && !message.internal) {
      this.plan.expect(message.id);
      if (!this.caughtUp || sequence <= afterSequence) return;
      this.silence.heard();
      if (owner === 'flow' && wakes) this.liveness.asked();
      else this.liveness.answered();
      return;
    }
    if (sequence <= afterSequence) return;
    if (!isSpoken(message)) return this.withheld({ message, attempt });
    const text = textOf(message);
    const committed = { messageId: message.id, replyTo: message.replyTo, attempt, text };
    if (text.trim() === '') this.liveness.answered();
    this.plan.commit(committed, Date.now());
    this.reports.committed(committed);
    this.speaker.wake();
    if (this.caughtUp) void this.refreshPhrases();
  }

  /** What was not for the caller's ears in the end is not said on; what was heard of it is told all the same. */
  private withheld({ message, attempt }: Pick<EventData<typeof messagePosted>, 'message' | 'attempt'>): void {
    const committed = { messageId: message.id, replyTo: message.replyTo, attempt, text: textOf(message) };
    this.reports.committed(committed);
    if (!this.plan.knows(message.id)) return;
    this.plan.commit(committed, Date.now());
    this.plan.finish(message.id);
    this.speaker.wake();
  }

  /** A person who takes over ends the answer that is being written: its message comes as a note. */
  private answering(flowAnswers: boolean): void {
    this.flowAnswers = flowAnswers;
    if (flowAnswers) return;
    this.liveness.answered();
    this.plan.finishUnwritten();
    this.speaker.wake();
  }

  private changed({ message, change }: EventData<typeof messageChanged>): void {
    const saidBefore = change === 'speech' && !this.caughtUp;
    if (!saidBefore && change !== 'deleted') return;
    if (change === 'deleted' && this.plan.head?.messageId === message.id && this.speaker.talking) return;
    this.plan.finish(message.id);
  }

  private historyRead(): void {
    const { job } = this.parts;
    const { answered, profile } = this.connected;
    this.caughtUp = true;
    const greeting = profile.greeting?.trim();
    const first = job.generation === 1 && !answered.created && this.plan.head === null;
    void this.held.then(() => {
      if (first && greeting) void this.speaker.prompt(greeting);
      this.speaker.release();
    });
  }

  private soundStarted(): void {
    this.sounding = true;
    this.liveness.answered();
    this.steps.stateChanged();
  }

  private soundEnded(): void {
    this.sounding = false;
    this.steps.stateChanged();
  }

  /** Looks whether anybody speaks, or should. */
  private look(): void {
    const noise = this.noisySince !== null && Date.now() - this.noisySince < LONGEST_NOISE_MS;
    if (this.speaker.busy || this.liveness.owed || noise) this.silence.busy();
    else this.silence.quiet();
    const hasText = (this.plan.head?.text.trim() ?? '') !== '';
    this.liveness.muted(this.speaker.talking && hasText && !this.sounding && !noise);
  }

  private recover(what: 'slow' | 'lost' | 'stuck', prompt?: string): void {
    this.parts.logger.warn({ what }, 'Reply pending, no audio is flowing');
    if (prompt) void this.speaker.prompt(prompt);
  }

  /** What may be said now changes with the step at which the flow waits. */
  private async refreshPhrases(): Promise<void> {
    const { job, operations, logger } = this.parts;
    const { answered, speech } = this.connected;
    try {
      const { body } = await operations.request(
        getCallProfile,
        { spaceId: job.spaceId, target: targetOf(job.target), conversationId: answered.conversationId },
        { principal: servicePrincipal('voice-agent', job.spaceId), deadlineMs: 4000 },
      );
      await speech.learn(body);
    } catch (error) {
      logger.warn({ err: error }, 'Reading the expected phrases failed, keeping the previous ones');
    }
  }
}
