import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ConfigTree } from './configTree.ts';

/**
 * A sandboxed server starts in `/`: where it starts its runtime (Bun) looks for a `tsconfig.json` for as long as it lives, and would load the code that the
 * repository's leads to into the server, beside its keys. This plugin of Reactor's own brings it to its worktree, before the first conversation.
 * @param home the cell's folder; the file is written where nothing in the cell can change it.
 * @returns the configuration with the plugin before all others.
 */
export function withArrival(config: ConfigTree, home: string, worktree: string): ConfigTree {
  const folder = join(home, 'config');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, 'arrival.mjs');
  writeFileSync(file, `process.chdir(${JSON.stringify(worktree)});\nexport const Arrival = async () => ({});\n`);
  const others: unknown[] = Array.isArray(config['plugin']) ? config['plugin'] : [];
  return { ...config, plugin: [`file://${file}`, ...others] };
}
