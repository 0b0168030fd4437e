import type { GitRepository } from '../core/ports/git.ts';
import { composeSecretGuard } from './secretGuard.ts';

let guard: ReturnType<typeof composeSecretGuard> | undefined;

/** The repository as hosts show it: diffs with their secrets covered. Whole files stay as they are, since a person may edit them. */
export function withCoveredPatches(repository: GitRepository): GitRepository {
  guard ??= composeSecretGuard();
  const known = guard;
  return {
    ...repository,
    async patch(range, signal) {
      const { text, truncated } = await repository.patch(range, signal);
      return { text: known.redact(text), truncated };
    },
  };
}
