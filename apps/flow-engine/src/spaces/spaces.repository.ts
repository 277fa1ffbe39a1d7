import { Injectable } from '@nestjs/common';
import type { VoiceSettings } from '@parley/contracts';
import type { FlowTrx } from '../database.ts';

@Injectable()
export class SpacesRepository {
  async voice(trx: FlowTrx, spaceId: string): Promise<VoiceSettings | null> {
    const row = await trx
      .selectFrom('space_voice')
      .select('voice')
      .where('space_id', '=', spaceId)
      .executeTakeFirst();
    return row?.voice ?? null;
  }

  async saveVoice(trx: FlowTrx, spaceId: string, settings: VoiceSettings | null): Promise<void> {
    if (!settings) {
      await trx.deleteFrom('space_voice').where('space_id', '=', spaceId).execute();
      return;
    }
    const voice = JSON.stringify(settings);
    await trx
      .insertInto('space_voice')
      .values({ space_id: spaceId, voice })
      .onConflict((conflict) => conflict.column('space_id').doUpdateSet({ voice }))
      .execute();
  }
}
