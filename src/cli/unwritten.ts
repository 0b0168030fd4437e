import { UserFacingError } from '../base/userFacingError.ts';
import { volumeWords } from '../base/volumeWords.ts';

/** @param what could not be written, at the beginning of a sentence. @param left what that means for what was there before */
export function unwritten(what: string, error: unknown, left = 'What is there is not complete.'): UserFacingError {
  return new UserFacingError('environment', `${what} could not be written: ${reason(error)}. ${left}`, {
    cause: error,
    actions: ['make room there, or write to another place'],
  });
}

function reason(error: unknown): string {
  const words = volumeWords(error);
  if (words !== null) return words;
  return error instanceof Error ? error.message : String(error);
}
