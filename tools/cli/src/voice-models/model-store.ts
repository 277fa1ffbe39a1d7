import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { download, dropPart, type OnProgress } from './download.ts';

/** A model that can be pulled. Without a checksum of its own the first one seen is remembered and asked for from then on. */
export interface VoiceModel {
  name: string;
  kind: 'stt' | 'tts';
  languages: string[];
  licence: string;
  url: string;
  sha256: string | null;
}

export interface PullOptions {
  onProgress?: OnProgress;
  signal?: AbortSignal;
  timeoutMs?: number;
}

/** What a pull did. */
export interface Pulled {
  folder: string;
  sha256: string;
  /** How far the checksum can be trusted. */
  trust: 'known' | 'remembered' | 'first use';
  wasThere: boolean;
}

/** The folder of models: one folder for each, parts of downloads, and the checksums that were seen. */
export class ModelStore {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  async has({ name }: VoiceModel): Promise<boolean> {
    return (await readdir(join(this.folder, name)).catch(() => [])).length > 0;
  }

  /** @throws Error that names the mend; nothing half-unpacked is ever seen under the model's name */
  async pull(model: VoiceModel, options: PullOptions = {}): Promise<Pulled> {
    const folder = join(this.folder, model.name);
    const seen = await this.#checksums();
    const wanted = model.sha256 ?? seen[model.name] ?? null;
    const trust = model.sha256 ? 'known' : wanted ? 'remembered' : 'first use';
    if (await this.has(model)) return { folder, sha256: wanted ?? '', trust, wasThere: true };
    const part = join(this.folder, '.parts', basename(new URL(model.url).pathname));
    const sha256 = await download({ url: model.url, part, ...options });
    if (wanted !== null && sha256 !== wanted) {
      await dropPart(part);
      throw new Error(
        `The download of ${model.name} has the SHA-256 ${sha256}, not ${wanted}, and was removed. Try again; if it stays so, the file was changed at its source.`,
      );
    }
    try {
      await this.#unpack(part, folder);
    } catch (error) {
      // Nobody has told what the file should be, so it may be the wrong one and must not be kept.
      if (wanted === null) await dropPart(part);
      throw error;
    }
    await this.#remember({ ...seen, [model.name]: sha256 });
    await dropPart(part);
    return { folder, sha256, trust, wasThere: false };
  }

  async #unpack(archive: string, folder: string): Promise<void> {
    const work = await mkdtemp(join(this.folder, '.unpack-'));
    try {
      await untar(archive, work);
      // An archive holds one folder with a name of its own.
      const [inner, ...more] = await readdir(work);
      if (inner === undefined || more.length > 0) throw new Error('The archive holds no model.');
      await rename(join(work, inner), folder);
    } finally {
      await rm(work, { recursive: true, force: true });
    }
  }

  async #checksums(): Promise<Record<string, string>> {
    const text = await readFile(join(this.folder, 'checksums.json'), 'utf8').catch(() => '{}');
    return JSON.parse(text) as Record<string, string>;
  }

  async #remember(checksums: Record<string, string>): Promise<void> {
    await mkdir(this.folder, { recursive: true });
    const file = join(this.folder, 'checksums.json');
    await writeFile(`${file}.new`, `${JSON.stringify(checksums, null, 2)}\n`);
    await rename(`${file}.new`, file);
  }
}

function untar(archive: string, into: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const tar = spawn('tar', ['-xf', archive, '-C', into], { stdio: ['ignore', 'ignore', 'pipe'] });
    let complaint = '';
    tar.stderr.on('data', (data: Buffer) => {
      complaint = (complaint + data.toString('utf8')).slice(-500);
    });
    tar.once('error', () => reject(new Error('Unpacking needs the programs tar and bzip2. Install them.')));
    tar.once('close', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`The archive could not be unpacked with tar and bzip2: ${complaint.trim()}`));
    });
  });
}
