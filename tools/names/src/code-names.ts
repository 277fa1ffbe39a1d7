import * as contracts from '@parley/contracts';
import ts from 'typescript';
import { type Source, walk } from './sources.ts';

/** Names that are written in the code as literals and stored in PostgreSQL or NATS, or read by operators. */
export interface CodeNames {
  consumers: string[];
  queues: string[];
  leases: string[];
  buckets: string[];
  metrics: string[];
  variables: string[];
}

/** Variables of the operating system and of Node. */
const foreignVariables = new Set(['PATH', 'HOME', 'TZ', 'NODE_OPTIONS', 'XDG_CACHE_HOME']);

/** Collects the literal names of these files. Throws where a name cannot be resolved: a gap would hide a rename. */
export function collectCodeNames(sources: readonly Source[]): CodeNames {
  const found = {
    consumers: new Set<string>(),
    queues: new Set<string>(),
    leases: new Set<string>(),
    buckets: new Set<string>(),
    metrics: new Set<string>(),
    variables: new Set<string>(),
  };
  const constants = collectConstants(sources);
  for (const source of sources) {
    walk(source, (node) => {
      if (ts.isCallExpression(node)) collectCall(node, { source, constants, found });
      for (const name of environmentNames(node)) if (!foreignVariables.has(name)) found.variables.add(name);
    });
  }
  const sorted = (names: Set<string>): string[] => [...names].sort();
  return {
    consumers: sorted(found.consumers),
    queues: sorted(found.queues),
    leases: sorted(found.leases),
    buckets: sorted(found.buckets),
    metrics: sorted(found.metrics),
    variables: sorted(found.variables),
  };
}

interface Place {
  source: Source;
  constants: ReadonlyMap<string, ReadonlySet<string>>;
  found: Record<keyof CodeNames, Set<string>>;
}

function collectCall(call: ts.CallExpression, place: Place): void {
  collectDecorator(call, place);
  collectLease(call, place);
  collectBuckets(call, place);
  collectMetric(call, place);
  collectStats(call, place);
}

/** `@OnEvent(event, { consumer: 'runs' })` and `@OnTask('turn')`. */
function collectDecorator(call: ts.CallExpression, place: Place): void {
  const [first, second] = call.arguments;
  if (!ts.isDecorator(call.parent) || !first) return;
  const decorator = call.expression.getText();
  if (decorator === 'OnEvent' && second) {
    const event = eventName(first, place.source);
    const stream = contracts.streamName(contracts.domainOf(event));
    const consumer = text(property(second, 'consumer'), place);
    place.found.consumers.add(`${serviceOf(place)} ${consumer}.${stream} ${event}`);
  }
  if (decorator === 'OnTask') place.found.queues.add(`${serviceOf(place)} ${text(first, place)}`);
}

/** Work that is started under a lease: its name and a function. */
function collectLease(call: ts.CallExpression, place: Place): void {
  const [name, work] = call.arguments;
  if (!/\bleases\.\w+$/.test(call.expression.getText()) || !name || !work) return;
  if (ts.isArrowFunction(work) && !ts.isCallExpression(name))
    place.found.leases.add(`${serviceOf(place)} ${pattern(name, place)}`);
}

/** Buckets that a service writes. */
function collectBuckets(call: ts.CallExpression, place: Place): void {
  const [options] = call.arguments;
  if (call.expression.getText() !== 'runService' || !options) return;
  const buckets = property(options, 'buckets', false);
  if (!buckets || !ts.isArrayLiteralExpression(buckets)) return;
  for (const bucket of buckets.elements)
    place.found.buckets.add(`${serviceOf(place)} ${text(bucket, place)}`);
}

