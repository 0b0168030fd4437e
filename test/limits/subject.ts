import { spawn } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';
import { systemClock } from '../../src/adapters/clock/systemClock.ts';
import { createControlGroups } from '../../src/adapters/processes/controlGroups.ts';
import { CellLimits } from '../../src/core/model/sandboxSpec.ts';
import type { ControlGroup } from '../../src/core/ports/processes.ts';
import type { Request } from './hierarchy.ts';

// Does with the real adapter what the engine does, as it is told.
const log = {
  log: (level: string, message: string, fields?: unknown) => process.stderr.write(`${level} ${message} ${JSON.stringify(fields)}\n`),
};
const groups = createControlGroups({ clock: systemClock, log });
const cells = new Map<number, ControlGroup>();

async function answer(request: Request): Promise<unknown> {
  if (request.kind === 'controllers') return groups.controllers();
  if (request.kind === 'start') {
    const group = groups.open({ ...CellLimits.parse({}), ...request.limits });
    const [program, ...args] = [...(group?.enter ?? []), '/bin/sh', '-c', `echo in; ${request.script}`];
    const child = spawn(program, args, { detached: true, stdio: ['ignore', 'pipe', 'ignore'] });
    await once(child.stdout, 'data');
    if (group !== null) cells.set(child.pid ?? 0, group);
    return child.pid;
  }
  if (request.kind === 'adopt') {
    const group = groups.of(request.pid);
    if (group !== null) cells.set(request.pid, group);
    return group !== null;
  }
  const group = cells.get(request.pid);
  if (request.kind === 'memoryAtKill') return group?.memoryAtKill() ?? null;
  await group?.end();
  return true;
}

process.on('message', (request: Request) => {
  void answer(request).then((value) => process.send?.(value ?? null));
});
