import type { WidgetPhrases } from './chat.ts';
import { element, link, richText } from './rich-text.ts';
import type { Line } from './transcript.ts';

/** What a line's view needs beside the line. */
export interface LineContext {
  phrases: WidgetPhrases;
  /** Whether the line before is of somebody else: then it says who speaks. */
  first: boolean;
  again(lineId: string): void;
}

/** Shows one line of the chat. */
export function lineView(line: Line, { phrases, first, again }: LineContext): HTMLLIElement {
  const bubble = element('div', [], { class: 'bubble', dir: 'auto' });
  if (line.format === 'markdown') bubble.append(richText(line.text));
  else bubble.append(element('p', [line.text]));
  const item = element('li', [], {
    class: `line ${line.side} ${line.state}${first ? ' first' : ''}`,
    'data-id': line.id,
  });
  // A screen reader hears an answer once, when it is whole.
  if (line.state === 'streaming') item.setAttribute('aria-live', 'off');
  if (line.side === 'company' && line.author)
    item.append(
      element('p', [element('bdi', [line.author], { dir: 'auto' })], { class: first ? 'who' : 'hidden' }),
    );
  if (line.side === 'visitor')
    item.append(element('span', [`${phrases.phrase('you')} `], { class: 'hidden' }));
  item.append(bubble);
  if (line.citations.length > 0) item.append(sources(line, phrases));
  if (line.cut) item.append(element('p', [phrases.phrase('cut')], { class: 'cut' }));
  if (line.state === 'failed') item.append(problem(line, phrases, again));
  return item;
}

function problem(line: Line, phrases: WidgetPhrases, again: (lineId: string) => void): HTMLElement {
  const retry = element('button', [phrases.phrase('again')], { type: 'button' });
  retry.addEventListener('click', () => again(line.id));
  return element('p', [`${phrases.phrase('notSent')} `, retry], { class: 'problem' });
}

function sources(line: Line, phrases: WidgetPhrases): HTMLElement {
  const seen = new Map(line.citations.map((citation) => [citation.url ?? citation.title, citation]));
  const items = [...seen.values()].map((citation) => {
    const shown = citation.url
      ? link(citation.url, citation.title)
      : element('span', [citation.title], { class: 'source' });
    shown.dir = 'auto';
    shown.title = citation.quote;
    return element('li', [shown]);
  });
  return element(
    'div',
    [
      element('span', [phrases.phrase('sources')], { class: 'label', 'aria-hidden': 'true' }),
      element('ul', items, { 'aria-label': phrases.phrase('sources') }),
    ],
    { class: 'sources' },
  );
}
