import type { ProjectConfig } from '../model/projectConfig.ts';
import type { RunRequest } from '../model/runRequest.ts';
import type { SandboxMode } from '../model/sandboxSpec.ts';
import type { TaskEntry } from '../model/taskEntry.ts';

/** What a file of settings takes from the boundary of cells that would hold without it. */
export interface Loosened {
  readonly file: string;
  /** As they stand there, such as `sandbox: off`. */
  readonly settings: readonly string[];
}

interface LoosenedSources {
  readonly request: Pick<RunRequest, 'sandbox' | 'network' | 'task'>;
  readonly entry: Pick<Partial<TaskEntry>, 'sandbox'>;
  readonly config: Pick<ProjectConfig, 'sandbox' | 'unsandboxed' | 'files' | 'hosts' | 'cellLimits'>;
  /** What holds on this machine for the sandbox where nobody says otherwise. */
  readonly machine: SandboxMode;
}

const STRENGTH: Readonly<Record<SandboxMode, number>> = { off: 0, preferred: 1, required: 2 };
/** By their names in the file. */
const LIMITS = ['memoryMb', 'processes', 'cpus', 'diskMb', 'files', 'openFiles'] as const;

/** The settings of a file that loosen the boundary of a run's cell, in words of the file. What a person asks for on the command line is theirs. */
export function loosenedBy({ request, entry, config, machine }: LoosenedSources): string[] {
  const { sandbox = machine } = { ...config, ...(entry.sandbox === undefined ? {} : { sandbox: entry.sandbox }) };
  const mode = request.sandbox ?? sandbox;
  const weaker = request.sandbox === undefined && STRENGTH[sandbox] < STRENGTH[machine];
  const key = entry.sandbox === undefined ? 'sandbox' : `tasks.${request.task}.sandbox`;
  const off = weaker ? [`${key}: ${sandbox}`] : [];
  if (mode === 'off') return off;
  const listed = (name: string, values: readonly string[]): string[] => (values.length === 0 ? [] : [`${name}: ${values.join(', ')}`]);
  return [
    ...off,
    ...(mode === 'preferred' && config.unsandboxed === 'allow' ? ['unsandboxed: allow'] : []),
    // A list that the file itself asks for is no wider than what holds without it.
    ...(request.network === 'allowlist' ? listed('hosts', config.hosts) : []),
    ...listed('files.read', config.files.read),
    ...listed('files.write', config.files.write),
    ...LIMITS.filter((name) => config.cellLimits[name] === 'none').map((name) => `limits.${name}: none`),
  ];
}

/** For people: `reactor.yaml loosens the boundary of cells: sandbox: off`. */
export const loosenedText = ({ file, settings }: Loosened): string => `${file} loosens the boundary of cells: ${settings.join('; ')}`;
