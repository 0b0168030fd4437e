import { type AddedSecret, addedSecretText } from '../policy/secrets/addedSecrets.ts';

const MOST_NAMED = 5;

/** Where the secrets are, for people and for an agent, such as `src/a.ts:3 (GitHub token) and 2 more`. */
export function secretPlaces(secrets: readonly AddedSecret[]): string {
  const named = secrets.slice(0, MOST_NAMED).map(addedSecretText).join(', ');
  return secrets.length > MOST_NAMED ? `${named} and ${secrets.length - MOST_NAMED} more` : named;
}

/** What an agent is told of a candidate with secrets in it. */
export const secretFeedback = (secrets: readonly AddedSecret[]): string =>
  `They would commit what looks like a secret: ${secretPlaces(secrets)}. Take it out: read it from the environment or from a file that git ignores, or use a value that is plainly made up.`;

/** Why a run ends that could not do without them, and how a person may allow each of them. */
export const secretRefusal = (secrets: readonly AddedSecret[]): string =>
  `a secret would be committed: ${secretPlaces(secrets)}; if it is none, list it in reactor.yaml under secrets.allow: ${[...new Set(secrets.slice(0, MOST_NAMED).map(({ id }) => id))].join(', ')}`;
