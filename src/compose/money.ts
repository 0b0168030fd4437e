import { dirname, join } from 'node:path';
import process from 'node:process';
import { systemClock } from '../adapters/clock/systemClock.ts';
import { createWebhook } from '../adapters/http/webhook.ts';
import { openSpending } from '../adapters/journal/openSpending.ts';
import { readUserMoney } from '../adapters/project/userMoney.ts';
import type { Disposable } from '../base/lifecycle.ts';
import { localDay } from '../base/localDay.ts';
import type { Log } from '../base/log.ts';
import type { ProcessIdentity } from '../core/ports/processes.ts';
import type { MoneyDeps } from '../engine/deps.ts';
import type { Home } from './home.ts';

const NOTICE = { timeoutMs: 10_000, firstRetryMs: 1000, tries: 6, most: 50 };

/** Money of all repositories of a person, beside their data folders. */
export function composeMoney(options: {
  readonly home: Home;
  readonly log: Log;
  readonly self: ProcessIdentity;
  readonly isAlive: (process: ProcessIdentity) => boolean;
}): MoneyDeps & Disposable {
  const { home, log, self, isAlive } = options;
  const folder = dirname(home.dataFolder);
  const spending = openSpending({
    file: join(folder, 'spending.db'),
    repository: home.repository.facts.commonDir,
    process: self,
    isAlive,
    now: () => systemClock.now(),
  });
  const notifier = createWebhook({ clock: systemClock, log, env: process.env, ...NOTICE });
  return {
    spending,
    notifier,
    userSettings: () => readUserMoney(folder),
    dayOf: localDay,
    dispose: () => {
      notifier.dispose();
      spending.close();
    },
  };
}
