/** A secret of this machine: its value, and the name that people know it by. */
export interface KnownSecret {
  readonly name: string;
  readonly value: string;
}

const NAMED_SECRET =
  /(?:^|_)(?:API_?KEY|ACCESS_?KEY|SECRET_?KEY|PRIVATE_?KEY|TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|CREDENTIALS?|PAT)(?:_|$)|(?:KEY|TOKEN)$/i;
/** Named like a secret, and none. */
const NO_SECRET = /^(?:GPG_|SSH_)?(?:AGENT|AUTH_SOCK)|(?:_ID|_FILE|_PATH|_URL|_DIR|_NAME|_TYPE|_EXPIRES?(?:_\w+)?|_MONKEY)$/i;
const MIN_LENGTH = 12;

/** Values that stand for nothing secret: paths, numbers, words, addresses. */
const isOrdinary = (value: string): boolean =>
  value.length < MIN_LENGTH ||
  /^[~./]/.test(value) ||
  /^[\d.,:-]+$/.test(value) ||
  /^[a-z]+(?:[ _-][a-z]+)*$/i.test(value) ||
  new Set(value).size < 6;

/** What an environment holds of secrets: by the names of its variables, leaving out values that are plainly none. */
export const secretsOfEnvironment = (env: Readonly<Record<string, string | undefined>>): KnownSecret[] =>
  Object.entries(env).flatMap(([name, value]) =>
    value === undefined || !NAMED_SECRET.test(name) || NO_SECRET.test(name) || isOrdinary(value.trim())
      ? []
      : [{ name, value: value.trim() }],
  );

const KEY_FIELD = /^(?:key|apiKey|api_key|access|refresh|token|secret|password|authorization|x-api-key)$/i;

/** Secrets in a tree of settings, by the names of its fields: stored logins, providers with a key written out. */
export function secretsOfSettings(value: unknown, name: string): KnownSecret[] {
  if (value === null || typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([field, inside]): KnownSecret[] => {
    if (typeof inside !== 'string') return secretsOfSettings(inside, name);
    return KEY_FIELD.test(field) && !inside.includes('{env:') && !inside.includes('{file:') && !isOrdinary(inside)
      ? [{ name, value: inside.replace(/^Bearer /i, '') }]
      : [];
  });
}
