import { randomBytes } from 'node:crypto';
import type { Client } from '@parley/client';
import { type DeploymentChannel, setUpChannel } from '@parley/contracts';
import { startTwilioServer, type TwilioServer } from '@parley/testing';
import { PhoneCaller } from '@parley/testing/voice';
import twilio from 'twilio';
import type { Demo } from '../demo.ts';

const OWN_NUMBER = '+14155550199';

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
    const url = `${this.demo.baseUrl}/api/v1/webhooks/twilio/${this.channel.id}${path}`;
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
  ): Promise<{ caller: PhoneCaller; fields: Record<string, string> }> {
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
    const [, url] = /<Stream url="([^"]+)">/.exec(xml) ?? [];
    const [, token] = /<Parameter name="token" value="([^"]+)"\/>/.exec(xml) ?? [];
    if (!url || !token) throw new Error(`The call was not connected: ${xml}`);
    const caller = await PhoneCaller.take({
      ...{ url: ingress ? `${ingress}${new URL(url).pathname}` : url, accountSid, callSid: fields.CallSid },
      parameters: { token },
    });
    return { caller, fields };
  }
}

/** A stereo recording: for each side how many seconds of it are loud, and how long it lasts. */
export async function recordingOf(
  { baseUrl, spaceId, apiKey }: Demo,
  assetId: string,
): Promise<{ sides: [caller: number, agent: number]; seconds: number }> {
  const url = `${baseUrl}/api/v1/spaces/${spaceId}/assets/${assetId}/download`;
  const response = await fetch(url, { headers: { authorization: `Bearer ${apiKey}` } });
  const bytes = Buffer.from(await response.arrayBuffer());
  const isStereo = bytes.toString('latin1', 0, 4) === 'RIFF' && bytes.readUInt16LE(22) === 2;
  if (!isStereo) throw new Error(`That is no recording of two sides (status ${response.status}).`);
  const rate = bytes.readUInt32LE(24);
  const sides: [number, number] = [0, 0];
  for (let at = 44; at + 4 <= bytes.length; at += 4)
    for (const side of [0, 1] as const)
      if (Math.abs(bytes.readInt16LE(at + side * 2)) > 500) sides[side] += 1 / rate;
  return { sides, seconds: (bytes.length - 44) / 4 / rate };
}
