import type { Page } from 'playwright-core';
import { FakePanelModel } from '../support/panel/fakePanelModel.ts';
import { zoomFrames } from '../ui/panelHarness/panelFrames.ts';
import { openOnPage, servePanel, startBrowser } from '../ui/panelHarness/panelHarness.ts';
import { largeJournal } from '../ui/panelHarness/panelSample.ts';
import type { Benchmark, Prepared } from './benchmark.ts';
import { buildOnce } from './support/buildOnce.ts';
import { longestTask } from './support/longestTask.ts';

const SPANS = 100_000;
const ZOOM_STEPS = 120;
/** The editor's own measure of a frame that a person notices, and the one of the browser's long frames. */
const MOST_FRAME_MS = 50;

/** Notes when the page has told the host that its lanes are on the screen, and each frame that took longer than 50 ms. */
const watchPage = `
  const acquire = window.acquireVsCodeApi;
  window.acquireVsCodeApi = () => {
    const api = acquire();
    return { ...api, postMessage: (message) => {
      if (message.type === 'painted') window.paintedAt ??= performance.now();
      api.postMessage(message);
    } };
  };
  window.longFrames = [];
  new PerformanceObserver((list) => window.longFrames.push(...list.getEntries().map(({ duration }) => duration)))
    .observe({ type: 'long-animation-frame' });
`;

const open = async (journal: ConstructorParameters<typeof FakePanelModel>[0]) => {
  await buildOnce();
  const { origin, server } = await servePanel();
  const browser = await startBrowser();
  const model = new FakePanelModel(journal);
  const { page } = await openOnPage(browser, origin, model, { theme: 'dark', width: 1280, height: 800 });
  await page.addInitScript(watchPage);
  const close = async (): Promise<void> => {
    await browser.close();
    server.close();
  };
  return { browser, page, origin, close };
};

/**
 * Opens the page as the editor does, with nothing of an earlier one left: taking a filled page down is no part of opening the next.
 * @returns milliseconds from the navigation to the lanes, or the empty state, on the screen
 */
async function firstPaint({ page, origin }: Panel): Promise<number> {
  await page.goto('about:blank');
  const session = await page.context().newCDPSession(page);
  await session.send('HeapProfiler.collectGarbage');
  await session.detach();
  await page.goto(origin);
  const paintedAt = await page.evaluate<number>(`new Promise((resolve) => {
    const look = () => (window.paintedAt === undefined ? requestAnimationFrame(look) : resolve(window.paintedAt));
    look();
  })`);
  // What follows the first paint must be over before the next one is measured.
  await isFilled(page);
  return paintedAt;
}

const isFilled = (page: Page): Promise<unknown> => page.getByText(/^reading .* run/).waitFor({ state: 'detached' });

type Panel = Awaited<ReturnType<typeof open>>;

/** @param zoom one measurement on a panel with all its spans */
const zoomBenchmark = (name: string, unit: string, atMost: number, zoom: (panel: Panel) => Promise<number>): Benchmark => ({
  name,
  unit,
  target: { of: 'median', atMost },
  async prepare(): Promise<Prepared> {
    const panel = await open(largeJournal(Date.now(), SPANS).entries);
    try {
      await firstPaint(panel);
    } catch (error) {
      await panel.close();
      throw error;
    }
    return { subject: () => zoom(panel), dispose: panel.close };
  },
});

export const benchmarks: readonly Benchmark[] = [
  {
    name: 'panel/firstPaint',
    unit: 'ms',
    target: { of: 'ratio', atMost: 1.5 },
    rounds: 15,
    async prepare() {
      const large = await open(largeJournal(Date.now(), SPANS).entries);
      const empty = await open([]);
      return {
        subject: () => firstPaint(large),
        baseline: () => firstPaint(empty),
        dispose: async () => {
          await large.close();
          await empty.close();
        },
      };
    },
  },
  // Of each round the worst: what the page itself does in one go, the time from one frame to the next with the browser's raster work,
  // and how many frames the browser itself calls long, which is over 50 ms.
  zoomBenchmark('panel/zoomOwnWork', 'ms', MOST_FRAME_MS, ({ browser, page }) =>
    longestTask(browser, page, () => zoomFrames(page, ZOOM_STEPS)),
  ),
  zoomBenchmark('panel/zoomFrame', 'ms', MOST_FRAME_MS, async ({ page }) => (await zoomFrames(page, ZOOM_STEPS)).worstInterval),
  zoomBenchmark('panel/zoomLongFrames', '', 0, async ({ page }) => {
    await page.evaluate('window.longFrames.length = 0');
    await zoomFrames(page, ZOOM_STEPS);
    return page.evaluate<number>('window.longFrames.length');
  }),
];
