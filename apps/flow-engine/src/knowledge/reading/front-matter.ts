/** Metadata before the text of a document: YAML between `---`, TOML between `+++`. */
export interface FrontMatter {
  /** The title that it gives; null where it gives none. */
  title: string | null;
  /** The text after it. */
  text: string;
}

const YAML = /^---[ \t]*\n((?:.*\n)*?)(?:---|\.\.\.)[ \t]*(?:\n|$)/;
const TOML = /^\+\+\+[ \t]*\n((?:.*\n)*?)\+\+\+[ \t]*(?:\n|$)/;
/** What a line of metadata looks like; a paragraph between two rules does not. */
const YAML_LINE = /^(?:\s|$|#|- |-$|[[{}\]]|["']?[\w.-]+["']?\s*:(?:\s|$))/;
const TOML_LINE = /^(?:\s|$|#|[[{}\]"']|["']?[\w.-]+["']?\s*=)/;
const MAX_FRONT_MATTER = 64 * 1024;
const MAX_TITLE = 500;

/** Takes metadata off the beginning of a text whose lines end with LF. */
export function takeFrontMatter(source: string): FrontMatter {
  const head = source.slice(0, MAX_FRONT_MATTER);
  const yaml = matterOf(YAML.exec(head), YAML_LINE);
  if (yaml) return { title: yamlTitle(yaml.lines), text: source.slice(yaml.length) };
  const toml = matterOf(TOML.exec(head), TOML_LINE);
  if (toml) return { title: tomlTitle(toml.lines), text: source.slice(toml.length) };
  return { title: null, text: source };
}

function matterOf(
  found: RegExpExecArray | null,
  line: RegExp,
): { lines: string[]; length: number } | undefined {
  const lines = found?.[1]?.split('\n') ?? [];
  return found && lines.every((text) => line.test(text)) ? { lines, length: found[0].length } : undefined;
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
