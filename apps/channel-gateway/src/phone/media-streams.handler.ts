import { Controller } from '@nestjs/common';
import { admitMediaStream, type OperationInput, type OperationOutput } from '@parley/contracts';
import { HandleOperation } from '@parley/messaging';
import { ChannelDirectory } from '../channels/channel-directory.service.ts';
import { readStreamToken } from './stream-token.ts';

type Admission = OperationOutput<typeof admitMediaStream>;

/** Who may open a carrier's media stream: whoever holds the token of its call. */
@Controller()
export class MediaStreamsHandler {
  constructor(private readonly directory: ChannelDirectory) {}

  @HandleOperation(admitMediaStream)
  async admit({ channelId, callSid, token }: OperationInput<typeof admitMediaStream>): Promise<Admission> {
    const channel = this.directory.find(channelId);
    const credentials = channel && this.directory.credentialsOf(channel);
    if (!channel || !credentials) return refused('unknown_channel');
    const grant = readStreamToken(token, { channelId, callSid, authToken: credentials.authToken });
    if (!grant) return refused('bad_token');
    if (channel.status !== 'active') return refused('inactive');
    const { spaceId, deploymentType, target, targetName, language } = channel;
    const { direction, from, to, callId } = grant;
    const place = { spaceId, channelId, deploymentType, target, targetName, language };
    return { refusal: null, stream: { ...place, direction, from, to, callId } };
  }
}

function refused(refusal: NonNullable<Admission['refusal']>): Admission {
  return { refusal, stream: null };
}
