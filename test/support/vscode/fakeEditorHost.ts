import { parseTasks } from '../../../src/adapters/project/tasksFile.ts';
import { toDisposable } from '../../../src/base/lifecycle.ts';
import { silentLog } from '../../../src/base/log.ts';
import { editorSettings } from '../../../src/compose/editorSettings.ts';
import { defaultConfig } from '../../../src/core/model/projectConfig.ts';
import type { FileChange } from '../../../src/core/ports/git.ts';
import type { EditorHost } from '../../../src/vscode/editorHost.ts';
import type { FakeEngine } from '../cli/fakeEngine.ts';
import { readerOf } from '../cli/fakeHost.ts';
import { ManualClock } from '../cli/manualClock.ts';

/** The world around the editor, good by default: a repository at /repository with a fake engine. */
export class FakeEditorWorld {
  readonly clock = new ManualClock(60_000);
  readonly engine: FakeEngine;
  /** Content by `tree:path`. */
  readonly files = new Map<string, string | Uint8Array>();
  /** Changed files by tree. */
  readonly changed = new Map<string, readonly FileChange[]>();
  /** Bytes of blobs; of all others one. */
  readonly sizes = new Map<string, number>();
  readonly connects: string[] = [];
  /** What the editor's settings say of money, by folder. */
  readonly heldMoney = new Map<string, unknown>();
  watchers = new Set<() => void>();
  hasEngine = true;

  constructor(engine: FakeEngine) {
    this.engine = engine;
  }

  host(change: Partial<EditorHost> = {}): EditorHost {
    return {
      person: 'ann',
      clock: this.clock,
      log: silentLog,
      connect: (_, { start, attends }) => {
        this.connects.push(start);
        return Promise.resolve(this.hasEngine || start === 'always' ? this.engine.connect(attends) : null);
      },
      reader: () => Promise.resolve(readerOf(this.engine)),
      readOnly: () => Promise.resolve(null),
      watchJournal: (_, changed) => {
        this.watchers.add(changed);
        return Promise.resolve(toDisposable(() => this.watchers.delete(changed)));
      },
      facts: (folder) =>
        Promise.resolve({ commonDir: `${folder}/.git`, topLevel: folder, prefix: '', branch: 'main', head: 'b'.repeat(40) }),
      dataFolder: () => Promise.resolve('/data'),
      readFile: (_, tree, path) => {
        const content = this.files.get(`${tree}:${path}`) ?? null;
        return Promise.resolve(typeof content === 'string' ? new TextEncoder().encode(content) : content);
      },
      blobSizes: (_, blobs) => Promise.resolve(new Map(blobs.map((oid) => [oid, this.sizes.get(oid) ?? 1]))),
      changes: (_, __, to) => Promise.resolve(this.changed.get(to) ?? []),
      patch: () => Promise.resolve({ text: '', truncated: false }),
      config: () => Promise.resolve({ config: defaultConfig(), file: null }),
      holdMoney: (folder, money) => {
        this.heldMoney.set(folder, money);
        return Promise.resolve();
      },
      hostGrants: () => Promise.reject(new Error('no hosts are kept here')),
      detectTest: () => Promise.resolve({ command: 'npm test', source: 'package.json scripts.test' }),
      ...editorSettings,
      readTasks: async (text, file, folder) => parseTasks(text, file, folder),
      locateAgentServer: () => Promise.resolve({ path: '/bin/opencode', version: '1.18.33' }),
      doctor: () => Promise.resolve('✓ git 2.39.5\n'),
      serverLog: (home) => `${home}/../server.log`,
      ...change,
    };
  }
}

/** Lets everything that is ready happen. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
