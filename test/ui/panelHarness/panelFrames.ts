import type { Page } from 'playwright-core';

/** How long the frames of a page took while something was done in each of them, milliseconds. */
export interface FrameTimes {
  readonly count: number;
  readonly median: number;
  readonly worst: number;
  /** Time from one frame to the next, the browser's own work included. */
  readonly worstInterval: number;
}

/**
 * Zooms in and out on the timeline, one step in each of `frames` frames, and measures how long the page's own work of each frame takes: the
 * event, the rendering of components, the drawing. The browser's raster work is in `worstInterval`.
 */
export const zoomFrames = (page: Page, frames: number): Promise<FrameTimes> =>
  page.evaluate<FrameTimes>(`(async () => {
    const canvas = document.querySelector('.lane-canvas');
    const box = canvas.getBoundingClientRect();
    const at = { clientX: box.left + box.width * 0.4, clientY: box.top + 30, bubbles: true, cancelable: true };
    const nextFrame = () => new Promise((resolve) => requestAnimationFrame(resolve));
    const afterFrame = () => new Promise((resolve) => { const c = new MessageChannel(); c.port1.onmessage = resolve; c.port2.postMessage(0); });
    const times = [];
    const intervals = [];
    let before = await nextFrame();
    for (let i = 0; i < ${frames}; i += 1) {
      canvas.dispatchEvent(new WheelEvent('wheel', { ...at, deltaY: i % 60 < 30 ? -120 : 120 }));
      const now = await nextFrame();
      await afterFrame();
      intervals.push(now - before);
      before = now;
      times.push(performance.now() - now);
    }
    times.sort((a, b) => a - b);
    return { count: times.length, median: times[times.length >> 1], worst: times.at(-1), worstInterval: Math.max(...intervals) };
  })()`);
