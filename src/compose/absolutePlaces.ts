import { isAbsolute, resolve, sep } from 'node:path';

const FILES = ['OPENCODE_CONFIG', 'OPENCODE_CONFIG_DIR', 'OPENCODE_MODELS_PATH'];
/** Without a separator they are looked for on PATH. */
const PROGRAMS = ['REACTOR_OPENCODE', 'REACTOR_BWRAP'];

/** The environment for a process in another folder, with what names files of `folder` still naming them there. */
export function absolutePlaces(env: NodeJS.ProcessEnv, folder: string): NodeJS.ProcessEnv {
  const absolute: NodeJS.ProcessEnv = { ...env };
  for (const name of [...FILES, ...PROGRAMS]) {
    const place = env[name];
    const isPlace = place !== undefined && place !== '' && (FILES.includes(name) || place.includes('/') || place.includes(sep));
    if (isPlace) absolute[name] = resolve(folder, place);
  }
  const content = env['OPENCODE_CONFIG_CONTENT'];
  if (content !== undefined)
    absolute['OPENCODE_CONFIG_CONTENT'] = content.replace(/\{file:([^}]+)\}/g, (_all, file) => reference(file, folder));
  return absolute;
}

/** A reference to a file inside of JSON. */
function reference(file: string, folder: string): string {
  const path = file.trim();
  const place = isAbsolute(path) || path.startsWith('~/') ? path : JSON.stringify(resolve(folder, path)).slice(1, -1);
  return `{file:${place}}`;
}
