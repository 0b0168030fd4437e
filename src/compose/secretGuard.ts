import process from 'node:process';
import { sha256 } from '../adapters/journal/sha256.ts';
import { readUserConfig } from '../adapters/opencode/userConfig.ts';
import { type KnownSecret, secretsOfEnvironment, secretsOfSettings } from '../core/policy/secrets/knownSecrets.ts';
import { SecretGuard } from '../core/policy/secrets/secretGuard.ts';

/** Knows the secrets of the environment and, for the engine, the keys that the user's OpenCode has stored. */
export const composeSecretGuard = (): SecretGuard => new SecretGuard([...secretsOfEnvironment(process.env), ...storedKeys()], sha256);

function storedKeys(): KnownSecret[] {
  try {
    const { auth, config } = readUserConfig(process.env);
    const logins: unknown = auth === null ? {} : JSON.parse(auth);
    return [...secretsOfSettings(logins, 'stored key'), ...secretsOfSettings(config, 'configured key')];
  } catch {
    // A file that can't be read is told to the person where it is needed: at the start of an agent server.
    return [];
  }
}
