import type { z } from 'zod';
import { nearest } from '../../base/nearest.ts';
import { UserFacingError } from '../../base/userFacingError.ts';
import { groupWith, settingNames } from '../../core/model/configSchema.ts';
import { settingPhrase } from './settingPhrases.ts';
import { type Problem, parseYaml, type YamlSource } from './yamlSource.ts';

/** Told at most. */
const MAX_PROBLEMS = 20;
/** Located at most: finding a place takes time in proportion to the file. */
const MAX_LOOKED_AT = 100;

/** `tasks[2].include[0]`, as people write it. */
const pathText = (path: readonly PropertyKey[]): string =>
  path.reduce<string>(
    (text, step) => (typeof step === 'number' ? `${text}[${step}]` : `${text}${text === '' ? '' : '.'}${String(step)}`),
    '',
  );

/** @param file how the file is called in messages. @throws UserFacingError('configuration') always */
export function throwProblems(file: string, problems: readonly Problem[], path = file): never {
  const sorted = [...problems].sort((a, b) => a.line - b.line || a.column - b.column);
  const lines = sorted.slice(0, MAX_PROBLEMS).map(({ line, column, message }) => `${file}:${line}:${column}: ${message}`);
  if (sorted.length > MAX_PROBLEMS) lines.push('… and more');
  throw new UserFacingError('configuration', lines.join('\n'), { actions: [`correct ${path} and try again`] });
}

/**
 * Reads settings from YAML by a schema of an object. An empty document counts as an empty object.
 * @param file how messages call the file, and `path` where it is
 * @param below fills up what was written, once that is known to be right, by settings that are right as well
 * @throws UserFacingError('configuration') that lists what is wrong, each with line and column, in the order of the file
 */
export function parseSettings<S extends z.ZodType>(
  schema: S,
  text: string,
  file: string,
  path = file,
  below?: (written: unknown) => unknown,
): z.output<S> {
  const parsed = parseYaml(text);
  if ('problems' in parsed) return throwProblems(file, parsed.problems, path);
  const { source } = parsed;
  const result = schema.safeParse(source.data ?? {}, { error: settingPhrase });
  if (result.success) return below === undefined ? result.data : schema.parse(below(source.data ?? {}));
  // At one place, a misspelled name before the one that is missing because of it.
  const unknownFirst = result.error.issues.toSorted(
    (a, b) => Number(b.code === 'unrecognized_keys') - Number(a.code === 'unrecognized_keys'),
  );
  const problems = unknownFirst.slice(0, MAX_LOOKED_AT).flatMap((issue) => issueProblems(schema, source, issue));
  return throwProblems(file, problems, path);
}

function issueProblems(schema: z.ZodType, source: YamlSource, issue: z.core.$ZodIssue): Problem[] {
  const { path, message } = issue;
  if (issue.code === 'unrecognized_keys') {
    return issue.keys
      .slice(0, MAX_LOOKED_AT)
      .map((key) => ({ ...source.placeOfKey(path, key), message: unknownSetting(schema, path, key) }));
  }
  if (path.length === 0) return [{ ...source.placeOf(path), message: 'the file must hold settings, one "name: value" per line' }];
  const name = JSON.stringify(pathText(path));
  return [{ ...source.placeOf(path), message: /^(must|is) /.test(message) ? `${name} ${message}` : `${name}: ${message}` }];
}

function unknownSetting(schema: z.ZodType, path: readonly PropertyKey[], key: string): string {
  const within = path.length === 0 ? '' : ` of ${JSON.stringify(pathText(path))}`;
  const near = nearest(key, settingNames(schema, path));
  const group = near === null && path.length === 0 ? groupWith(schema, key) : null;
  const hint =
    near !== null ? `; did you mean ${JSON.stringify(near)}?` : group !== null ? `; it belongs below ${JSON.stringify(group)}` : '';
  return `${JSON.stringify(key)} is not a setting${within}${hint}`;
}