function serviceOf({ source }: Place): string {
  return source.project.replace(/^\w+\//, '');
}

function collectMetric(call: ts.CallExpression, place: Place): void {
  const [name, second, third] = call.arguments;
  const match = /\bmetrics\.(count|observeMs)$/.exec(call.expression.getText());
  if (!match || !name) return;
  const isCounter = match[1] === 'count';
  const labels = isCounter ? second : third;
  const keys =
    labels && ts.isObjectLiteralExpression(labels) ? labels.properties.map((one) => one.name?.getText()) : [];
  const suffix = isCounter ? 'total' : 'seconds';
  place.found.metrics.add(
    `parley_${text(name, place)}_${suffix}${keys.length > 0 ? ` { ${keys.join(', ')} }` : ''}`,
  );
}

/** `addStats('voice', () => ({ calls: … }))`: a gauge per field. Stats kept elsewhere are read from a running registry. */
function collectStats(call: ts.CallExpression, place: Place): void {
  const [prefix, read] = call.arguments;
  if (!/\bmetrics\.addStats$/.test(call.expression.getText()) || !prefix || !read) return;
  if (place.source.project === 'libs/service' || !ts.isArrowFunction(read)) return;
  const body = ts.isParenthesizedExpression(read.body) ? read.body.expression : read.body;
  if (!ts.isObjectLiteralExpression(body))
    throw new Error(`${place.source.path}: the fields of the stats ${prefix.getText()} are not written out.`);
  for (const field of body.properties)
    place.found.metrics.add(`parley_${text(prefix, place)}_${field.name?.getText()}`);
}

/** The name of the event that the first argument of a decorator imports from the contracts. */
function eventName(argument: ts.Expression, { file, path }: Source): string {
  let imported = argument.getText();
  for (const statement of file.statements) {
    if (!ts.isImportDeclaration(statement)) continue;
    const bindings = statement.importClause?.namedBindings;
    if (!bindings || !ts.isNamedImports(bindings)) continue;
    const own = bindings.elements.find((element) => element.name.text === imported);
    if (own?.propertyName) imported = own.propertyName.getText();
  }
  const definition: unknown = Reflect.get(contracts, imported);
  if (typeof definition !== 'object' || definition === null || !('name' in definition))
    throw new Error(
      `${path}: ${imported} is no event of the contracts, so the name of its consumer is unknown.`,
    );
  return String(definition.name);
}

function property(object: ts.Expression, name: string): ts.Expression;
function property(object: ts.Expression, name: string, required: false): ts.Expression | undefined;
function property(object: ts.Expression, name: string, required = true): ts.Expression | undefined {
  if (ts.isObjectLiteralExpression(object)) {
    for (const one of object.properties)
      if (ts.isPropertyAssignment(one) && one.name.getText() === name) return one.initializer;
  }
  if (required) throw new Error(`${object.getText()} has no literal property ${name}.`);
  return undefined;
}

/** The text of a literal, or of the constant that an identifier names. */
function text(node: ts.Expression, { source, constants }: Place): string {
  if (ts.isStringLiteralLike(node)) return node.text;
  const values =
    constants.get(`${source.path} ${node.getText()}`) ?? constants.get(`${source.project} ${node.getText()}`);
  const [value] = values ?? [];
  if (value === undefined || values?.size !== 1)
    throw new Error(`${source.path}: ${node.getText()} is not one string constant of its project.`);
  return value;
}

/** A literal or constant, or a template with braces for its expressions. */
function pattern(node: ts.Expression, place: Place): string {
  if (ts.isStringLiteralLike(node)) return node.text;
  if (ts.isTemplateExpression(node))
    return node.head.text + node.templateSpans.map((span) => `{}${span.literal.text}`).join('');
  return text(node, place);
}

/** String constants at the top of files, by file and by project. */
function collectConstants(sources: readonly Source[]): Map<string, Set<string>> {
  const constants = new Map<string, Set<string>>();
  for (const { file, path, project } of sources) {
    const declarations = file.statements.flatMap((one) =>
      ts.isVariableStatement(one) ? [...one.declarationList.declarations] : [],
    );
    for (const { name, initializer } of declarations) {
      if (!initializer || !ts.isStringLiteral(initializer)) continue;
      for (const scope of [path, project]) {
        const key = `${scope} ${name.getText()}`;
        constants.set(key, (constants.get(key) ?? new Set()).add(initializer.text));
      }
    }
  }
  return constants;
}

/** Names read from `process.env` by member, by key or by destructuring. */
function environmentNames(node: ts.Node): string[] {
  const isEnvironment = (one?: ts.Node): boolean => one?.getText() === 'process.env';
  if (ts.isPropertyAccessExpression(node) && isEnvironment(node.expression)) return [node.name.text];
  if (ts.isElementAccessExpression(node) && isEnvironment(node.expression))
    return ts.isStringLiteral(node.argumentExpression) ? [node.argumentExpression.text] : [];
  if (!ts.isVariableDeclaration(node) || !isEnvironment(node.initializer)) return [];
  if (!ts.isObjectBindingPattern(node.name)) return [];
  return node.name.elements
    .filter((element) => !element.dotDotDotToken)
    .map((element) => (element.propertyName ?? element.name).getText());
}
