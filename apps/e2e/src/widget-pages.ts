import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';

const { resolve } = createRequire(import.meta.url);
const NONCE = 'cmFuZG9t';
/** Collects what a policy of the page has refused. */
const COLLECT = `<script nonce="${NONCE}">
  window.violations = [];
  document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI, sourceFile, lineNumber }) =>
    window.violations.push([violatedDirective, blockedURI, sourceFile, lineNumber].join(' ')));
</script>`;

/** A page of somebody's site. */
export interface HostPage {
  headers?: Record<string, string>;
  html: string;
}

/** Sites of other people that embed the widget: a server with an origin of its own. */
export class HostSite {
  readonly pages = new Map<string, HostPage>();
  private readonly server: Server;

  constructor(private readonly gateway: string) {
    this.server = createServer(({ url = '/' }, response) => {
      const path = url.split('?')[0] ?? '/';
      const page = this.pages.get(path) ?? library(path);
      if (!page) return void response.writeHead(404).end();
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', ...page.headers });
      response.end(page.html);
    });
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async open(): Promise<void> {
    await new Promise<void>((done) => this.server.listen(0, '127.0.0.1', done));
  }

  close(): void {
    this.server.closeAllConnections();
    this.server.close();
  }

  /** The line that embeds a widget, with a nonce for pages that ask for one. */
  script(channelId: string, more = ''): string {
    return `<script nonce="${NONCE}" src="${this.gateway}/widget.js" data-channel="${channelId}" ${more}></script>`;
  }

  /** A page with this body, under a policy that allows nothing beside what is listed. */
  add(
    path: string,
    page: { head?: string; body: string; html?: string; policy?: Record<string, string> },
  ): string {
    const { head = '', body, html = '<!doctype html><html lang="en">', policy } = page;
    const all = { 'default-src': "'none'", 'base-uri': "'none'", 'form-action': "'none'", ...policy };
    const value = Object.entries(all)
      .map((directive) => directive.join(' '))
      .join('; ');
    this.pages.set(path, {
      html: `${html}<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>A shop</title>
        ${COLLECT}${head}</head><body>${body}</body></html>`,
      ...(policy ? { headers: { 'content-security-policy': value } } : {}),
    });
    return `${this.origin}${path}`;
  }

  static readonly nonce = `'nonce-${NONCE}'`;
  static readonly nonceAttribute = `nonce="${NONCE}"`;
}

/** Turbo and htmx, as their packages ship them. */
function library(path: string): HostPage | null {
  const files: Record<string, string> = {
    '/turbo.js': '@hotwired/turbo/dist/turbo.es2017-umd.js',
    '/htmx.js': 'htmx.org/dist/htmx.min.js',
  };
  const file = files[path];
  if (!file) return null;
  return { headers: { 'content-type': 'text/javascript' }, html: readFileSync(resolve(file), 'utf8') };
}
