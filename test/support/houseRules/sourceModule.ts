import { globSync, readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { parseSync, Visitor } from 'oxc-parser';

/** A piece of syntax the rules care about, with the line it stands on. */
export interface Found {
  readonly what: string;
  readonly line: number;
}

/** One source file as the rules see it. Paths are relative to the repository, with `/`. */
export interface SourceModule {
  readonly path: string;
  readonly lineCount: number;
  /** Every module it names: static, type-only, re-exported and dynamic imports. Relative ones are resolved to paths. */
  readonly imports: readonly Found[];
  /** Imports whose target is computed, so that nobody can check it. */
  readonly computedImports: readonly Found[];
  readonly hasDefaultExport: boolean;
  /** Clock and randomness taken from the platform: `Date.now`, `new Date()`, `setTimeout`, `Math.random`, … */
  readonly ambient: readonly Found[];
  /** `it.only`, `describe.skip`, `xit`, `this.skip()`, … */
  readonly switchedOff: readonly Found[];
  /** Texts given to `describe` and `it`. */
  readonly testTitles: readonly string[];
}

const resolve = (path: string, specifier: string): string =>
  specifier.startsWith('.') ? join(dirname(path), specifier).split(sep).join('/') : specifier;

const ambientCalls = new Set(['setTimeout', 'setInterval', 'Date', 'Date.now', 'Math.random', 'performance.now']);
const ambientModules = new Set(['node:timers', 'node:timers/promises', 'timers', 'timers/promises']);
const suiteFunctions = new Set(['describe', 'context', 'it', 'specify']);
const switchedOffCall = /^(x(describe|context|it|specify)|(describe|context|it|specify)\.(only|skip)|this\.skip)$/;

interface Node {
  readonly type: string;
  readonly [key: string]: unknown;
}

/** `a.b` for an identifier or a member of one; `globalThis.` is dropped; otherwise empty. */
function dottedName(node: Node): string {
  if (node.type === 'Identifier') return String(node.name);
  if (node.type === 'ThisExpression') return 'this';
  if (node.type !== 'MemberExpression' || node.computed === true) return '';
  const object = dottedName(node.object as Node);
  const property = String((node.property as Node).name);
  return object === 'globalThis' ? property : object === '' ? '' : `${object}.${property}`;
}

function literalText(node: Node | undefined): string | undefined {
  if (node?.type === 'Literal' && typeof node.value === 'string') return node.value;
  if (node?.type !== 'TemplateLiteral') return undefined;
  return (node.quasis as { value: { raw: string } }[]).map((part) => part.value.raw).join('…');
}

/** Reads one file's syntax. @throws Error when it does not parse */
export function parseModule(path: string, text: string): SourceModule {
  const { program, module, errors } = parseSync(path, text);
  if (errors.length > 0) throw new Error(`${path} does not parse: ${errors[0]?.message}`);
  const lineAt = (offset: number) => text.slice(0, offset).split('\n').length;
  const imports: Found[] = [];
  const computedImports: Found[] = [];
  const ambient: Found[] = [];
  const switchedOff: Found[] = [];
  const testTitles: string[] = [];
  const note = (list: Found[], what: string, node: { readonly start: number }) => list.push({ what, line: lineAt(node.start) });
  const noteImport = (source: unknown, node: { readonly start: number }) => {
    const specifier = literalText(source as Node | undefined);
    if (specifier === undefined) note(computedImports, 'import()', node);
    else note(imports, resolve(path, specifier), node);
    if (specifier !== undefined && ambientModules.has(specifier)) note(ambient, specifier, node);
  };
  const noteCall = (node: { readonly start: number; callee: unknown; arguments: unknown }) => {
    const name = dottedName(node.callee as Node);
    if (ambientCalls.has(name)) note(ambient, name, node);
    if (switchedOffCall.test(name)) note(switchedOff, name, node);
    const title = literalText((node.arguments as Node[])[0]);
    if (suiteFunctions.has(name) && title !== undefined) testTitles.push(title);
    if (name === 'require') noteImport((node.arguments as Node[])[0], node);
  };
  new Visitor({
    ImportDeclaration: (node) => noteImport(node.source, node),
    ExportAllDeclaration: (node) => noteImport(node.source, node),
    ExportNamedDeclaration: (node) => {
      if (node.source !== null) noteImport(node.source, node);
    },
    ImportExpression: (node) => noteImport(node.source, node),
    TSImportType: (node) => noteImport(node.source, node),
    CallExpression: (node) => noteCall(node),
    NewExpression: (node) => {
      if (dottedName(node.callee as unknown as Node) === 'Date' && node.arguments.length === 0) note(ambient, 'new Date()', node);
    },
  }).visit(program);
  return {
    path,
    lineCount: text.trimEnd().split('\n').length,
    imports,
    computedImports,
    hasDefaultExport: module.staticExports.some((statement) => statement.entries.some((entry) => entry.exportName.kind === 'Default')),
    ambient,
    switchedOff,
    testTitles,
  };
}

/** Reads every TypeScript file below a folder of the repository. */
export const readModules = (root: string, folder: string): SourceModule[] =>
  globSync(`${folder}/**/*.{ts,tsx,mts}`, { cwd: root })
    .sort()
    .map((file) => parseModule(relative(root, join(root, file)).split(sep).join('/'), readFileSync(join(root, file), 'utf8')));
