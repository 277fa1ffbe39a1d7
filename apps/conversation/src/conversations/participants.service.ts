import { Injectable } from '@nestjs/common';
import { newId, type ProblemError, unprocessable } from '@parley/contracts';
import { unknownPart } from '../access.ts';
import { ContactsRepository } from '../contacts/contacts.repository.ts';
import type { ConversationTrx, ParticipantRow } from '../database.ts';
import { DirectoryRepository, type DirectoryRow } from '../directory/directory.repository.ts';
import type { Found } from '../directory/references.service.ts';
import { ConversationsRepository } from './conversations.repository.ts';

/** Somebody who is about to take part in a room or conversation. */
export type NewParticipant = Omit<ParticipantRow, 'space_id' | 'parent_id'>;

/** A participant as the API names it. */
export interface AskedParticipant {
  agentId?: string | undefined;
  accountId?: string | undefined;
  contactId?: string | undefined;
  role: ParticipantRow['role'];
  autoRespond?: boolean | undefined;
}

/** A contact that is named, or the one that it became part of. */
interface NamedContact {
  id: string;
  name: string;
}

/** Participants as the API names them, and what is known of them. */
export interface Resolution {
  asked: readonly AskedParticipant[];
  found: Found;
  pointer?: string;
}

/** The accounts and agents that are named. */
export function idsOf(asked: readonly AskedParticipant[]): string[] {
  return asked.flatMap((one) => one.agentId ?? one.accountId ?? []);
}

/** Who somebody is, however named: an agent is its account. */
export function identityOf(row: Pick<ParticipantRow, 'account_id' | 'agent_id' | 'contact_id'>): string {
  return row.account_id ?? row.agent_id ?? row.contact_id ?? '';
}

/** Finds whom the API names among the accounts, agents and contacts of a space. */
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
    found: Found,
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
    { asked, found, pointer = '/participants' }: Resolution,
  ): Promise<NewParticipant[]> {
    const rows = await this.directory.findMany(trx, spaceId, idsOf(asked));
    const known = new Map<string, DirectoryRow>([...found, ...rows]);
    const contacts = await this.contactsOf(trx, spaceId, asked);
    const resolved: NewParticipant[] = [];
    for (const [index, one] of asked.entries()) {
      const place = pointer === '' ? '' : `${pointer}/${index}`;
      const participant = one.contactId
        ? ofContact(one, contacts.get(one.contactId))
        : ofDirectory(one, known.get(one.agentId ?? one.accountId ?? ''));
      if (!participant) throw unknownParticipant(place, one);
      if (resolved.some((other) => identityOf(other) === identityOf(participant))) throw namedTwice(place);
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
    of: { spaceId: string; parentId: string; participantId: string },
    { role, autoRespond }: { role?: ParticipantRow['role'] | undefined; autoRespond?: boolean | undefined },
  ): Promise<ParticipantRow> {
    const present = await this.conversations.participants(trx, [of.parentId]);
    const row = present.find((one) => one.space_id === of.spaceId && one.id === of.participantId);
    if (!row) throw unknownPart();
    if (autoRespond === true && row.agent_id === null)
      throw unprocessable('Only an agent answers by itself.', 'not_an_agent', [
        { pointer: '/autoRespond', detail: 'is for agents alone' },
      ]);
    const changed = { ...row, role: role ?? row.role, auto_respond: autoRespond ?? row.auto_respond };
    await this.conversations.updateParticipant(trx, changed);
    return changed;
  }

  private async contactsOf(
    trx: ConversationTrx,
    spaceId: string,
    asked: readonly AskedParticipant[],
  ): Promise<Map<string, NamedContact>> {
    const ids = asked.flatMap((one) => one.contactId ?? []);
    const merged = await this.contacts.mergedInto(trx, ids);
    const rows = await this.contacts.findMany(trx, spaceId, [...ids, ...merged.values()]);
    const standing = new Map(rows.map(({ id, name }) => [id, { id, name: name ?? 'Contact' }]));
    return new Map(
      ids.flatMap((id) => {
        const contact = standing.get(merged.get(id) ?? id);
        return contact ? [[id, contact] as const] : [];
      }),
    );
  }
}

const nobody = { account_id: null, contact_id: null, agent_id: null, auto_respond: false };

function ofContact(
  { role }: AskedParticipant,
  contact: NamedContact | undefined,
): NewParticipant | undefined {
  if (!contact) return undefined;
  return { ...nobody, id: newId('part'), contact_id: contact.id, name: contact.name, role };
}

function ofDirectory(
  { agentId, role, autoRespond }: AskedParticipant,
  known: { id: string; account_id: string | null; name: string } | undefined,
): NewParticipant | undefined {
  if (!known || Boolean(agentId) !== known.id.startsWith('agent_')) return undefined;
  const { name, account_id } = known;
  const base = { ...nobody, id: newId('part'), name, role };
  if (!agentId) return { ...base, account_id: known.id };
  return { ...base, account_id, agent_id: agentId, auto_respond: autoRespond ?? true };
}

function unknownParticipant(place: string, { agentId, accountId }: AskedParticipant): ProblemError {
  const field = agentId ? 'agentId' : accountId ? 'accountId' : 'contactId';
  return unprocessable('A participant does not exist in this space.', 'unknown_participant', [
    { pointer: `${place}/${field}`, detail: 'names nobody of this space' },
  ]);
}

function namedTwice(place: string): ProblemError {
  return unprocessable('Somebody is named twice.', 'duplicate_participant', [
    { pointer: place, detail: 'names somebody who is named before' },
  ]);
}
