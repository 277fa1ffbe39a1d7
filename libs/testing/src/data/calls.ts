import { type CallJob, newId } from '@parley/contracts';

/** What a job is dispatched with: Ann calls from a web page, unless changed. */
export function buildCallJob(change: Partial<CallJob> & Pick<CallJob, 'spaceId'>): CallJob {
  return {
    callId: newId('call'),
    channelId: 'chan_web',
    deploymentType: 'WEB',
    direction: 'inbound',
    sender: { id: 'vis_ann', name: 'Ann' },
    contactId: 'cont_ann',
    target: { agentId: 'agent_one' },
    targetName: 'Helper',
    language: 'en',
    conversationId: null,
    afterSequence: null,
    generation: 1,
    ...change,
  };
}
