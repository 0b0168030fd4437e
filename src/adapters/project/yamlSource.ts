import { type Document, isAlias, isCollection, isMap, isNode, isPair, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';

/** Something wrong at a place of a file; lines and columns count from 1. */
export interface Problem {
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

/** A YAML document's values together with where each one stands. */
export interface YamlSource {
  /** Plain data. Settings without a value are left out: `setup:` alone says nothing. */
  readonly data: unknown;
  /** Where the value at `path` stands, or what holds it when it is not there. */
  placeOf(path: readonly PropertyKey[]): { readonly line: number; readonly column: number };
  /** Where the name `key` stands in the map at `path`. */
  placeOfKey(path: readonly PropertyKey[], key: string): { readonly line: number; readonly column: number };
}

/** So few are ever needed; more make a small file into a huge one. */
const MAX_ALIASES = 50;

/** More than these are not looked at, let alone told: nobody corrects a file that way. */
const MAX_PROBLEMS = 100;

type At = (offset: number, message: string) => Problem;

const tooDeep = (at: At): Problem => at(0, 'the file is nested too deeply to be read');

const keyText = (key: unknown): string => String(isScalar(key) ? key.value : key);

export function parseYaml(text: string): { readonly source: YamlSource } | { readonly problems: readonly Problem[] } {
  const lines = new LineCounter();
  const at: At = (offset, message) => ({
    line: lines.linePos(offset).line,
    column: lines.linePos(offset).col,
    message,
  });
  try {
    // Its own search for duplicate keys takes quadratic time.
    const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: false, logLevel: 'error' });
    const wrong = [...document.errors, ...document.warnings].slice(0, MAX_PROBLEMS);
    if (wrong.some(({ message }) => message.includes('call stack'))) return { problems: [tooDeep(at)] };
    const problems = wrong.length > 0 ? wrong.map((error) => at(error.pos[0], syntaxMessage(error))) : duplicates(document, at);
    if (problems.length > 0) return { problems };
    const data = withoutEmpty(document.toJS({ maxAliasCount: MAX_ALIASES }));
    const place = (node: unknown) => {
      const { line, col } = lines.linePos(isNode(node) ? (node.range?.[0] ?? 0) : 0);
      return { line: Math.max(line, 1), column: Math.max(col, 1) };
    };
    return {
      source: {
        data,
        placeOf: (path) => place(nodeAt(document, path)),
        placeOfKey: (path, key) => place(keyNode(document, path, key)),
      },
    };
  } catch (error) {
    if (error instanceof ReferenceError) return { problems: [at(0, `the file has aliases that can't be followed: ${error.message}`)] };
    if (error instanceof RangeError) return { problems: [tooDeep(at)] };
    throw error;
  }
}

const syntaxMessage = ({ code, message }: { readonly code: string; readonly message: string }): string =>
  code === 'MULTIPLE_DOCS' ? 'only one document may stand in the file: remove this "---" and what follows it' : message;

/** Looks at each map as it is written, without following aliases. */
function duplicates(document: Document, at: At): Problem[] {
  const found: Problem[] = [];
  const pending: unknown[] = [document.contents];
  while (pending.length > 0 && found.length < MAX_PROBLEMS) {
    const node = pending.pop();
    if (isPair(node)) pending.push(node.key, node.value);
    if (!isCollection(node)) continue;
    // Not by spreading: a long list would not fit on the stack.
    for (const item of node.items) pending.push(item);
    if (!isMap(node)) continue;
    const first = new Map<string, number>();
    for (const { key } of node.items) {
      const offset = isNode(key) ? (key.range?.[0] ?? 0) : 0;
      const name = keyText(key);
      const earlier = first.get(name);
      if (earlier === undefined) first.set(name, offset);
      else found.push(at(offset, `${JSON.stringify(name)} is set twice, first in line ${at(earlier, '').line}`));
    }
  }
  return found;
}

function withoutEmpty(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutEmpty);
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  const kept = Object.entries(value).filter(([, item]) => item !== null && item !== undefined);
  return Object.fromEntries(kept.map(([key, item]) => [key, withoutEmpty(item)]));
}

/** The node at `path`, or the nearest one above it that is there. */
function nodeAt(document: Document, path: readonly PropertyKey[]): unknown {
  const follow = (node: unknown): unknown => (isAlias(node) ? node.resolve(document) : node);
  let node: unknown = follow(document.contents);
  for (const step of path) {
    const next: unknown = isMap(node)
      ? node.items.find(({ key }) => keyText(key) === String(step))?.value
      : isSeq(node)
        ? node.items[Number(step)]
        : undefined;
    if (!isNode(next)) break;
    node = follow(next);
  }
  return node;
}

function keyNode(document: Document, path: readonly PropertyKey[], name: string): unknown {
  const node = nodeAt(document, path);
  return (isMap(node) ? node.items.find(({ key }) => keyText(key) === name)?.key : undefined) ?? node;
}
