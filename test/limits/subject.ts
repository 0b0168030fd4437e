import { spawn } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';
import { systemClock } from '../../src/adapters/clock/systemClock.ts';
import { createControlGroups } from '../../src/adapters/processes/controlGroups.ts';
import { createProcesses } from '../../src/adapters/processes/processes.ts';
import type { Log } from '../../src/base/log.ts';
import { CellLimits } from '../../src/core/model/sandboxSpec.ts';
import { CELL_MARKER, type ControlGroup } from '../../src/core/ports/processes.ts';
import type { Request } from './hierarchy.ts';

// Does with the real adapter what the engine does, as it is told.
const log: Log = {
  log(level, message, fields) {
    if (level === 'error') process.stderr.write(`${message} ${JSON.stringify(fields)}\n`);
  },
};
const groups = createControlGroups({ clock: systemClock, log });
const processes = createProcesses({ clock: systemClock, log, groups });
const CELL = `limits-${process.pid}`;
/** Longer than a test waits. */
const GRACE_MS = 3_600_000;
const cells = new Map<number, ControlGroup>();

async function answer(request: Request): Promise<unknown> {
  if (request.kind === 'controllers') return groups.controllers();
  if (request.kind === 'start') {
    const group = groups.open({ ...CellLimits.parse({}), ...request.limits });
    const [program, ...args] = [...(group?.enter ?? []), '/bin/sh', '-c', `echo in; ${request.script}`];
    const child = spawn(program, args, {
      detached: true,
      stdio: ['ignore', 'pipe', 'ignore'],
      env: { ...process.env, [CELL_MARKER]: CELL },
    });
    await once(child.stdout, 'data');
    if (group !== null) cells.set(child.pid ?? 0, group);
    // As for an agent server.
    child.once('exit', () => void group?.end(GRACE_MS));
    return child.pid;
  }
  if (request.kind === 'adopt') {
    const group = groups.of(request.pid);
    if (group !== null) cells.set(request.pid, group);
    return group !== null;
  }
  if (request.kind === 'endCell') {
    const leader = processes.identify(request.pid);
    return processes.endCell(CELL, leader, GRACE_MS);
  }
  const group = cells.get(request.pid);
  if (request.kind === 'memoryAtKill') return group?.memoryAtKill() ?? null;
  if (request.kind === 'lost') return group?.takeLostLimits() ?? [];
  await group?.end(0);
  return true;
}

process.on('message', (request: Request) => {
  void answer(request).then((value) => process.send?.(value ?? null));
});
