import { randomBytes } from 'node:crypto';
import type { Client } from '@parley/client';
import { type DeploymentChannel, setUpChannel } from '@parley/contracts';
import { startTwilioServer, type TwilioCall, type TwilioServer, until } from '@parley/testing';
import { PhoneCaller } from '@parley/testing/voice';
import twilio from 'twilio';
import type { Demo } from '../demo.ts';

export const OWN_NUMBER = '+14155550199';

/** A carrier with one number, and the channel that is behind it. */
export class PhoneLine {
  readonly carrier: TwilioServer;
  readonly channel: DeploymentChannel;
  private readonly demo: Demo;

  private constructor(demo: Demo, carrier: TwilioServer, channel: DeploymentChannel) {
    this.demo = demo;
    this.carrier = carrier;
    this.channel = channel;
  }

  /** Sets a number up that the demo's agent answers. */
  static async open(client: Client, demo: Demo): Promise<PhoneLine> {
    const carrier = await startTwilioServer({ numbers: [{ phone_number: OWN_NUMBER }] });
    const { channel } = await client.call(setUpChannel, {
      spaceId: demo.spaceId,
      channel: {
        deploymentType: 'CALLS',
        channelName: 'Telephone',
        provider: 'twilio',
        configuration: { apiBaseUrl: carrier.apiBaseUrl, afterCall: 'pause' },
      },
      phoneNumber: OWN_NUMBER,
      credentials: { accountSid: carrier.accountSid, authToken: carrier.authToken },
      target: { agentId: demo.agentId },
    });
    return new PhoneLine(demo, carrier, channel);
  }

  /** Asks a webhook as the carrier does. */
  async ask(path: '' | '/status', fields: Record<string, string>): Promise<Response> {
    return this.post(`${this.demo.baseUrl}/api/v1/webhooks/twilio/${this.channel.id}${path}`, fields);
  }

  /** Posts to an address, signed as the carrier signs. */
  async post(url: string, fields: Record<string, string>): Promise<Response> {
    const signature = twilio.getExpectedTwilioSignature(this.carrier.authToken, url, fields);
    return fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        'x-twilio-signature': signature,
      },
      body: new URLSearchParams(fields),
    });
  }

  /**
   * A call comes in: the webhook is asked, and the stream opened that it names.
   * @param ingress where its path leads that is not the gateway: the audio bridge's address, as an ingress knows it
   */
  async ring(
    from: string,
    ingress?: string,
  ): Promise<{ caller: PhoneCaller; fields: Record<string, string>; token: string }> {
    const { accountSid } = this.carrier;
    const fields = {
      ...{ CallSid: `CA${randomBytes(16).toString('hex')}`, AccountSid: accountSid },
      ...{
        From: from,
        To: OWN_NUMBER,
        CallStatus: 'ringing',
        Direction: 'inbound',
        ApiVersion: '2010-04-01',
      },
    };
    const xml = await (await this.ask('', fields)).text();
    return { caller: await this.connect(xml, fields.CallSid, ingress), fields, token: tokenIn(xml) ?? '' };
  }

  /** Opens the stream that the instructions for a call name. */
  async connect(xml: string, callSid: string, ingress?: string): Promise<PhoneCaller> {
    const [, url] = /<Stream url="([^"]+)">/.exec(xml) ?? [];
    const token = tokenIn(xml);
    if (!url || !token) throw new Error(`The call was not connected: ${xml}`);
    return PhoneCaller.answer({
      ...{ url: ingress ? `${ingress}${new URL(url).pathname}` : url, callSid },
      ...{ accountSid: this.carrier.accountSid, parameters: { token } },
    });
  }

  /** The far end of a call that the platform placed, once the carrier was asked for it. */
  async dialled(callId: string): Promise<FarEnd> {
    const call = await until('the carrier is asked to dial', () => this.asked(callId)[0]);
    return new FarEnd(this, call);
  }

  /** What the carrier was asked for on behalf of a call. */
  asked(callId: string): TwilioCall[] {
    return this.carrier.calls.filter(({ asked }) => asked['Url']?.[0]?.endsWith(`?call=${callId}`));
  }
}

/** What the carrier does with a call that it was asked to place, and whoever is called. */
export class FarEnd {
  readonly call: TwilioCall;
  private readonly line: PhoneLine;
  private told = 0;

  constructor(line: PhoneLine, call: TwilioCall) {
    this.line = line;
    this.call = call;
  }

  /** Tells the platform how the call goes. */
  async tell(status: string, more: Record<string, string> = {}): Promise<void> {
    this.call.status = status;
    const news = { ...this.fields(status), SequenceNumber: String(this.told), ...more };
    this.told += 1;
    const { status: answer } = await this.line.post(this.call.asked['StatusCallback']?.[0] ?? '', news);
    if (answer !== 200) throw new Error(`The news were answered with ${answer}.`);
  }

  /** Somebody takes up: the platform is asked what to do. */
  async takeUp(more: Record<string, string> = {}): Promise<string> {
    this.call.status = 'in-progress';
    const asking = { ...this.fields('in-progress'), ...more };
    return (await this.line.post(this.call.asked['Url']?.[0] ?? '', asking)).text();
  }

  /** Somebody takes up and is connected. */
  async answer(): Promise<PhoneCaller> {
    return this.line.connect(await this.takeUp(), this.call.sid);
  }

  private fields(CallStatus: string): Record<string, string> {
    const { sid: CallSid, from: From, to: To } = this.call;
    const AccountSid = this.line.carrier.accountSid;
    return { CallSid, AccountSid, From, To, CallStatus, Direction: 'outbound-api', ApiVersion: '2010-04-01' };
  }
}

/** The token with which a stream is let in. */
function tokenIn(xml: string): string | undefined {
  return /<Parameter name="token" value="([^"]+)"\/>/.exec(xml)?.[1];
}
