import { z } from 'zod';

/** The part of a JSON schema that is read here. */
interface SchemaNode {
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly items?: SchemaNode;
  readonly description?: string;
}

/** JSON schema (draft 7, which editors know) of what a person writes, made from a zod schema. */
export const inputSchema = (schema: z.ZodType): Record<string, unknown> => z.toJSONSchema(schema, { io: 'input', target: 'draft-7' });

const known = new WeakMap<z.ZodType, SchemaNode>();

function schemaOf(schema: z.ZodType): SchemaNode {
  const made = known.get(schema) ?? inputSchema(schema);
  known.set(schema, made);
  return made;
}

/** Names of the settings that may stand at `path` of a document with this schema; empty where none is known. */
export function settingNames(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  let node: SchemaNode | undefined = schemaOf(schema);
  for (const step of path) node = typeof step === 'number' ? node?.items : node?.properties?.[String(step)];
  return Object.keys(node?.properties ?? {});
}

/** Dotted path of the one group of settings, not inside a list, that has a setting of this name; null when none has. */
export function groupWith(schema: z.ZodType, name: string): string | null {
  const groups = Object.entries(schemaOf(schema).properties ?? {});
  return groups.find(([, group]) => group.properties !== undefined && Object.hasOwn(group.properties, name))?.[0] ?? null;
}
