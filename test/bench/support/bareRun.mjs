// The bare steps of the main job, one after another, as one would write them by hand:
// node bareRun.mjs REPOSITORY WORKTREE BRANCH PROMPT TEST OPENCODE
// in the environment of the server. Prints a line `NAME MILLISECONDS` for each step that is done.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import process from 'node:process';

const [repository, worktree, branch, prompt, test, openCode] = process.argv.slice(2);
const started = performance.now();
const done = (name) => process.stdout.write(`${name} ${Math.round(performance.now() - started)}\n`);

async function run(program, args, cwd) {
  const child = spawn(program, args, { cwd, stdio: 'ignore' });
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${code}`);
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

const add = ['worktree', 'add', '--quiet', '--no-track', '-b', branch, worktree, 'HEAD'];
const lock = process.env.BARE_LOCK;
if (lock === undefined) await run('git', add, repository);
else {
  // Side by side some would fail: git's own locking of worktree add has races. The files are written outside the lock.
  await run('flock', [lock, 'git', ...add.toSpliced(2, 0, '--no-checkout')], repository);
  await run('git', ['reset', '--hard', '--quiet'], worktree);
}
done('worktree');

const port = await freePort();
const server = spawn(openCode, ['serve', '--hostname', '127.0.0.1', '--port', String(port)], {
  cwd: worktree,
  detached: true,
  stdio: ['ignore', 'pipe', 'inherit'],
});
const exited = once(server, 'exit');
try {
  let printed = '';
  for await (const chunk of server.stdout.setEncoding('utf8').iterator({ destroyOnReturn: false })) {
    printed += chunk;
    if (printed.includes('opencode server listening on')) break;
  }
  server.stdout.resume();
  done('listening');
  const headers = {
    authorization: `Basic ${Buffer.from(`opencode:${process.env.OPENCODE_SERVER_PASSWORD}`).toString('base64')}`,
    'content-type': 'application/json',
  };
  const call = async (method, path, body) => {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, { method, headers, body: body && JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  };
  while ((await call('GET', '/global/health')).healthy !== true) await new Promise((resolve) => setTimeout(resolve, 50));
  done('healthy');
  const session = await call('POST', '/session', { title: 'bare' });
  done('session');
  await call('POST', `/session/${session.id}/message`, { parts: [{ type: 'text', text: prompt }] });
  done('turn');
  await run('/bin/sh', ['-c', test], worktree);
  done('test');
  await run('git', ['add', '--all'], worktree);
  await run('git', ['commit', '--quiet', '--message', 'Bare'], worktree);
  done('commit');
} finally {
  process.kill(-server.pid, 'SIGTERM');
  await exited;
}
done('killed');
