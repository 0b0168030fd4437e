import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'mocha';
import { agentServer } from '../support/editor/agentServer.ts';
import type { HostResult } from '../support/editor/hostResults.ts';
import { hostSession, troubles } from '../support/editor/hostSession.ts';
import { Reactor } from '../support/reactor.ts';
import { plainProject } from '../support/sampleProjects.ts';
import { byWord, tools, write } from '../support/sampleScript.ts';

const SESSION_LIMIT_MS = 200_000;

/** Opens a room, runs suites of test/host/inside in it, and closes it. @returns the result of each test */
async function inRoom(suites: readonly string[], open: (reactor: Reactor) => Promise<string>): Promise<readonly HostResult[]> {
  const reactor = await Reactor.open(
    byWord({
      alpha: tools(write('alpha.txt', 'good\n')),
      beta: (call) => tools(write('beta.txt', call.prompt.includes('louder') ? 'GOOD\n' : 'good\n'))(call),
      gamma: tools(write('gamma.txt', 'good\n')),
    }),
    { REACTOR_UNATTENDED_MS: '60000', ...agentServer() },
  );
  try {
    const scratch = join(reactor.root, 'host');
    return await hostSession({ suites, open: await open(reactor), scratch, env: reactor.env, limitMs: SESSION_LIMIT_MS });
  } finally {
    await reactor.close();
  }
}

describe('In the real extension host', function () {
  this.timeout(SESSION_LIMIT_MS + 60_000);

  describe('with one repository', () => {
    let results: readonly HostResult[] = [];
    before(async () => {
      results = await inRoom(['activation', 'contributions', 'runs', 'settings'], (reactor) => reactor.repository('shop', plainProject()));
    });

    it('the extension is there, and nothing of it is loaded before it is needed', () =>
      assert.deepEqual(troubles(results, 'activation'), []));
    it('each command, setting and view is as package.json says', () => assert.deepEqual(troubles(results, 'contributions'), []));
    it('commands run tasks, and approve, send back and reject what comes of them', () => assert.deepEqual(troubles(results, 'runs'), []));
    it('settings and reactor.yaml are read as they change', () => assert.deepEqual(troubles(results, 'settings'), []));
  });

  describe('with two repositories', () => {
    let results: readonly HostResult[] = [];
    before(async () => {
      results = await inRoom(['twoRepositories'], async (reactor) => {
        const folders = [await reactor.repository('first', plainProject()), await reactor.repository('second', plainProject())];
        const file = join(reactor.root, 'two.code-workspace');
        writeFileSync(file, JSON.stringify({ folders: folders.map((path) => ({ path })) }));
        return file;
      });
    });

    it('each has its own tasks and its own engine', () => assert.deepEqual(troubles(results, 'twoRepositories'), []));
  });
});
