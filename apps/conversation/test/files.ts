import {
  type Asset,
  attachAssets,
  newId,
  notFound,
  type OperationDefinition,
  type Principal,
} from '@parley/contracts';

/** Plays assets. */
export class FilesOfBench {
  /** Ids of files that were shown to the visitors of a conversation. */
  readonly shown = new Map<string, string[]>();
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
    input: { spaceId: string; assetId: string; assetIds: string[]; conversationId: string; shown: boolean },
    { principal }: { principal: Principal },
  ): Promise<{ body: unknown }> {
    if (definition.name === attachAssets.name) return Promise.resolve({ body: this.attach(input) });
    const found = this.files.get(input.assetId);
    if (found?.spaceId !== input.spaceId || found.seenBy !== principal.id) throw notFound('The file');
    return Promise.resolve({ body: found.asset });
  }

  private attach({
    spaceId,
    assetIds,
    conversationId,
    shown,
  }: {
    spaceId: string;
    assetIds: string[];
    conversationId: string;
    shown: boolean;
  }): { assets: Asset[] } {
    const found = assetIds.flatMap((id) => {
      const file = this.files.get(id);
      return file?.spaceId === spaceId ? [file.asset] : [];
    });
    if (shown)
      this.shown.set(
        conversationId,
        found.map(({ id }) => id),
      );
    return { assets: found };
  }
}
