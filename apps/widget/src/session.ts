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

/** The server does not want this page or this channel; asking again does not help. */
export class Refused extends Error {}

/** Opens and renews the visitor's session; the token is kept per channel, so history survives a reload. */
export class SessionKeeper {
  private readonly origin: string;
  private readonly channelId: string;
  private readonly language: string | undefined;
  private current: WidgetSession | null = null;

  constructor(origin: string, channelId: string, language: string | undefined) {
    this.origin = origin;
    this.channelId = channelId;
    this.language = language;
  }

  async open(): Promise<WidgetSession> {
    const known = readStored(this.channelId);
    const body = {
      ...(known ? { visitorToken: known } : {}),
      ...(this.language ? { language: this.language } : {}),
    };
    const response = await fetch(
      `${this.origin}/api/v1/widget/${encodeURIComponent(this.channelId)}/sessions`,
      {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      },
    );
    if (!response.ok) {
      const detail = `The chat could not be opened (${response.status}).`;
      const passes = response.status >= 500 || response.status === 429;
      throw passes ? new Error(detail) : new Refused(detail);
    }
    this.current = (await response.json()) as WidgetSession;
    store(this.channelId, this.current.visitorToken);
    return this.current;
  }

  /** The next connection asks for a new token. */
  renew(): void {
    this.current = null;
  }

  /** The token for the next connection; renewed when it is about to expire. */
  async token(): Promise<string> {
    if (!this.current || Date.parse(this.current.expiresAt) - Date.now() < 60_000) await this.open();
    return this.current?.visitorToken ?? '';
  }
}

function readStored(channelId: string): string | null {
  try {
    return localStorage.getItem(`parley:${channelId}`);
  } catch {
    return null;
  }
}

function store(channelId: string, token: string): void {
  try {
    localStorage.setItem(`parley:${channelId}`, token);
  } catch {
    // A browser that keeps nothing still chats, only without history after a reload.
  }
}
