import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { OtlpCollector } from '@parley/testing';
import { servicesIn } from '../processes.ts';
import type { OwnStack } from './own-stack.ts';

/** The processes of a stack that have metrics. */
const bridge = 'audio-bridge';

/** What nobody may find where an installation tells of itself. */
export class Canaries {
  private readonly values = new Map<string, string>();

  /** @param value of six characters at least: less would be found by chance */
  add(name: string, value: string | undefined): void {
    if (value === undefined || value.length < 6) throw new Error(`The canary "${name}" is too short.`);
    this.values.set(name, value);
  }

  /** The installation's own passwords and keys. */
  addSecretsOf(home: string): void {
    for (const name of readdirSync(join(home, 'secrets')))
      this.add(`secret ${name}`, readFileSync(join(home, 'secrets', name), 'utf8').trim());
  }

  /** Names of those that stand in a text: as they are, in a URL, in JSON, in base64. */
  in(text: string): string[] {
    return [...this.values]
      .filter(([, value]) => formsOf(value).some((form) => text.includes(form)))
      .map(([name]) => name);
  }
}

function formsOf(value: string): string[] {
  // The end of it depends on what follows.
  const base64 = Buffer.from(value).toString('base64').replace(/.?=*$/, '');
  return [value, encodeURIComponent(value), JSON.stringify(value).slice(1, -1), base64];
}

/** All that a stack has told of itself, by place. */
export async function toldBy(stack: OwnStack, collector: OtlpCollector): Promise<Map<string, string>> {
  const logs = join(stack.home, 'logs');
  const told = new Map(readdirSync(logs).map((name) => [name, readFileSync(join(logs, name), 'utf8')]));
  // What is printed at the start for whoever has started it is meant: login and key of the demo.
  told.set('launcher', stack.printed.replace(/Parley is ready[^]*?Ctrl-C stops everything\./, ''));
  told.set('traces', collector.bodies.join('\n'));
  for (const [name, port] of healthPorts(stack)) {
    const response = await fetch(`http://127.0.0.1:${port}/metrics`);
    told.set(`metrics of ${name}`, await response.text());
  }
  return told;
}

function healthPorts(stack: OwnStack): [string, number][] {
  const services = servicesIn(stack.home);
  const known = services.map(({ name, env }): [string, number] => [name, Number(env['HEALTH_PORT'])]);
  const voice = services.find(({ name }) => name === 'voice-agent');
  // The second process of a service draws its port.
  const drawn = portsOf(stack.pidOf(bridge)).find((port) => port !== Number(voice?.env['PORT']));
  if (!drawn) throw new Error('The audio bridge has no health port.');
  return [...known, [bridge, drawn]];
}

/** The ports that a process listens on. */
function portsOf(pid: number): number[] {
  const held = new Set(readdirSync(`/proc/${pid}/fd`).map((fd) => linkOf(`/proc/${pid}/fd/${fd}`)));
  const LISTEN = '0A';
  return ['tcp', 'tcp6']
    .flatMap((kind) => readFileSync(`/proc/${pid}/net/${kind}`, 'utf8').trim().split('\n').slice(1))
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[3] === LISTEN && held.has(`socket:[${fields[9]}]`))
    .map((fields) => Number.parseInt(fields[1]?.split(':')[1] ?? '', 16));
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}
