import type { YamlPlace } from './yamlPlace.ts';

/** The part of a JSON schema that completion reads. */
interface SchemaNode {
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly items?: SchemaNode;
  readonly description?: string;
  readonly enum?: readonly unknown[];
  readonly type?: string;
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
}

export interface Suggestion {
  readonly text: string;
  readonly kind: 'setting' | 'value';
  readonly description: string;
  /** What is written, as it should stand in the file. */
  readonly insert: string;
}

/** What may be written at a place of a file with this schema. */
export function suggestions(schema: object, { path, setting, present }: YamlPlace): Suggestion[] {
  let node: SchemaNode | undefined = schema;
  for (const step of path) node = typeof step === 'number' ? node?.items : node?.properties?.[step];
  if (node?.properties === undefined) return [];
  if (setting !== null) return valueSuggestions(node.properties[setting]);
  return Object.entries(node.properties)
    .filter(([name]) => !present.has(name))
    .map(([name, setting]) => ({
      text: name,
      kind: 'setting',
      description: describe(setting),
      insert: `${name}:${setting.properties || setting.items ? '' : ' '}`,
    }));
}

const describe = ({ description = '', default: standard }: SchemaNode): string =>
  standard === undefined || typeof standard === 'object' ? description : `${description} Default: ${JSON.stringify(standard)}.`;

function valueSuggestions(setting: SchemaNode | undefined): Suggestion[] {
  if (setting === undefined) return [];
  const values =
    setting.enum ??
    (setting.type === 'boolean' ? [true, false] : (setting.examples ?? (setting.default === undefined ? [] : [setting.default])));
  return values
    .filter((value) => typeof value !== 'object')
    .map((value) => ({ text: String(value), kind: 'value', description: setting.description ?? '', insert: String(value) }));
}
