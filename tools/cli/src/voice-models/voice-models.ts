import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { ModelStore, type VoiceModel } from './model-store.ts';

const root = fileURLToPath(new URL('../../../..', import.meta.url));

interface Options {
  folder?: string;
}

/** `parley voice-models …`: models for the speech provider `sherpa`. */
export function addVoiceModels(program: Command): void {
  const models = program.command('voice-models').description('Models for speech on this machine: list, pull');
  const folder = [
    '--folder <path>',
    'where models lie; VOICE_MODELS, or voice-models in PARLEY_HOME',
  ] as const;
  models
    .command('list')
    .description('Models that can be pulled, and which are there')
    .option(...folder)
    .action(list);
  models
    .command('pull <name>')
    .description('Downloads a model; broken off, the same command goes on')
    .option(...folder)
    .action(pull);
}

async function list(options: Options): Promise<void> {
  const store = storeOf(options);
  for (const model of known()) {
    const state = (await store.has(model)) ? 'there' : 'not pulled';
    const { name, kind, languages, licence } = model;
    console.log(
      `${name.padEnd(18)} ${kind}  ${languages.join(', ').padEnd(14)} ${state.padEnd(11)} ${licence}`,
    );
  }
}

async function pull(name: string, options: Options): Promise<void> {
  const model = known().find((each) => each.name === name);
  if (!model) {
    const names = known().map((each) => each.name);
    throw new Error(`There is no model ${name}. There are: ${names.join(', ')}.`);
  }
  const stop = new AbortController();
  const onInterrupt = (): void => stop.abort();
  process.once('SIGINT', onInterrupt);
  const store = storeOf(options);
  try {
    const done = await store.pull(model, { signal: stop.signal, onProgress: progress(name) });
    if (done.wasThere) console.log(`${name} is there already: ${done.folder}`);
    else console.log(`${name} is ready in ${done.folder}`);
    if (done.trust === 'first use' && !done.wasThere)
      console.log(
        `Its SHA-256 is ${done.sha256}. Nobody has told which it should be; it is asked for from now on.`,
      );
    console.log(`Set VOICE_MODELS=${store.folder}`);
  } finally {
    process.removeListener('SIGINT', onInterrupt);
  }
}

function known(): VoiceModel[] {
  const file = new URL('./voice-models.json', import.meta.url);
  return JSON.parse(readFileSync(file, 'utf8')) as VoiceModel[];
}

function storeOf({ folder }: Options): ModelStore {
  const { VOICE_MODELS, PARLEY_HOME } = process.env;
  const home = resolve(root, PARLEY_HOME ?? '.parley');
  return new ModelStore(resolve(folder ?? VOICE_MODELS ?? join(home, 'voice-models')));
}

function progress(name: string): (received: number, total: number | null) => void {
  let shown = -1;
  return (received, total) => {
    const step = total === null ? Math.floor(received / 10_000_000) : Math.floor((received / total) * 20);
    if (step === shown) return;
    shown = step;
    const megabytes = (received / 1e6).toFixed(1);
    console.error(
      total === null
        ? `${name}: ${megabytes} MB`
        : `${name}: ${megabytes} of ${(total / 1e6).toFixed(1)} MB (${step * 5} %)`,
    );
  };
}
