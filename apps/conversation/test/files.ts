import {
  type Asset,
  attachAssets,
  findAccount,
  getAgent,
  getChannel,
  getSpace,
  newId,
  notFound,
  type OperationDefinition,
  type Principal,
} from '@parley/contracts';

const ownerLookups: ReadonlySet<string> = new Set(
  [findAccount, getAgent, getChannel, getSpace].map(({ name }) => name),
);

/** Plays assets, and the owners of accounts, agents, channels and spaces. */
export class FilesOfBench {
  /** Ids of files that were shown to the visitors of a conversation. */
  readonly shown = new Map<string, string[]>();
  /** Who may not see which file: the ids of a principal and a file. */
  readonly hidden = new Set<string>();
  /** What other services own, by id: accounts, agents, channels and spaces. */
  readonly owned = new Map<string, object>();
  private readonly files = new Map<string, { spaceId: string; asset: Asset; seenBy: string | undefined }>();

  /** A file of a space; `seenBy` names the one visitor that may see it. */
  add(spaceId: string, change: Partial<Asset> = {}, seenBy?: string): Asset {
    const at = new Date().toISOString();
    const asset: Asset = {
      ...{ id: newId('asset'), folderId: null, conversationId: null, fileName: 'plan.pdf', size: 1234 },
      ...{ contentType: 'application/pdf', sha256: null, status: 'ready', statusReason: null },
      ...{ internal: false, incomplete: false, createdAt: at, updatedAt: at, metadata: {} },
      ...change,
    };
    this.files.set(asset.id, { spaceId, asset, seenBy });
    return asset;
  }

  async request(
    definition: OperationDefinition,
    input: {
      spaceId: string;
      principal: Principal;
      assetIds: string[];
      conversationId: string;
      shown: boolean;
      agentId?: string;
      accountId?: string;
      channelId?: string;
    },
  ): Promise<{ body: unknown }> {
    if (ownerLookups.has(definition.name)) {
      const owned = this.owned.get(input.agentId ?? input.accountId ?? input.channelId ?? input.spaceId);
      if (!owned) throw notFound('What another service owns');
      return Promise.resolve({ body: owned });
    }
    if (definition.name === attachAssets.name) return Promise.resolve({ body: this.attach(input) });
    const assets = input.assetIds.flatMap((id) => {
      const found = this.files.get(id);
      return found?.spaceId === input.spaceId && found.seenBy === input.principal.id ? [found.asset] : [];
    });
    return Promise.resolve({ body: { assets } });
  }

  private attach({
    spaceId,
    principal,
    assetIds,
    conversationId,
    shown,
  }: {
    spaceId: string;
    principal: Principal;
    assetIds: string[];
    conversationId: string;
    shown: boolean;
  }): { assets: Asset[] } {
    const found = assetIds.flatMap((id) => {
      const file = this.files.get(id);
      const isSeen = file?.spaceId === spaceId && !this.hidden.has(`${principal.id} ${id}`);
      return isSeen ? [file.asset] : [];
    });
    if (shown)
      this.shown.set(
        conversationId,
        found.map(({ id }) => id),
      );
    return { assets: found };
  }
}
