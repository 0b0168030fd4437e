/** A path whose part below a folder was read as `latin1`, byte for byte. */
export const rawPath = (folder: string, below: string): Buffer => Buffer.concat([Buffer.from(`${folder}/`), Buffer.from(below, 'latin1')]);

/** The `code` of a Node file system error, or undefined for anything else thrown. */
export const errorCode = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;

/** For `catch`: null when the file is not there (or a parent is no folder), otherwise throws on. */
export const nullIfMissing = (error: unknown): null => {
  const code = errorCode(error);
  if (code === 'ENOENT' || code === 'ENOTDIR') return null;
  throw error;
};

/** For `catch`: null for whatever a file system answers, otherwise throws on. */
export const nullIfCoded = (error: unknown): null => {
  if (errorCode(error) !== undefined) return null;
  throw error;
};
