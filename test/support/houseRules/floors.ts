import type { SourceModule } from './sourceModule.ts';

/** Where a file lives: `room` is the folder whose files may freely use each other. */
export interface Place {
  readonly floor: number;
  readonly room: string;
}

/** The house from the ground up; a file may import from lower floors and from its own room. */
const floorOf = new Map([
  ['base', 0],
  ['core', 1],
  ['protocol', 2],
  ['engine', 3],
  ['adapters', 4],
  ['vscode', 5],
  ['cli', 5],
  ['demo', 5],
  ['compose', 6],
]);

/** Files directly in src/, on top of everything. They may import each other. */
const entryFloor = 7;

/** Main files of processes of their own: built without the rest of the house, each makes its own clock. */
const isProcessMain = (path: string): boolean => /^src\/adapters\/.*Main\.ts$/.test(path);

/** @returns undefined for a file in no room of the house */
export function placeOf(path: string): Place | undefined {
  const [top, first, second, third] = path.split('/');
  if (top !== 'src' || first === undefined) return undefined;
  if (second === undefined) return { floor: entryFloor, room: 'src' };
  const floor = floorOf.get(first);
  if (floor === undefined) return undefined;
  if (first === 'adapters') return third === undefined ? undefined : { floor, room: `src/adapters/${second}` };
  return { floor, room: `src/${first}` };
}

function isAllowed(own: Place, target: string): boolean {
  const other = placeOf(target);
  return other !== undefined && (other.room === own.room || other.floor < own.floor);
}

/** Imports that go up, sideways, or out of the house. */
export function floorViolations(modules: readonly SourceModule[]): string[] {
  return modules.flatMap((module) => {
    const own = placeOf(module.path);
    if (own === undefined) return [`${module.path}: is in no room of the house`];
    const wrong = module.imports
      .filter(({ what }) => what.includes('/') && isPath(what) && !isAllowed(own, what))
      .map(({ what, line }) => `${module.path}:${line} imports ${what}`);
    return [...wrong, ...module.computedImports.map(({ line }) => `${module.path}:${line} imports a computed module`)];
  });
}

const isPath = (target: string): boolean =>
  /^(src|test|scripts|webview-ui|media|dist|\.\.)\//.test(target) || /\.(ts|mjs|json)$/.test(target);

/** Packages and Node modules where the rooms do not have them: base, core, protocol and engine know zod only, `vscode` is the host's. */
export function packageViolations(modules: readonly SourceModule[]): string[] {
  return modules.flatMap((module) => {
    const floor = placeOf(module.path)?.floor ?? entryFloor;
    const packages = module.imports.filter(({ what }) => !isPath(what));
    const pure = floor <= 3 ? packages.filter(({ what }) => !isAllowedPackage(floor, what)) : [];
    const isHost = module.path.startsWith('src/vscode/') || module.path === 'src/extension.ts';
    const host = isHost ? [] : packages.filter(({ what }) => what === 'vscode');
    return [...new Set([...pure, ...host])].map(({ what, line }) => `${module.path}:${line} imports ${what}`);
  });
}

const isAllowedPackage = (floor: number, name: string): boolean => floor > 0 && (name === 'zod' || name === 'zod/mini');

/** Import circles, each once, as `a -> b -> a`. Type-only imports count. */
export function circles(modules: readonly SourceModule[]): string[] {
  const byPath = new Map(modules.map((module) => [module.path, module]));
  const done = new Set<string>();
  const found: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path);
    if (start >= 0) found.push([...trail.slice(start), path].join(' -> '));
    if (start >= 0 || done.has(path)) return;
    for (const { what } of byPath.get(path)?.imports ?? []) if (byPath.has(what)) visit(what, [...trail, path]);
    done.add(path);
  };
  for (const { path } of modules) visit(path, []);
  return found;
}

/** Use of the platform's clock, timers and random numbers where a port has to be used. */
export const ambientViolations = (modules: readonly SourceModule[]): string[] =>
  modules
    .filter(({ path }) => !path.startsWith('src/adapters/clock/') && !isProcessMain(path))
    .flatMap(({ path, ambient }) => ambient.map(({ what, line }) => `${path}:${line} uses ${what}`));
