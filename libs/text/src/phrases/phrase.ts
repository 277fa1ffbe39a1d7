import { type Language, languageOf } from '../languages.ts';

/** A sentence that depends on a number: its forms by the plural rules of the language (CLDR). `{count}` is the number. */
export type PluralForms = Readonly<Partial<Record<Intl.LDMLPluralRule, string>> & { other: string }>;

/** The sentences of a group in one language, by key. `{name}` stands for a value. */
export type PhraseSet = Readonly<Record<string, string | PluralForms>>;

/** A set in another language: it has every key of the English one, and no other. */
export type Translation<Source extends PhraseSet> = {
  readonly [Key in keyof Source]: Source[Key] extends string ? string : PluralForms;
};

/** The sentences of one place of the product, in every language. */
export type PhraseGroup<Source extends PhraseSet = PhraseSet> = { readonly en: Source } & {
  readonly [Other in Exclude<Language, 'en'>]: Translation<Source>;
};

type NamesIn<Text> = Text extends `${string}{${infer Name}}${infer Rest}` ? Name | NamesIn<Rest> : never;
type NamesOf<Entry> = Entry extends string ? NamesIn<Entry> : 'count' | NamesIn<Entry[keyof Entry]>;
type ValuesOf<Entry> = { readonly [Name in NamesOf<Entry>]: Name extends 'count' ? number : string | number };

/** What a sentence needs beside its key: nothing, or a value for each name in it. */
export type PhraseValues<Entry> = [NamesOf<Entry>] extends [never] ? [] : [values: ValuesOf<Entry>];

/** A group in one language. */
export interface Phrasebook<Source extends PhraseSet = PhraseSet> {
  readonly language: Language;
  /** A sentence with its values filled in. */
  phrase<Key extends keyof Source & string>(key: Key, ...values: PhraseValues<Source[Key]>): string;
}

/**
 * A sentence of a group in a language (BCP 47 tag): `de-AT` falls back to `de`, then to English.
 * @param values one for each `{name}` of the sentence; `count` also chooses its plural form
 */
export function phrase<Source extends PhraseSet, Key extends keyof Source & string>(
  group: PhraseGroup<Source>,
  language: string | null | undefined,
  key: Key,
  ...values: PhraseValues<Source[Key]>
): string {
  const spoken = languageOf(language);
  const entry: string | PluralForms = (group[spoken] as PhraseSet)[key] ?? '';
  return fill(entry, spoken, (values[0] ?? {}) as Readonly<Record<string, string | number>>);
}

/** A group in the first language of a list of preferences that the product speaks, else in English. */
export function phrasebook<Source extends PhraseSet>(
  group: PhraseGroup<Source>,
  ...preferred: readonly (string | null | undefined)[]
): Phrasebook<Source> {
  const language = languageOf(...preferred);
  return { language, phrase: (key, ...values) => phrase(group, language, key, ...values) };
}

function fill(
  entry: string | PluralForms,
  language: Language,
  values: Readonly<Record<string, string | number>>,
): string {
  const text = typeof entry === 'string' ? entry : formOf(entry, language, Number(values['count']));
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => {
    if (!Object.hasOwn(values, name)) return whole;
    const value = values[name] ?? '';
    return typeof value === 'number' ? new Intl.NumberFormat(language).format(value) : value;
  });
}

function formOf(forms: PluralForms, language: Language, count: number): string {
  return forms[new Intl.PluralRules(language).select(count)] ?? forms.other;
}
