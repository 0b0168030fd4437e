import type { ProjectConfig } from '../model/projectConfig.ts';
import type { RunRequest } from '../model/runRequest.ts';
import { entryOf } from './resolveSpec.ts';

/** When a run may start and which ports its app gets: the request counts first, then the task's entry in reactor.yaml, then the rest of it. */
export function resolveTurn(
  request: RunRequest,
  config: ProjectConfig,
): { readonly after: readonly string[]; readonly priority: number; readonly ports: number } {
  const entry = entryOf(request, config);
  return {
    after: request.after ?? entry.after ?? [],
    priority: request.priority ?? entry.priority ?? 0,
    ports: request.ports ?? entry.ports ?? config.cells.ports,
  };
}
