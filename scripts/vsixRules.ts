import { posix } from 'node:path';

/** A file of a package; paths of the extension's own begin with `extension/`. */
export interface VsixFile {
  readonly path: string;
  readonly content: Uint8Array;
}

const maxBytes = 2 * 1024 * 1024;

/** Everything that may be in a package. */
const expected: readonly RegExp[] = [
  /^\[Content_Types\]\.xml$/,
  /^extension\.vsixmanifest$/,
  /^extension\/(package\.json|readme\.md|changelog\.md|LICENSE\.txt)$/i,
  /^extension\/dist\/extension\.cjs$/,
  /^extension\/dist\/[\w.-]+\.mjs$/,
  /^extension\/dist\/reactor\.schema\.json$/,
  /^extension\/dist\/webview\/[\w.-]+\.(js|css|ttf)$/,
  /^extension\/media\/[\w./-]+\.(svg|png|md)$/,
];

const required = ['package.json', 'dist/extension.cjs', 'dist/host.mjs', 'dist/cli.mjs', 'dist/warden.mjs', 'dist/webview/panel.js'];

const textOf = ({ content }: VsixFile): string => new TextDecoder().decode(content);

/**
 * What is wrong with a package: files nobody expects, files that are missing though the manifest or another file names them, its size.
 * @param sizeBytes of the whole compressed package
 */
export function packagingProblems(files: readonly VsixFile[], sizeBytes: number): string[] {
  const paths = new Set(files.map(({ path }) => path));
  const unexpected = files.filter(({ path }) => !expected.some((pattern) => pattern.test(path))).map(({ path }) => `not expected: ${path}`);
  const named = new Set([...required.map((path) => `extension/${path}`), ...manifestFiles(files), ...importedFiles(files)]);
  const missing = [...named].filter((path) => !paths.has(path)).map((path) => `missing: ${path}`);
  const size = sizeBytes > maxBytes ? [`too large: ${sizeBytes} bytes, at most ${maxBytes}`] : [];
  return [...unexpected, ...missing, ...size];
}

/** Files that package.json names: the entry, icons, pages of the walkthrough. */
function manifestFiles(files: readonly VsixFile[]): string[] {
  const manifest = files.find(({ path }) => path === 'extension/package.json');
  if (manifest === undefined) return [];
  const named: string[] = [];
  JSON.parse(textOf(manifest), (_key, value: unknown) => {
    if (typeof value === 'string' && /^(\.\/)?(media|dist)\/[\w./-]+$/.test(value)) named.push(posix.join('extension', value));
    return value;
  });
  return named;
}

/** Files that a bundle imports. They lie beside it and end as it does; other paths in its text are those of comments and samples. */
function importedFiles(files: readonly VsixFile[]): string[] {
  const bundles = files.filter(({ path }) => /^extension\/dist\/.*\.(mjs|cjs|js)$/.test(path));
  return bundles.flatMap((bundle) => {
    const extension = bundle.path.startsWith('extension/dist/webview/') ? 'js' : 'mjs';
    const found = textOf(bundle).matchAll(new RegExp(`(?:from\\s*|import\\s*\\(?\\s*)["']\\./([\\w-]+\\.${extension})["']`, 'g'));
    return [...found].map((match) => posix.join(posix.dirname(bundle.path), match[1] ?? ''));
  });
}
