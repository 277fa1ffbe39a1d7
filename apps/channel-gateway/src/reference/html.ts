/** Text as HTML. */
export function escape(text: unknown): string {
  return String(text)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

/** Text with `code` in back quotes. */
export function prose(text: string): string {
  return escape(text).replaceAll(/`([^`]+)`/g, '<code>$1</code>');
}

/** An id for an anchor. */
export function anchor(kind: string, name: string): string {
  return `${kind}-${name.replaceAll(/[^A-Za-z0-9_-]/g, '-')}`;
}

/** One entry of the page: what is shown, and the words it is found by. */
export interface Entry {
  id: string;
  group: string;
  label: string;
  badge: string;
  words: string;
  html: string;
}

/** A page of entries in groups, with a list of them to search in. */
export interface Page {
  title: string;
  intro: string;
  entries: Entry[];
  groupTitles: Readonly<Record<string, string>>;
}

/** A page to search in. */
export function toHtml({ title, intro, entries, groupTitles }: Page): string {
  const groups = [...new Set(entries.map((entry) => entry.group))];
  const nav = groups.map((group) => {
    const links = entries.filter((entry) => entry.group === group).map(linkTo);
    return `<section data-group><h2>${escape(groupTitles[group] ?? group)}</h2><ul>${links.join('')}</ul></section>`;
  });
  const main = groups.map((group) => {
    const all = entries.filter((entry) => entry.group === group).map(toArticle);
    return `<section data-group><h2 class="group">${escape(groupTitles[group] ?? group)}</h2>${all.join('')}</section>`;
  });
  return frame(
    title,
    `<div class="columns"><aside><label for="search">Search</label><input id="search" type="search" autocomplete="off" placeholder="Press / to search"><p id="count" role="status">${entries.length} entries</p><nav aria-label="Entries" tabindex="0">${nav.join('')}</nav></aside>
<main id="content"><h1>${escape(title)}</h1>${intro}${main.join('')}</main></div>`,
  );
}

/**
 * A whole page, without inline styles and scripts, which a strict Content-Security-Policy forbids.
 * @param aside shown beside the content on wide screens
 */
export function frame(title: string, content: string, aside = ''): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>${escape(title)} · Parley</title><link rel="icon" href="data:,"><link rel="stylesheet" href="/docs/reference.css"><script src="/docs/reference.js" defer></script></head>
<body><a class="skip" href="#content">Skip to the content</a>
<header><strong>Parley</strong><nav aria-label="Pages"><a href="/docs/guides">Guides</a><a href="/docs">API</a><a href="/events">Events</a><a href="/api/v1/openapi.json">OpenAPI</a><a href="/api/v1/asyncapi.json">AsyncAPI</a><a href="/demo">Demo</a></nav></header>
${aside}${content}</body></html>`;
}

function linkTo({ id, words, badge, label }: Entry): string {
  return `<li data-words="${escape(words.toLowerCase())}"><a href="#${id}"><span class="badge ${badge.toLowerCase()}">${badge}</span> <span>${escape(label)}</span></a></li>`;
}

function toArticle({ id, words, html }: Entry): string {
  return `<article id="${id}" data-words="${escape(words.toLowerCase())}">${html}</article>`;
}

/** A block of code with a button that copies it. */
export function codeBlock(label: string, text: string): string {
  return `<div class="code"><button type="button" data-copy aria-label="Copy ${escape(label)}">Copy</button><pre tabindex="0" aria-label="${escape(label)}"><code>${escape(text)}</code></pre></div>`;
}
