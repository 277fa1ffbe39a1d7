import { takeFrontMatter } from './front-matter.ts';

const after = '\n# Text\n';

test.each([
  ['YAML', '---\ntitle: Price list\ntags: [a, b]\n---\n', 'Price list'],
  [
    'YAML in double quotes',
    '---\nlayout: x\ntitle: "Prices: \\"2026\\" \\u00e9" # note\n---\n',
    'Prices: "2026" é',
  ],
  ['YAML in single quotes', "---\ntitle: 'It''s here'\n---\n", "It's here"],
  ['YAML with a comment', '---\nTitle: Prices # of all\n---\n', 'Prices'],
  ['YAML over lines', '---\ntitle: >-\n  Prices\n  of 2026\nmore: 1\n---\n', 'Prices of 2026'],
  ['YAML that ends with dots', '---\ntitle: Prices\n...\n', 'Prices'],
  ['YAML without title', '---\nmeta:\n  title: Not this\n- x\n---\n', null],
  ['YAML that is empty', '---\n---\n', null],
  ['TOML', '+++\ndate = 2026-01-01\ntitle = "Price list"\n+++\n', 'Price list'],
  ['TOML as it stands', "+++\ntitle = 'C:\\prices'\n[extra]\ntitle = 'no'\n+++\n", 'C:\\prices'],
  [
    'YAML with keys of any kind',
    '---\ntitle: Prices\nkey with spaces: 2\nключ: 3\n"a b": |\n  text\n---\n',
    'Prices',
  ],
  ['YAML with a number', '---\ntitle: 2026\ndate: 2026-01-02\n---\n', '2026'],
  ['YAML that breaks the rules', '---\ntitle: Prices: all of them\ntags: [a\n---\n', 'Prices: all of them'],
  ['YAML that is named', '---yaml\ntitle: Prices\n---\n', 'Prices'],
  ['comments alone', '---\n# nothing\n---\n', null],
  [
    'TOML over lines',
    '+++\ntitle = \'\'\'\nPrices\nof 2026\'\'\'\ntext = """\none = two, or\nthree\n"""\n+++\n',
    'Prices of 2026',
  ],
  ['TOML that is named', '---toml\ntitle = "Prices"\n---\n', 'Prices'],
  ['JSON', '{\n  "title": "Prices: \\"2026\\"",\n  "tags": ["a"]\n}\n', 'Prices: "2026"'],
  ['JSON between signs', ';;;\n{ "Title": "Prices" }\n;;;\n', 'Prices'],
  ['TOML with a list', '+++\ntags = [\n  "a",\n]\n+++\n', null],
])('%s is taken off, its title is kept', (_kind, matter, title) => {
  expect(takeFrontMatter(matter + after)).toEqual({ title, text: after });
});

test.each([
  ['a paragraph between rules', '---\n\nHello world, this is text.\n\n---\n'],
  ['a rule alone', '---\n\nText\n'],
  ['plus signs in a text', '+++\nnot metadata\n+++\n'],
  ['JSON that breaks the rules', '{\n  title: Prices\n}\n\nText\n'],
  ['JSON alone', '{\n  "title": "Prices"\n}\n'],
  ['a list between rules', '---\nJust words\nand more\n---\n'],
  ['metadata that does not end', '---\ntitle: x\n\nText\n'],
])('%s stays text', (_kind, text) => {
  expect(takeFrontMatter(text)).toEqual({ title: null, text });
});
