import { randomBytes } from 'node:crypto';
import { setUpChannel } from '@parley/contracts';
import { startTwilioServer, type TwilioServer } from '@parley/testing';
import twilio from 'twilio';
import type { Shot } from '../http-load.ts';
import type { Installation } from '../installation.ts';
import type { StreamDoor } from './media-caller.ts';

const NUMBER = '+14155550199';

/** A number at a carrier that the installation answers. */
export class Lines {
  private readonly carrier: TwilioServer;
  private readonly port: number;
  private readonly path: string;

  private constructor(carrier: TwilioServer, port: number, channelId: string) {
    this.carrier = carrier;
    this.port = port;
    this.path = `/api/v1/webhooks/twilio/${channelId}`;
  }

  static async open({ client, demo, port }: Installation): Promise<Lines> {
    const carrier = await startTwilioServer({ numbers: [{ phone_number: NUMBER }] });
    const { channel } = await client.call(setUpChannel, {
      spaceId: demo.spaceId,
      channel: {
        deploymentType: 'CALLS',
        channelName: 'Telephone',
        provider: 'twilio',
        configuration: { apiBaseUrl: carrier.apiBaseUrl },
      },
      phoneNumber: NUMBER,
      credentials: { accountSid: carrier.accountSid, authToken: carrier.authToken },
      target: { agentId: demo.agentId },
    });
    if (channel.status !== 'active') throw new Error(`The channel is not active: ${channel.statusReason}`);
    return new Lines(carrier, port, channel.id);
  }

  /** Somebody calls: where the stream has to be opened. */
  async ring(): Promise<StreamDoor> {
    const { fields, headers } = this.request();
    const response = await fetch(`http://localhost:${this.port}${this.path}`, {
      method: 'POST',
      headers,
      body: new URLSearchParams(fields),
    });
    const xml = await response.text();
    const [, url] = /<Stream url="([^"]+)">/.exec(xml) ?? [];
    const [, token] = /<Parameter name="token" value="([^"]+)"\/>/.exec(xml) ?? [];
    if (!url || !token) throw new Error(`A call was not connected: ${response.status} ${xml}`);
    return { url, token, accountSid: this.carrier.accountSid, callSid: fields['CallSid'] ?? '' };
  }

  /** Webhooks of so many calls, signed beforehand. */
  shots(count: number): Shot[] {
    return Array.from({ length: count }, () => {
      const { fields, headers } = this.request();
      const body = new URLSearchParams(fields).toString();
      const lines = [
        `POST ${this.path} HTTP/1.1`,
        `host: localhost:${this.port}`,
        ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
        `content-length: ${Buffer.byteLength(body)}`,
      ];
      return { id: fields['CallSid'] ?? '', bytes: Buffer.from(`${lines.join('\r\n')}\r\n\r\n${body}`) };
    });
  }

  close(): Promise<void> {
    return this.carrier.close();
  }

  private request(): { fields: Record<string, string>; headers: Record<string, string> } {
    const fields = {
      CallSid: `CA${randomBytes(16).toString('hex')}`,
      AccountSid: this.carrier.accountSid,
      From: `+1415555${String(Math.floor(Math.random() * 10_000)).padStart(4, '0')}`,
      ...{ To: NUMBER, CallStatus: 'ringing', Direction: 'inbound', ApiVersion: '2010-04-01' },
    };
    const url = `http://localhost:${this.port}${this.path}`;
    const signature = twilio.getExpectedTwilioSignature(this.carrier.authToken, url, fields);
    const headers = {
      'content-type': 'application/x-www-form-urlencoded',
      'x-twilio-signature': signature,
    };
    return { fields, headers };
  }
}
