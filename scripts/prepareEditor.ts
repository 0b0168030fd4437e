import process from 'node:process';
import { ensureChromium } from './ensureChromium.ts';
import { ensureEditor } from './installEditor.ts';
import { ensureVsce } from './packageExtension.ts';

// What the suites `host` and `ui` need beside the dependencies; done before them, so that their time limits do not count downloads.
try {
  ensureChromium();
  await ensureEditor();
  await ensureVsce();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
