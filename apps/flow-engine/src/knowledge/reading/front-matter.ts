import { parse as parseToml } from 'smol-toml';
import { parse as parseYaml } from 'yaml';

/** Metadata before the text of a document: YAML between `---`, TOML between `+++`, or a JSON object. */
export interface FrontMatter {
  /** The title that it gives; null where it gives none. */
  title: string | null;
  /** The text after it. */
  text: string;
}

/** A kind of metadata: where it stands, how it is parsed, and its title by its lines where it breaks the rules. */
interface Kind {
  block: RegExp;
  parse(content: string): unknown;
  byLines: ((lines: readonly string[]) => string | null) | null;
}

const parseJson = (content: string): unknown => JSON.parse(content);
const parseLenient = (content: string): unknown =>
  parseYaml(content, { uniqueKeys: false, logLevel: 'error', maxAliasCount: 10 });

const kinds: readonly Kind[] = [
  {
    block: /^---[ \t]*(?:ya?ml)?[ \t]*\n((?:.*\n)*?)(?:---|\.\.\.)[ \t]*(?:\n|$)/,
    parse: parseLenient,
    byLines: yamlTitle,
  },
  {
    block: /^(?:\+\+\+|---[ \t]*toml)[ \t]*\n((?:.*\n)*?)(?:\+\+\+|---)[ \t]*(?:\n|$)/,
    parse: parseToml,
    byLines: tomlTitle,
  },
  {
    block: /^(?:;;;|---[ \t]*json)[ \t]*\n((?:.*\n)*?)(?:;;;|---)[ \t]*(?:\n|$)/,
    parse: parseJson,
    byLines: null,
  },
  { block: /^(\{[ \t]*\n(?:[ \t].*\n|\n)*\})[ \t]*\n(?=\s*\S)/, parse: parseJson, byLines: null },
];

/** What a line of metadata that breaks the rules looks like; a paragraph between two rules does not. */
const YAML_LINE = /^(?:\s|$|#|- |-$|[[{}\]]|["']?[\p{L}\p{N}_.-]+["']?\s*:(?:\s|$))/u;
const TOML_LINE = /^(?:\s|$|#|[[{}\]"']|["']?[\w.-]+["']?\s*=)/;
const MAX_FRONT_MATTER = 64 * 1024;
const MAX_TITLE = 500;

/** Takes metadata off the beginning of a text whose lines end with LF. */
export function takeFrontMatter(source: string): FrontMatter {
  const head = source.slice(0, MAX_FRONT_MATTER);
  for (const kind of kinds) {
    const [whole, content = ''] = kind.block.exec(head) ?? [];
    const matter = whole === undefined ? null : readMatter(kind, content);
    if (whole !== undefined && matter) return { ...matter, text: source.slice(whole.length) };
  }
  return { title: null, text: source };
}

/** Null where the content is no metadata. */
function readMatter({ parse, byLines }: Kind, content: string): { title: string | null } | null {
  if (content.trim() === '') return { title: null };
  try {
    const data: unknown = parse(content);
    // Comments alone are metadata too.
    if (data === null || data === undefined) return { title: null };
    return typeof data === 'object' ? { title: titleIn(data) } : null;
  } catch {
    const lines = content.split('\n');
    const pattern = byLines === yamlTitle ? YAML_LINE : TOML_LINE;
    return byLines && lines.every((line) => pattern.test(line)) ? { title: byLines(lines) } : null;
  }
}

function titleIn(data: object): string | null {
  const [, title] = Object.entries(data).find(([key]) => key.toLowerCase() === 'title') ?? [];
  return typeof title === 'string' || typeof title === 'number' ? titleOf(String(title)) : null;
}

function yamlTitle(lines: readonly string[]): string | null {
  const at = lines.findIndex((line) => /^(?:title|"title"|'title')\s*:/i.test(line));
  if (at === -1) return null;
  const value = lines[at]?.replace(/^[^:]*:\s*/, '').trim() ?? '';
  const isBlock = value === '' || /^[|>][-+\d]*(?:\s+#.*)?$/.test(value);
  const more: string[] = [];
  for (const line of lines.slice(at + 1)) {
    if (!/^\s+\S/.test(line)) break;
    more.push(line.trim());
  }
  return titleOf(isBlock ? more.join(' ') : unquoted([value, ...more].join(' ')));
}

function tomlTitle(lines: readonly string[]): string | null {
  const table = lines.findIndex((line) => /^\s*\[/.test(line));
  const top = table === -1 ? lines : lines.slice(0, table);
  const line = top.find((text) => /^\s*(?:title|"title")\s*=/i.test(text));
  return line === undefined ? null : titleOf(unquoted(line.replace(/^[^=]*=\s*/, '').trim()));
}

/** The value of a scalar: quotes with their escapes, or plain up to a comment. */
function unquoted(value: string): string {
  const [, double] = /^"((?:[^"\\]|\\.)*)"/.exec(value) ?? [];
  if (double !== undefined)
    return double.replaceAll(
      /\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))/g,
      (_escape, short, long, char) => {
        const point = Number.parseInt((short ?? long ?? '') as string, 16);
        if (!Number.isNaN(point)) return point <= 0x10ffff ? String.fromCodePoint(point) : '';
        return /[nrt]/.test(char as string) ? ' ' : (char as string);
      },
    );
  const [, single] = /^'((?:[^']|'')*)'/.exec(value) ?? [];
  return single === undefined ? value.replace(/(?:^|\s)#.*$/, '') : single.replaceAll("''", "'");
}

function titleOf(value: string): string | null {
  const title = value
    .toWellFormed()
    .replaceAll(/[\s\p{Cc}]+/gu, ' ')
    .trim();
  return title === '' || title.length > MAX_TITLE ? null : title;
}
