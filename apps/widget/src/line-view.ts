import { element, link, richText } from './rich-text.ts';
import type { Line } from './transcript.ts';

/** Shows one line of the chat. */
export function lineView(line: Line): HTMLLIElement {
  const bubble = element('div', [], { class: 'bubble' });
  if (line.format === 'markdown') bubble.append(richText(line.text));
  else bubble.append(element('p', [line.text]));
  const item = element('li', [], { class: `line ${line.side} ${line.state}`, 'data-id': line.id });
  if (line.side === 'company' && line.author) item.append(element('p', [line.author], { class: 'who' }));
  item.append(element('span', [line.side === 'visitor' ? 'You said: ' : ''], { class: 'hidden' }), bubble);
  if (line.citations.length > 0) item.append(sources(line));
  if (line.state === 'failed')
    item.append(element('p', ['Not sent. Please try again.'], { class: 'problem' }));
  return item;
}

function sources(line: Line): HTMLUListElement {
  const seen = new Map(line.citations.map((citation) => [citation.url ?? citation.title, citation]));
  const items = [...seen.values()].map((citation) => {
    const label = citation.title;
    const shown = citation.url ? link(citation.url, label) : element('span', [label]);
    shown.title = citation.quote;
    return element('li', [shown]);
  });
  return element('ul', items, { class: 'sources', 'aria-label': 'Sources' });
}
