import { availableParallelism, loadavg } from 'node:os';
import process from 'node:process';
import { freeMemoryBytes, totalMemoryBytes } from '../adapters/files/systemFiles.ts';
import { defaultConfig, type ProjectConfig } from '../core/model/projectConfig.ts';
import { SandboxMode } from '../core/model/sandboxSpec.ts';
import type { EngineOptions } from '../engine/deps.ts';
import { numberFrom } from './numberFrom.ts';

const UNATTENDED_GRACE_MS = 3000;
/** From SIGTERM to SIGKILL (INV-005). */
export const KILL_GRACE_MS = 5000;
const DEFAULT_SANDBOX = 'preferred';
/** What an agent server takes, three times over. */
const SPARE_MEMORY_BYTES = 1.5e9;

/**
 * What holds for all cells of the repository: the settings that were last heeded, the machine, and the environment.
 * @param first null when the settings could not be read
 * @param hasClients somebody is connected at this moment
 */
export function engineOptions(first: ProjectConfig | null, hasClients: () => boolean): EngineOptions {
  let settings = first ?? defaultConfig();
  return {
    heed: (newer) => {
      settings = newer;
    },
    get portRange() {
      return settings.ports;
    },
    get healthEveryMs() {
      return settings.health.everyMs;
    },
    get healthLimitMs() {
      return settings.health.limitMs;
    },
    parallelBoots: availableParallelism(),
    get cellLimit() {
      return settings.cells.limit;
    },
    get cellBytes() {
      return settings.cells.memoryMb * 1e6;
    },
    freeMemoryBytes,
    totalMemoryBytes,
    loadPerCore: () => (loadavg()[0] ?? 0) / availableParallelism(),
    // By default for those who stay: a command that has what it came for gets nothing from a server made after it.
    warmCells: () => settings.cells.warm ?? numberFrom('REACTOR_WARM', hasClients() ? 1 : 0),
    hasMemoryToSpare: () => freeMemoryBytes() > SPARE_MEMORY_BYTES,
    killGraceMs: KILL_GRACE_MS,
    sandbox: SandboxMode.catch(DEFAULT_SANDBOX).parse(process.env['REACTOR_SANDBOX']),
    unattendedGraceMs: numberFrom('REACTOR_UNATTENDED_MS', UNATTENDED_GRACE_MS),
  };
}
