import { parseDocument } from 'yaml';
import { UserFacingError } from '../../base/userFacingError.ts';

/** The text of a reactor.yaml with one setting set, comments and order kept. @throws UserFacingError `configuration` when it can't be read */
export function withSetting(text: string, path: readonly string[], value: string | number): string {
  const document = parseDocument(text);
  if (document.errors.length > 0) {
    throw new UserFacingError('configuration', 'reactor.yaml has errors. Correct them first; nothing was changed.');
  }
  document.setIn(path, value);
  return document.toString({ lineWidth: 0 });
}
