/** Every form in which a template asks for a name, by token without its underscores. */
export type Tokens = Readonly<Record<string, string>>;

/** What the caller of the generator says. */
export interface ServiceRequest {
  readonly name: string;
  readonly subject?: string | undefined;
  readonly domain?: string | undefined;
}

const KEBAB = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;
const RESERVED = new Set([
  'event',
  'outbox',
  'inbox',
  'position',
  'lease',
  'task',
  'parked',
  'command',
  'migration',
]);

/**
 * Derives all names of a service from the one given.
 * @throws {Error} that says what a name may look like
 */
export function namesOf({ name, subject: givenSubject, domain: givenDomain }: ServiceRequest): Tokens {
  const subject = givenSubject ?? singular(name);
  const domain = givenDomain ?? snake(subject);
  for (const word of [name, subject, domain.replaceAll('_', '-')]) {
    if (!KEBAB.test(word))
      throw new Error(
        `"${word}" is no name: use small letters, digits and single dashes, as in loyalty-points`,
      );
  }
  if (RESERVED.has(snake(subject)))
    throw new Error(`Every service has a table "${snake(subject)}" already: choose another subject`);
  const subjects = plural(subject);
  return {
    name,
    NAME: snake(name).toUpperCase(),
    domain,
    subject,
    subjects,
    table: snake(subject),
    prefix: subject.replaceAll('-', '').slice(0, 8),
    domainCamel: camel(domain.replaceAll('_', '-')),
    subjectCamel: camel(subject),
    subjectsCamel: camel(subjects),
    subjectSnake: snake(subject),
    subjectsSnake: snake(subjects),
    Subject: pascal(subject),
    Subjects: pascal(subjects),
    SUBJECTS: snake(subjects).toUpperCase(),
    ServiceClass: pascal(name),
  };
}

/** Puts names where a text has tokens such as `__Subject__`; an unknown token is a defect of the template. */
export function fill(text: string, tokens: Tokens): string {
  return text.replaceAll(/__([A-Za-z]+?)__/g, (_whole, token: string) => {
    const value = tokens[token];
    if (value === undefined) throw new Error(`A template has the unknown token __${token}__`);
    return value;
  });
}

function singular(word: string): string {
  if (word.endsWith('ies')) return `${word.slice(0, -3)}y`;
  return /[^s]s$/.test(word) ? word.slice(0, -1) : word;
}

function plural(word: string): string {
  if (/[^aeiou]y$/.test(word)) return `${word.slice(0, -1)}ies`;
  return /(s|x|ch|sh)$/.test(word) ? `${word}es` : `${word}s`;
}

function snake(word: string): string {
  return word.replaceAll('-', '_');
}

function camel(word: string): string {
  return word.replaceAll(/-([a-z0-9])/g, (_dash, letter: string) => letter.toUpperCase());
}

function pascal(word: string): string {
  const text = camel(word);
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}
