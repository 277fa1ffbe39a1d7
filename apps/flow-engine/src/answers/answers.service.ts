import { Injectable } from '@nestjs/common';
import { Database } from '@parley/database';
import { RetryableError } from '@parley/messaging';
import { Logger, SecretBox } from '@parley/service';
import { flowPhrases, type Language, phrase, phrasebook } from '@parley/text';
import type { AgentRow } from '../agents/agent.table.ts';
import { AgentsRepository } from '../agents/agents.repository.ts';
import type { FlowTrx, Tables } from '../database.ts';
import type { KnowledgeTrx } from '../knowledge/knowledge.repository.ts';
import { KnowledgeService } from '../knowledge/knowledge.service.ts';
import type { HistoryTurn } from '../runs/run.table.ts';
import { RunFailure } from '../steps/run-failure.ts';
import type { Answer } from '../steps/step.ts';
import { ModelService } from './model.service.ts';
import { questionIn, readSmallTalk, replyKeys, type SmallTalk } from './small-talk/small-talk.ts';

/** A question of a turn, with all that an answer may draw on. */
export interface Question {
  spaceId: string;
  conversationId: string;
  agentId: string | null;
  /** The agent of the run, as it was just read. */
  agent: AgentRow | null;
  question: string;
  /** The language of what no model and no document says. */
  language: Language;
  history: readonly HistoryTurn[];
  /** Id of the message that will carry the answer, and the attempt: streamed tokens name both. */
  messageId: string;
  attempt: number;
  /** The message that is answered; null where the flow asks by itself. */
  replyTo: string | null;
  /** Whether it was said in a call, where the answer is spoken. */
  spoken: boolean;
  signal: AbortSignal;
}

/** What an answer without a model needs. */
type QuotedQuestion = Pick<Question, 'question' | 'history' | 'language'> & { spoken?: boolean };

/** Why nobody can answer: reasons for the people who take over. */
export const NO_AGENT =
  'The flow asks an agent, but its step names none and the channel has none. Name an agent in the step.';
export const AGENT_GONE =
  'The flow asks an agent that does not exist any more. Name another one in its step.';
const PASSAGES = 6;
/** Larger knowledge bases are asked in tasks: a question of them takes more than some milliseconds. */
const MAX_PASSAGES_AT_ONCE = 20_000;
/** Questions or titles that are named as examples. */
const EXAMPLES = 3;

/** Answers a question as an agent: by its model where it has one, else by its knowledge base alone. */
@Injectable()
export class AnswersService {
  constructor(
    private readonly database: Database<Tables>,
    private readonly agents: AgentsRepository,
    private readonly knowledge: KnowledgeService,
    private readonly model: ModelService,
    private readonly secrets: SecretBox,
    private readonly logger: Logger,
  ) {}

  /** @throws RunFailure when there is no agent to ask */
  async answer(question: Question): Promise<Answer> {
    const { spaceId, agentId } = question;
    const agent = await this.agentOf(question);
    if (!agent) throw new RunFailure(agentId === null ? NO_AGENT : AGENT_GONE);
    if (!agent.model) return this.quote(agent, question);
    try {
      return await this.generate(agent, question);
    } catch (error) {
      if (question.signal.aborted) throw error;
      // What passes is tried anew, with a higher attempt; what was streamed of this one is replaced then.
      if (error instanceof RetryableError) throw error;
      this.logger.warn({ spaceId, agentId, err: error }, 'Model returned no answer');
      return this.withoutModel(agent, question);
    }
  }

  /**
   * The answer of an agent without a model, in the caller's transaction; null where it may take time: the agent has a
   * model or is not there, or its knowledge bases are large or were not yet asked in this process.
   */
  async answerAtOnce(trx: FlowTrx, question: Omit<Question, 'attempt' | 'signal'>): Promise<Answer | null> {
    const { spaceId, agentId } = question;
    if (agentId === null) return null;
    const agent =
      question.agent?.id === agentId ? question.agent : await this.agents.find(trx, spaceId, agentId);
    if (!agent || agent.model) return null;
    const passages = this.knowledge.passagesInMemory({ spaceId, knowledgeBaseIds: agent.knowledge_base_ids });
    if (passages === null || passages > MAX_PASSAGES_AT_ONCE) return null;
    // Both groups of tables are in one schema.
    return this.quote(agent, question, trx as unknown as KnowledgeTrx);
  }

