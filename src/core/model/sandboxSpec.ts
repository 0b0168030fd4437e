import { z } from 'zod';

/** required: no cell without the sandbox; preferred: without it only after somebody agreed; off: never. */
export const SandboxMode = z.enum(['required', 'preferred', 'off']);
export type SandboxMode = z.infer<typeof SandboxMode>;

/** What commands in a cell reach: everything, the hosts of a list, or nothing but what runs in the same command. */
export const NetworkMode = z.enum(['open', 'allowlist', 'none']);
export type NetworkMode = z.infer<typeof NetworkMode>;

const limit = z.number().int().positive().nullable().default(null);

/** How much of the machine a cell may use, its agent server included. Null: no limit. */
export const CellLimits = z.object({
  processes: limit,
  /** Of one process. */
  openFiles: limit,
  /** Processors that its commands share. */
  cpus: limit,
  memoryMb: limit,
  /** Of its worktree and its own folder. */
  diskMb: limit,
  files: limit,
});
export type CellLimits = z.infer<typeof CellLimits>;

const setting = z
  .union([z.number().int().positive(), z.literal('none')])
  .nullable()
  .default(null);

/** The same as settings say it: null for what holds by default, `none` for no limit. */
export const CellLimitSettings = z.object({
  processes: setting,
  openFiles: setting,
  cpus: setting,
  memoryMb: setting,
  diskMb: setting,
  files: setting,
});
export type CellLimitSettings = z.infer<typeof CellLimitSettings>;

/** The boundary that a run asks for. */
export const SandboxSpec = z.object({
  mode: SandboxMode.default('off'),
  /** What happens with `preferred` where the sandbox does not work: a person is asked, or it was allowed in writing. */
  unsandboxed: z.enum(['ask', 'allow']).default('ask'),
  network: NetworkMode.default('open'),
  /** With `allowlist`: `host`, `*.domain` or `host:port`. */
  hosts: z.array(z.string()).default([]),
  /** Absolute paths, or such that begin with ~/, that are readable though they would be hidden. */
  read: z.array(z.string()).default([]),
  /** The same, writable. */
  write: z.array(z.string()).default([]),
  limits: CellLimitSettings.prefault({}),
});
export type SandboxSpec = z.infer<typeof SandboxSpec>;

/** The permission that a run without a sandbox needs where one was preferred. */
export const UNSANDBOXED = 'unsandboxed';
