import { readStored, readStoredJson, writeStored } from './storage.ts';

/** What the gateway answers when a widget is opened. */
export interface WidgetSession {
  visitorToken: string;
  spaceId: string;
  conversationId: string | null;
  socketUrl: string;
  /** Present where voice is on: with them one call is joined. */
  serverUrl?: string;
  participantToken?: string;
  expiresAt: string;
  configuration: WidgetConfiguration;
}

/** Appearance and texts, from the channel. */
export interface WidgetConfiguration {
  position?: 'left' | 'right';
  customTheme?: { primaryColor?: string };
  title?: string;
  greeting?: string;
  suggestedQuestions?: string[];
}

/** The server rejects this page or this channel; a retry does not help. */
export class Refused extends Error {}

const RENEW_MS = 60_000;
/** A token is one word of visible ASCII; the server takes no longer one. */
const TOKEN = /^[\x21-\x7e]{1,2000}$/;

/** Opens and renews the visitor's session. The token is kept per channel, so that history survives a reload. */
export class SessionKeeper {
  /** Language of new sessions (BCP 47). */
  language: string | null = null;
  private readonly origin: string;
  private readonly channelId: string;
  private readonly key: string;
  private readonly lookKey: string;
  private current: WidgetSession | null = null;
  /** Kept here too: where storage is blocked, the visitor stays the same one for this visit. */
  private visitorToken: string | null = null;

  constructor(origin: string, channelId: string) {
    this.origin = origin;
    this.channelId = channelId;
    this.key = `parley:${channelId}`;
    this.lookKey = `${this.key}:look`;
  }

  /** The configuration of the last visit, for the time before the session is open. */
  lastConfiguration(): WidgetConfiguration {
    return configurationOf(readStoredJson('localStorage', this.lookKey));
  }

  async open(): Promise<WidgetSession> {
    let response = await this.request();
    if (response.status === 400 && this.visitorToken !== null) {
      // The kept token is broken: go on as a new visitor.
      this.visitorToken = null;
      writeStored('localStorage', this.key, null);
      response = await this.request();
    }
    if (!response.ok) {
      const detail = `The chat could not be opened (${response.status}).`;
      const passes = response.status >= 500 || response.status === 429;
      throw passes ? new Error(detail) : new Refused(detail);
    }
    const session = (await response.json()) as WidgetSession;
    this.current = { ...session, configuration: configurationOf(session.configuration) };
    this.visitorToken = session.visitorToken;
    writeStored('localStorage', this.key, session.visitorToken);
    writeStored('localStorage', this.lookKey, JSON.stringify(session.configuration));
    return this.current;
  }

  /** The next connection asks for a new token. */
  renew(): void {
    this.current = null;
  }

  /** The token for the next connection; renewed when it is about to expire. */
  async token(): Promise<string> {
    if (!this.current || Date.parse(this.current.expiresAt) - Date.now() < RENEW_MS) await this.open();
    return this.visitorToken ?? '';
  }

  private request(): Promise<Response> {
    // Another tab may have opened the visitor's session in the meantime.
    const stored = readStored('localStorage', this.key) ?? '';
    this.visitorToken ??= TOKEN.test(stored) ? stored : null;
    const body = {
      ...(this.visitorToken ? { visitorToken: this.visitorToken } : {}),
      ...(this.language ? { language: this.language } : {}),
    };
    return fetch(`${this.origin}/api/v1/widget/${encodeURIComponent(this.channelId)}/sessions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  }
}

/** Takes what is well-formed of a configuration; a stored one may be broken. */
function configurationOf(value: unknown): WidgetConfiguration {
  if (typeof value !== 'object' || value === null) return {};
  const { position, customTheme, title, greeting, suggestedQuestions } = value as Record<string, unknown>;
  const colour = (customTheme as { primaryColor?: unknown } | null | undefined)?.primaryColor;
  return {
    ...(position === 'left' || position === 'right' ? { position } : {}),
    ...(typeof title === 'string' ? { title } : {}),
    ...(typeof greeting === 'string' ? { greeting } : {}),
    ...(typeof colour === 'string' && /^#[\da-f]{3,8}$/i.test(colour)
      ? { customTheme: { primaryColor: colour } }
      : {}),
    ...(Array.isArray(suggestedQuestions)
      ? { suggestedQuestions: suggestedQuestions.filter((one) => typeof one === 'string') }
      : {}),
  };
}
