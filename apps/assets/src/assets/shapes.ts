import type { Asset, Principal } from '@parley/contracts';
import { isShownInPlace } from '../storage/content-type.ts';
import type { AssetRow } from './asset.table.ts';

export function toAsset(row: AssetRow): Asset {
  return {
    id: row.id,
    folderId: row.folder_id,
    conversationId: row.conversation_id,
    fileName: row.file_name,
    contentType: row.content_type,
    size: row.size,
    sha256: row.sha256,
    status: row.status,
    statusReason: row.status_reason,
    internal: row.internal,
    incomplete: row.incomplete,
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
    metadata: row.metadata as Asset['metadata'],
  };
}

/**
 * A file as the principal may see it: where it is kept and what members noted about it is not for visitors.
 * @param ownConversationId the conversation in which a visitor sees it
 */
export function assetSeenBy(principal: Principal, row: AssetRow, ownConversationId?: string): Asset {
  const asset = toAsset(row);
  if (principal.type !== 'visitor') return asset;
  const conversationId = row.conversation_id === ownConversationId ? row.conversation_id : null;
  return { ...asset, folderId: null, conversationId, metadata: {} };
}

/** Content-Disposition (RFC 6266): what may hold a script is saved and never shown. */
export function dispositionOf({ file_name: name, content_type: type }: AssetRow): string {
  const plain = name.replaceAll(/[^\x20-\x7e]|["\\%]/g, '_');
  const exact = encodeURIComponent(name).replaceAll(
    /['()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `${isShownInPlace(type) ? 'inline' : 'attachment'}; filename="${plain}"; filename*=UTF-8''${exact}`;
}
