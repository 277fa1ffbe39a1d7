import { homeserverConfig, logConfig, registrationMac } from './synapse-config.ts';

interface Config {
  listeners: { port: number; bind_addresses: string[]; resources: { names: string[] }[] }[];
  database: { name: string; args: Record<string, unknown> };
  federation_domain_whitelist: string[];
  rc_message: { per_second: number };
  log_config: string;
}

describe('homeserverConfig', () => {
  const config = JSON.parse(
    homeserverConfig({
      home: '/tmp/peer',
      port: 4711,
      databaseUrl: 'postgres://par%40ley:se%2Fcret@127.0.0.1:5555/matrix',
      secret: 'shared',
    }),
  ) as Config;

  it('listens to clients alone, on loopback', () => {
    expect(config.listeners).toHaveLength(1);
    expect(config.listeners[0]).toMatchObject({ port: 4711, bind_addresses: ['127.0.0.1'] });
    expect(config.listeners[0]?.resources).toEqual([{ names: ['client'], compress: false }]);
    expect(config.federation_domain_whitelist).toEqual([]);
  });

  it('uses the PostgreSQL of the URL, whose parts are decoded', () => {
    expect(config.database.name).toBe('psycopg2');
    expect(config.database.args).toMatchObject({
      host: '127.0.0.1',
      port: 5555,
      user: 'par@ley',
      password: 'se/cret',
      dbname: 'matrix',
    });
  });

  it('limits no rate, and logs warnings only', () => {
    expect(config.rc_message.per_second).toBeGreaterThanOrEqual(1_000_000);
    expect(config.log_config).toBe('/tmp/peer/log.yaml');
    expect((JSON.parse(logConfig()) as { root: { level: string } }).root.level).toBe('WARNING');
  });
});

describe('registrationMac', () => {
  it('is the HMAC-SHA1 of nonce, name, password and that it is no administrator', () => {
    // printf 'n\\0writer\\0p\\0notadmin' | openssl sha1 -hmac shared
    expect(registrationMac('shared', { nonce: 'n', name: 'writer', password: 'p' })).toBe(
      'ecf0e5a662a076247f2a414030b725a0ce23f205',
    );
  });
});
