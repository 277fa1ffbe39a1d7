import { z } from 'zod';

/** The pattern of an origin: scheme, host and port, without credentials, path, query or fragment. */
const SHAPE = /^https?:\/\/[^\s/?#@\\]+\/?$/i;
/** The host of every subdomain of a domain: `*` is the whole first label, and two more follow. */
const WILDCARD = /^\*(?:\.[^.*]+){2,}$/;

/**
 * An origin as browsers write it: lower case, punycode, no default port, no slash at its end.
 * `https://*.example.com` stands for every subdomain of example.com.
 * @returns null for what is no origin
 */
export function canonicalOrigin(text: string): string | null {
  if (!SHAPE.test(text) || !URL.canParse(text)) return null;
  const { hostname, origin } = new URL(text);
  return hostname.includes('*') && !WILDCARD.test(hostname) ? null : origin;
}

/**
 * Whether a listed origin, which may have a wildcard, includes the `Origin` header of a request. A wildcard includes
 * subdomains of any depth, not the domain itself, with the same scheme and port.
 */
export function originMatches(listed: string, origin: string): boolean {
  const canonical = canonicalOrigin(listed);
  if (canonical === null) return false;
  if (!canonical.includes('*')) return canonical === origin;
  if (canonicalOrigin(origin) !== origin || origin.includes('*')) return false;
  const [scheme = '', suffix = ''] = canonical.split('*');
  return (
    origin.length > scheme.length + suffix.length && origin.startsWith(scheme) && origin.endsWith(suffix)
  );
}

/** An origin that is listed, in its canonical form. */
export const Origin = z
  .string()
  .max(300)
  .refine(
    (text) => canonicalOrigin(text) !== null,
    'is not an origin such as https://example.com or https://*.example.com: no path, no credentials, and * only as the first label',
  )
  .overwrite((text) => canonicalOrigin(text) ?? text)
  .meta({ description: 'Scheme, host and port; `https://*.example.com` includes every subdomain' });

/** The address of a site: http or https, without credentials. */
export const SiteUrl = z
  .url({ protocol: /^https?$/, error: 'is not an http or https address' })
  .max(500)
  .refine((text) => !hasCredentials(text), 'holds credentials: leave them out');

function hasCredentials(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { username, password } = new URL(text);
  return username !== '' || password !== '';
}
