import { EgressError } from './egress-error.ts';

/** The same answer, whose body fails once it is larger than allowed or the time is over. */
export function limitBody(answer: Response, maxBytes: number, expiry: AbortSignal): Response {
  const announced = Number(answer.headers.get('content-length') ?? 0);
  if (announced > maxBytes) {
    void answer.body?.cancel();
    throw tooLarge(maxBytes);
  }
  if (answer.body === null) return answer;
  const { status, statusText, headers } = answer;
  const limited = new Response(boundedStream(answer.body, maxBytes, expiry), {
    status,
    statusText,
    headers: [...headers],
  });
  Object.defineProperty(limited, 'url', { value: answer.url });
  return limited;
}

function boundedStream(
  body: ReadableStream<Uint8Array>,
  maxBytes: number,
  expiry: AbortSignal,
): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  let seen = 0;
  return new ReadableStream({
    async pull(controller) {
      try {
        const { done, value } = await reader.read();
        seen += value?.byteLength ?? 0;
        if (done) controller.close();
        else if (seen > maxBytes) throw tooLarge(maxBytes);
        else controller.enqueue(value);
      } catch (error) {
        const late = expiry.aborted && !(error instanceof EgressError);
        controller.error(
          late ? new EgressError('egress_timeout', 'The host took too long to answer') : error,
        );
        await reader.cancel().catch(() => undefined);
      }
    },
    cancel: (reason) => reader.cancel(reason),
  });
}

function tooLarge(maxBytes: number): EgressError {
  return new EgressError('egress_too_large', `The answer is larger than ${maxBytes} bytes`);
}
