import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { inputSchema } from '../src/core/model/configSchema.ts';
import { ProjectConfig } from '../src/core/model/projectConfig.ts';

/** The JSON schema of reactor.yaml as text, for editors. */
export const schemaText = (): string =>
  `${JSON.stringify({ title: 'Reactor settings (reactor.yaml)', ...inputSchema(ProjectConfig) }, null, 2)}\n`;

/** Writes the JSON schema; a reader never sees half of it. */
export function writeSchema(path: string): void {
  mkdirSync(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}.tmp`;
  writeFileSync(temporary, schemaText());
  renameSync(temporary, path);
}
