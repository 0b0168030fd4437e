const WORDS: Readonly<Record<string, string>> = {
  ENOSPC: 'a disk is full',
  EDQUOT: 'a disk quota is used up',
  EROFS: 'a file system is read-only',
};

/** What a file system that takes nothing more says, in words; null when an error is none of its. */
export function volumeWords(error: unknown): string | null {
  return error instanceof Error && 'code' in error ? (WORDS[String(error.code)] ?? null) : null;
}
