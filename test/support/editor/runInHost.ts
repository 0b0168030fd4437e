import { systemClock } from '../../../src/adapters/clock/systemClock.ts';
import { Browser } from './browser.ts';
import { CodeServer } from './codeServer.ts';
import type { EditorHome } from './editorHome.ts';

export interface InHostRequest {
  readonly home: EditorHome;
  /** Folder of the extension under development. */
  readonly extension: string;
  /** Module whose exported `run` VS Code calls in the extension host. */
  readonly tests: string;
  /** Folder or `.code-workspace` file to open; null for none. */
  readonly open: string | null;
  readonly limitMs: number;
  /** What the page and the tests log. */
  readonly onLog: (line: string) => void;
}

/**
 * Runs a test module in the real extension host of a code-server.
 * @returns the exit code VS Code reports: 0 when `run` resolved; 1 when it rejected or the module did not load
 */
export async function runInHost({ home, extension, tests, open, limitMs, onLog }: InHostRequest): Promise<number> {
  let server: CodeServer | null = null;
  let browser: Browser | null = null;
  try {
    // Without this option a built VS Code ignores the paths in the payload.
    server = await CodeServer.start(home, ['--disable-workspace-trust', '--vscode-option', 'enable-smoke-test-driver']);
    browser = await Browser.launch(home);
    const { page } = browser;
    const { promise: exited, resolve } = Promise.withResolvers<number>();
    // VS Code calls these two when the page or the tests log, and when the tests have ended.
    await page.exposeFunction('codeAutomationExit', (code: number) => resolve(code));
    await page.exposeFunction('codeAutomationLog', (_type: string, args: readonly unknown[]) => onLog(args.join(' ')));
    await page.goto(server.url(open, { extensionDevelopmentPath: server.remote(extension), extensionTestsPath: server.remote(tests) }));
    const limit = Promise.withResolvers<never>();
    const timer = systemClock.schedule(limitMs, () =>
      limit.reject(new Error(`the tests in the extension host gave no result within ${limitMs} ms`)),
    );
    try {
      return await Promise.race([exited, limit.promise]);
    } finally {
      timer.dispose();
    }
  } finally {
    await browser?.stop();
    await server?.stop();
  }
}
