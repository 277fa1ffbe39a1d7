import { createHmac } from 'node:crypto';
import { join } from 'node:path';

/** What one Synapse is set up with. */
export interface SynapseSettings {
  /** Its folder, with keys, media and configuration. */
  home: string;
  port: number;
  /** URL of its own database, which has the locale C. */
  databaseUrl: string;
  /** Lets whoever has it register users. */
  secret: string;
}

/** Nothing is refused because of its rate. */
const UNLIMITED = { per_second: 1_000_000, burst_count: 1_000_000 };

/** Configuration of a Synapse in one process, on loopback, without federation and rate limits; JSON, which is YAML. */
export function homeserverConfig({ home, port, databaseUrl, secret }: SynapseSettings): string {
  const database = new URL(databaseUrl);
  return JSON.stringify(
    {
      server_name: 'bench.localhost',
      report_stats: false,
      pid_file: join(home, 'synapse.pid'),
      log_config: join(home, 'log.yaml'),
      signing_key_path: join(home, 'signing.key'),
      media_store_path: join(home, 'media'),
      listeners: [
        {
          type: 'http',
          port,
          bind_addresses: ['127.0.0.1'],
          tls: false,
          resources: [{ names: ['client'], compress: false }],
        },
      ],
      database: {
        name: 'psycopg2',
        args: {
          host: database.hostname,
          port: Number(database.port || 5432),
          user: decodeURIComponent(database.username),
          password: decodeURIComponent(database.password),
          dbname: database.pathname.slice(1),
          cp_min: 5,
          cp_max: 10,
        },
      },
      registration_shared_secret: secret,
      macaroon_secret_key: secret,
      form_secret: secret,
      bcrypt_rounds: 4,
      presence: { enabled: false },
      federation_domain_whitelist: [],
      trusted_key_servers: [],
      suppress_key_server_warning: true,
      url_preview_enabled: false,
      rc_message: UNLIMITED,
      rc_registration: UNLIMITED,
      rc_login: { address: UNLIMITED, account: UNLIMITED, failed_attempts: UNLIMITED },
      rc_joins: { local: UNLIMITED, remote: UNLIMITED },
      rc_joins_per_room: UNLIMITED,
      rc_room_creation: UNLIMITED,
      rc_invites: { per_room: UNLIMITED, per_user: UNLIMITED, per_issuer: UNLIMITED },
    },
    null,
    2,
  );
}

/** Logs warnings to the standard error only: log lines of each request would slow it down. */
export function logConfig(): string {
  return JSON.stringify({
    version: 1,
    handlers: { console: { class: 'logging.StreamHandler' } },
    root: { level: 'WARNING', handlers: ['console'] },
    disable_existing_loggers: false,
  });
}

/** Proof that a registration comes from whoever has the secret. */
export function registrationMac(
  secret: string,
  { nonce, name, password }: { nonce: string; name: string; password: string },
): string {
  return createHmac('sha1', secret).update([nonce, name, password, 'notadmin'].join('\0')).digest('hex');
}