  /** What the agent's knowledge bases say by themselves: asks no model and streams nothing. */
  async rehearse(agent: AgentRow, question: QuotedQuestion): Promise<Answer> {
    return this.quote(agent, question);
  }

  private async agentOf({ spaceId, agentId, agent }: Question): Promise<AgentRow | undefined> {
    if (agentId === null) return undefined;
    if (agent?.id === agentId) return agent;
    return this.database.withSpaces([spaceId], (trx) => this.agents.find(trx, spaceId, agentId));
  }

  /** What the knowledge base says by itself, else an apology: never a part of what a model began. */
  private async withoutModel(agent: AgentRow, question: Question): Promise<Answer> {
    const failure = 'The model gave no answer.';
    const quoted = await this.quote(agent, question);
    if (!quoted.declined) return { ...quoted, failure };
    const text = phrase(flowPhrases, question.language, 'unavailable');
    return { text, format: 'plain', citations: [], declined: true, failure };
  }

  /** @param trx the caller's transaction; its own where none is given */
  private async quote(agent: AgentRow, question: QuotedQuestion, trx?: KnowledgeTrx): Promise<Answer> {
    const talk = readSmallTalk(question.question, agent.name);
    if (talk?.exact) return this.smallTalk(agent, question, talk, trx);
    const asked = {
      spaceId: agent.space_id,
      knowledgeBaseIds: agent.knowledge_base_ids,
      question: questionIn(question.question, agent.name),
      turns: earlierQuestions(agent, question.history),
    };
    const found = await this.knowledge.answer(asked, trx);
    if (found) return { ...plain(found.text), citations: found.citations };
    // With a typing mistake it may have been a word of the knowledge.
    if (talk) return this.smallTalk(agent, question, talk, trx);
    return { ...plain(phrase(flowPhrases, question.language, 'unknown')), declined: true };
  }

  /** A greeting, thanks or a question about the agent itself is answered without the knowledge. */
  private async smallTalk(
    agent: AgentRow,
    question: QuotedQuestion,
    ...[talk, trx]: [talk: SmallTalk, trx: KnowledgeTrx | undefined]
  ): Promise<Answer> {
    const { language, spoken } = question;
    const [said = language] = talk.languages;
    const book = phrasebook(flowPhrases, spoken || talk.languages.includes(language) ? language : said);
    if (talk.kind === 'identity') return plain(book.phrase('identity', { name: agent.name }));
    if (talk.kind !== 'abilities') return plain(book.phrase(replyKeys[talk.kind]));
    const questions = agent.suggested_questions.slice(0, EXAMPLES);
    if (questions.length > 0)
      return plain(book.phrase('abilitiesWithQuestions', { questions: questions.join(' ') }));
    const of = { spaceId: agent.space_id, knowledgeBaseIds: agent.knowledge_base_ids };
    const topics = await this.knowledge.latestTitles({ ...of, limit: EXAMPLES }, trx);
    return plain(
      topics.length > 0
        ? book.phrase('abilitiesWithTopics', { topics: topics.join(', ') })
        : book.phrase('abilities'),
    );
  }

  private async generate(agent: AgentRow, question: Question): Promise<Answer> {
    const { model, space_id: spaceId } = agent;
    if (!model) throw new Error('The agent has no model.');
    const passages = await this.knowledge.search({
      spaceId,
      knowledgeBaseIds: agent.knowledge_base_ids,
      query: questionIn(question.question, agent.name) || question.question,
      turns: earlierQuestions(agent, question.history),
      limit: PASSAGES,
    });
    const apiKey = await this.openKey(agent);
    return this.model.answer({
      model,
      apiKey,
      agent: { name: agent.name, instructions: agent.instructions },
      question,
      passages,
    });
  }

  private async openKey(agent: AgentRow): Promise<string | null> {
    const { space_id: spaceId, id, model_api_key: sealed } = agent;
    if (sealed === null) return null;
    const opened = await this.database.withSpaces([spaceId], (trx) =>
      this.secrets.open(trx, { spaceId, table: 'agent', row: id, column: 'model_api_key' }, sealed),
    );
    return opened.reveal();
  }
}

function plain(text: string): Answer {
  return { text, format: 'plain', citations: [], declined: false, failure: null };
}

/** What the contact asked before; small talk says nothing of what is asked now. */
function earlierQuestions({ name }: AgentRow, history: readonly HistoryTurn[]): string[] {
  return history
    .filter((turn) => turn.role === 'user')
    .map((turn) => questionIn(turn.text, name))
    .filter((text) => text !== '')
    .slice(-3);
}
