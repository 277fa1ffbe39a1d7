/** A request on its way: its address and what is sent there. */
export interface EgressRequest {
  readonly url: URL;
  readonly init: RequestInit;
}

const CREDENTIALS = ['authorization', 'cookie', 'proxy-authorization'];

/**
 * The request that an answer redirects to, as browsers do it: 303, and a POST answered 301 or 302, become a GET;
 * credentials stay with their origin. `undefined` where the answer is no redirect.
 */
export function followRedirect({ url, init }: EgressRequest, answer: Response): EgressRequest | undefined {
  const location = answer.headers.get('location');
  if (![301, 302, 303, 307, 308].includes(answer.status) || location === null) return undefined;
  const target = new URL(location, url);
  const headers = new Headers(init.headers);
  if (target.origin !== url.origin) {
    for (const name of CREDENTIALS) headers.delete(name);
  }
  if (!becomesGet(answer.status, init.method)) return { url: target, init: { ...init, headers } };
  for (const name of ['content-type', 'content-length', 'content-encoding']) headers.delete(name);
  return { url: target, init: { ...init, method: 'GET', body: undefined, headers } };
}

function becomesGet(status: number, method = 'GET'): boolean {
  const name = method.toUpperCase();
  if (status === 303) return name !== 'GET' && name !== 'HEAD';
  return (status === 301 || status === 302) && name === 'POST';
}
