import { Injectable } from '@nestjs/common';
import { newId, type ProblemError, unprocessable } from '@parley/contracts';
import { participantNotFound } from '../access.ts';
import { ContactsRepository } from '../contacts/contacts.repository.ts';
import type { ConversationTrx, ParticipantRow } from '../database.ts';
import { DirectoryRepository, type DirectoryRow } from '../directory/directory.repository.ts';
import type { ReferencedEntries } from '../directory/references.service.ts';
import { ConversationsRepository } from './conversations.repository.ts';

/** A participant to be added to a room or conversation. */
export type NewParticipant = Omit<ParticipantRow, 'space_id' | 'parent_id'>;

/** A participant in an API request. */
export interface ParticipantInput {
  agentId?: string | undefined;
  accountId?: string | undefined;
  contactId?: string | undefined;
  role: ParticipantRow['role'];
  autoRespond?: boolean | undefined;
}

/** A requested contact, or its merge target. */
interface ResolvedContact {
  id: string;
  name: string;
}

/** Participants of a request, and their entries fetched before the transaction. */
export interface ParticipantRequest {
  inputs: readonly ParticipantInput[];
  referenced: ReferencedEntries;
  pointer?: string;
}

/** Ids of the requested accounts and agents. */
export function directoryIdsOf(asked: readonly ParticipantInput[]): string[] {
  return asked.flatMap((one) => one.agentId ?? one.accountId ?? []);
}

/** Identifies a participant. An agent is identified by its account. */
export function participantIdentity(
  row: Pick<ParticipantRow, 'account_id' | 'agent_id' | 'contact_id'>,
): string {
  return row.account_id ?? row.agent_id ?? row.contact_id ?? '';
}

/** Resolves participants of requests to accounts, agents and contacts of a space. */
@Injectable()
export class ParticipantsService {
  constructor(
    private readonly directory: DirectoryRepository,
    private readonly contacts: ContactsRepository,
    private readonly conversations: ConversationsRepository,
  ) {}

  /**
   * @param found what the owners of the directory's entries answered before the transaction
   * @throws ProblemError 422 for an account that is not known in the space
   */
  async requireAccount(
    trx: ConversationTrx,
    { spaceId, accountId }: { spaceId: string; accountId: string | null },
    found: ReferencedEntries,
  ): Promise<void> {
    if (accountId === null || found.has(accountId)) return;
    if ((await this.directory.findMany(trx, spaceId, [accountId])).has(accountId)) return;
    throw unprocessable('The assignee does not exist in this space.', 'unknown_assignee', [
      { pointer: '/assignee', detail: 'names no account of this space' },
    ]);
  }

  /**
   * @param found what the owners of the directory's entries answered before the transaction
   * @throws ProblemError 422 for a participant who does not exist here, or is named twice
   */
  async resolve(
    trx: ConversationTrx,
    spaceId: string,
    { inputs: asked, referenced: found, pointer = '/participants' }: ParticipantRequest,
  ): Promise<NewParticipant[]> {
    const rows = await this.directory.findMany(trx, spaceId, directoryIdsOf(asked));
    const entries = new Map<string, DirectoryRow>([...found, ...rows]);
    const contacts = await this.findContacts(trx, spaceId, asked);
    const resolved: NewParticipant[] = [];
    for (const [index, input] of asked.entries()) {
      const itemPointer = pointer === '' ? '' : `${pointer}/${index}`;
      const participant = input.contactId
        ? contactParticipant(input, contacts.get(input.contactId))
        : directoryParticipant(input, entries.get(input.agentId ?? input.accountId ?? ''));
      if (!participant) throw unknownParticipant(itemPointer, input);
      if (resolved.some((other) => participantIdentity(other) === participantIdentity(participant)))
        throw duplicateParticipant(itemPointer);
      resolved.push(participant);
    }
    return resolved;
  }

  /**
   * Changes a participant of a room or conversation, which is locked.
   * @throws ProblemError 404, or 422 where somebody who is no agent is to answer by itself
   */
  async change(
    trx: ConversationTrx,
    target: { spaceId: string; parentId: string; participantId: string },
    { role, autoRespond }: { role?: ParticipantRow['role'] | undefined; autoRespond?: boolean | undefined },
  ): Promise<ParticipantRow> {
    const participants = await this.conversations.listParticipants(trx, [target.parentId]);
    const row = participants.find(
      (one) => one.space_id === target.spaceId && one.id === target.participantId,
    );
    if (!row) throw participantNotFound();
    if (autoRespond === true && row.agent_id === null)
      throw unprocessable('Only an agent answers by itself.', 'not_an_agent', [
        { pointer: '/autoRespond', detail: 'is for agents alone' },
      ]);
    const changed = { ...row, role: role ?? row.role, auto_respond: autoRespond ?? row.auto_respond };
    await this.conversations.updateParticipant(trx, changed);
    return changed;
  }

  private async findContacts(
    trx: ConversationTrx,
    spaceId: string,
    asked: readonly ParticipantInput[],
  ): Promise<Map<string, ResolvedContact>> {
    const ids = asked.flatMap((one) => one.contactId ?? []);
    const mergeTargets = await this.contacts.findMergeTargets(trx, ids);
    const rows = await this.contacts.findMany(trx, spaceId, [...ids, ...mergeTargets.values()]);
    const active = new Map(rows.map(({ id, name }) => [id, { id, name: name ?? 'Contact' }]));
    return new Map(
      ids.flatMap((id) => {
        const contact = active.get(mergeTargets.get(id) ?? id);
        return contact ? [[id, contact] as const] : [];
      }),
    );
  }
}

const emptyParticipant = { account_id: null, contact_id: null, agent_id: null, auto_respond: false };

function contactParticipant(
  { role }: ParticipantInput,
  contact: ResolvedContact | undefined,
): NewParticipant | undefined {
  if (!contact) return undefined;
  return { ...emptyParticipant, id: newId('part'), contact_id: contact.id, name: contact.name, role };
}

function directoryParticipant(
  { agentId, role, autoRespond }: ParticipantInput,
  entry: { id: string; account_id: string | null; name: string } | undefined,
): NewParticipant | undefined {
  if (!entry || Boolean(agentId) !== entry.id.startsWith('agent_')) return undefined;
  const { name, account_id } = entry;
  const base = { ...emptyParticipant, id: newId('part'), name, role };
  if (!agentId) return { ...base, account_id: entry.id };
  return { ...base, account_id, agent_id: agentId, auto_respond: autoRespond ?? true };
}

function unknownParticipant(pointer: string, { agentId, accountId }: ParticipantInput): ProblemError {
  const field = agentId ? 'agentId' : accountId ? 'accountId' : 'contactId';
  return unprocessable('A participant does not exist in this space.', 'unknown_participant', [
    { pointer: `${pointer}/${field}`, detail: 'names nobody of this space' },
  ]);
}

function duplicateParticipant(pointer: string): ProblemError {
  return unprocessable('A participant is named twice.', 'duplicate_participant', [
    { pointer: pointer, detail: 'names somebody who is named before' },
  ]);
}
