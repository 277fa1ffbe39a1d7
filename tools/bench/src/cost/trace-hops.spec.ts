import { waysOf } from './trace-hops.ts';

type Times = readonly [start: number, end: number];

const body = (service: string, spans: readonly object[]): string =>
  JSON.stringify({
    resourceSpans: [
      {
        resource: { attributes: [{ key: 'service.name', value: { stringValue: `parley-${service}` } }] },
        scopeSpans: [{ spans }],
      },
    ],
  });

const span = (id: string, parent: string, name: string, [start, end]: Times): object => {
  const [traceId, spanId] = id.split('/');
  const times = { startTimeUnixNano: `${start}000000`, endTimeUnixNano: `${end}000000` };
  return { traceId, spanId, name, ...(parent ? { parentSpanId: parent } : {}), ...times };
};

const WEBHOOK = 'POST /api/v1/webhooks/:provider/:channelId';

describe('ways of messages', () => {
  it('lead from the webhook to the last span of the gateway, with the time before and in each span', () => {
    const gateway = [0, 100].flatMap((offset, index) => [
      span(`${index}/a`, '', WEBHOOK, [offset, offset + 4]),
      span(`${index}/c`, 'b', 'Deliveries.onPosted', [offset + 20, offset + 22]),
      span(`${index}/d`, 'c', 'Deliveries.deliver', [offset + 25, offset + 30]),
    ]);
    const conversation = [0, 100].flatMap((offset, index) => [
      span(`${index}/b`, 'a', 'Inbound.onReceived', [offset + 6, offset + 13]),
      // After the answer: no part of the way.
      span(`${index}/e`, 'd', 'Delivered.onDelivery', [offset + 31, offset + 40]),
    ]);
    const elsewhere = body('channel-gateway', [span('9/a', '', 'GET /readyz', [0, 1])]);
    expect(waysOf([body('channel-gateway', gateway), body('conversation', conversation), elsewhere])).toEqual(
      [
        {
          count: 2,
          hops: [
            { service: 'channel-gateway', name: WEBHOOK, waitMs: 0, workMs: 4 },
            { service: 'conversation', name: 'Inbound.onReceived', waitMs: 2, workMs: 7 },
            { service: 'channel-gateway', name: 'Deliveries.onPosted', waitMs: 7, workMs: 2 },
            { service: 'channel-gateway', name: 'Deliveries.deliver', waitMs: 3, workMs: 5 },
          ],
        },
      ],
    );
  });
});
