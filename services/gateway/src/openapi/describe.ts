/** What the generator cannot know of the schemas: meanings, and how answers and parameters differ. Changes it in place. */
import { componentDescriptions, propertyDescriptions } from './glossary.js';
import { answerOnly } from './named-schemas.js';

/** The part of JSON Schema that the walk below needs. */
export interface SchemaNode {
  $ref?: string;
  description?: string;
  default?: unknown;
  properties?: Record<string, SchemaNode>;
  required?: string[];
  items?: SchemaNode;
  additionalProperties?: SchemaNode | boolean;
  oneOf?: SchemaNode[];
  anyOf?: SchemaNode[];
  allOf?: SchemaNode[];
}

export type SchemaNodes = Record<string, SchemaNode>;

export type PathNodes = Record<string, Record<string, { parameters?: { schema?: { type?: string | string[] } }[] }>>;

/** A number that is parsed from text accepts null too, as far as its schema can tell; a query has no null. */
export function forbidNullParameters(paths: PathNodes): void {
  for (const { schema } of Object.values(paths).flatMap((calls) =>
    Object.values(calls).flatMap((call) => call.parameters ?? []),
  )) {
    if (!Array.isArray(schema?.type)) continue;
    const [type] = schema.type.filter((name) => name !== 'null');
    if (type !== undefined) schema.type = type;
  }
}

/** @throws Error naming every property without a description, and every description without a property */
export function describeProperties(components: SchemaNodes): void {
  const missing: string[] = [];
  const unused = new Set([...Object.keys(componentDescriptions), ...Object.keys(propertyDescriptions)]);
  const take = (path: string, texts: Readonly<Record<string, string>>, node: SchemaNode): void => {
    const text = texts[path];
    if (text === undefined) missing.push(path);
    else node.description = text;
    unused.delete(path);
  };
  for (const [name, component] of Object.entries(components)) {
    take(name, componentDescriptions, component);
    visitProperties(component, name, (path, property) => take(path, propertyDescriptions, property));
  }
  if (missing.length > 0) throw new Error(`no description in the glossary: ${missing.join(', ')}`);
  if (unused.size > 0) throw new Error(`the glossary describes what is not there: ${[...unused].join(', ')}`);
}

/** zod-to-openapi shows schemas as requests see them, where a default makes a property optional; answers always have it. */
export function requireDefaults(components: SchemaNodes): void {
  for (const name of answerOnly) {
    const component = components[name];
    if (component) requireIn(component);
  }
}

function requireIn(node: SchemaNode): void {
  for (const [name, property] of Object.entries(node.properties ?? {})) {
    if ('default' in property) {
      node.required = [...new Set([...(node.required ?? []), name])];
      delete property.default;
    }
  }
  for (const inner of childrenOf(node)) requireIn(inner);
}

function visitProperties(node: SchemaNode, path: string, visit: (path: string, property: SchemaNode) => void): void {
  for (const [name, property] of Object.entries(node.properties ?? {})) {
    visit(`${path}.${name}`, property);
    visitProperties(property, `${path}.${name}`, visit);
  }
  for (const inner of alternativesOf(node)) visitProperties(inner, path, visit);
}

/** Schemas that describe the same value as `node`, or its entries, without a property name between. */
function alternativesOf(node: SchemaNode): SchemaNode[] {
  const { items, additionalProperties, oneOf = [], anyOf = [], allOf = [] } = node;
  return [
    ...(items ? [items] : []),
    ...(typeof additionalProperties === 'object' ? [additionalProperties] : []),
    ...oneOf,
    ...anyOf,
    ...allOf,
  ];
}

function childrenOf(node: SchemaNode): SchemaNode[] {
  return [...Object.values(node.properties ?? {}), ...alternativesOf(node)];
}
