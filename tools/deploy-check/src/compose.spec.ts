import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { domainOwners, domains } from '@parley/contracts';
import { parse } from 'yaml';
import { z } from 'zod';

const folder = fileURLToPath(new URL('../../../deploy/', import.meta.url));
const text = readFileSync(`${folder}compose.yaml`, 'utf8');

const Service = z.object({
  image: z.string().regex(/^(?:parley\/[a-z-]+|[a-z0-9/-]+:v?\d[\w.-]*)$/, 'is pinned, or ours'),
  environment: z.record(z.string(), z.string().nullable()).default({}),
  env_file: z.array(z.string()).default([]),
  depends_on: z.record(z.string(), z.object({ condition: z.string() })).default({}),
  healthcheck: z.object({ test: z.array(z.string()) }).optional(),
  volumes: z.array(z.string()).default([]),
  secrets: z.array(z.string()).default([]),
  profiles: z.array(z.string()).default([]),
});
const Compose = z.object({
  services: z.record(z.string(), Service),
  volumes: z.record(z.string(), z.object({})),
  secrets: z.record(z.string(), z.object({ file: z.string() })),
});

/** Compose's own way to write variables: each has a value that it falls back to, which may hold another one. */
const variable = /\$\{\w+:-([^${}]*)\}/g;
const filled = text.replaceAll(variable, '$1').replaceAll(variable, '$1');
const compose = Compose.parse(parse(filled, { merge: true }));
const services = Object.entries(compose.services);

describe('deploy/compose.yaml', () => {
  it('has all services, and asks for no variable that has no default', () => {
    expect(Object.keys(compose.services)).toEqual(
      expect.arrayContaining([...domains.map((domain) => domainOwners[domain]), 'audio-bridge']),
    );
    expect(filled).not.toContain('${');
  });

  it.each(services)('names only what is there: %s', (_name, service) => {
    for (const [name, { condition }] of Object.entries(service.depends_on)) {
      const other = compose.services[name];
      expect([name, other !== undefined]).toEqual([name, true]);
      // Who is waited for has to say when it is well; who is only started on demand is waited for by nobody.
      if (condition === 'service_healthy')
        expect([name, other?.healthcheck]).toEqual([name, expect.anything()]);
      expect(other?.profiles).toEqual([]);
    }
    for (const file of service.env_file) expect([file, existsSync(`${folder}${file}`)]).toEqual([file, true]);
    for (const [from = ''] of service.volumes.map((volume) => volume.split(':')))
      expect([
        from,
        from.startsWith('./') ? existsSync(`${folder}${from}`) : from in compose.volumes,
      ]).toEqual([from, true]);
    for (const secret of service.secrets) expect(compose.secrets).toHaveProperty(secret);
  });

  it('lets LiveKit and LiveKit SIP find one another', () => {
    const { livekit, redis, 'livekit-sip': sip } = compose.services;
    const config = parse(sip?.environment['SIP_CONFIG_BODY'] ?? '') as Record<string, unknown>;
    expect(livekit?.environment['LIVEKIT_KEYS']).toBe(
      `${String(config['api_key'])}: ${String(config['api_secret'])}`,
    );
    expect(livekit?.environment['REDIS_HOST']).toBe('redis:6379');
    expect(config).toMatchObject({ ws_url: 'ws://127.0.0.1:7880', redis: { address: '127.0.0.1:6379' } });
    expect(redis).toBeDefined();
  });
});
