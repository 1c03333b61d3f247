/** How smoothly the table of results scrolls, however many rows it has. */
import type { Page } from 'playwright-core';

const LABELS = ['drums', 'guitar', 'piano', 'violin'];

/** From here on, batches of this page have `rows` clips: pages of results are answered here, as the service would. */
export async function fillTable(page: Page, rows: number): Promise<void> {
  await page.route(/\/v1\/batches\/[^/]+\/items/, async (route) => {
    const url = new URL(route.request().url());
    const limit = Number(url.searchParams.get('limit'));
    const first = Number(url.searchParams.get('cursor') ?? 0);
    const last = Math.min(rows, first + limit);
    const batch = url.pathname.split('/')[3] ?? '';
    const items = Array.from({ length: last - first }, (_, i) => itemAt(batch, first + i));
    await route.fulfill({ json: { items, nextCursor: last < rows ? String(last) : null } });
  });
}

function itemAt(batch: string, index: number): unknown {
  const label = LABELS[index % LABELS.length];
  return {
    index,
    path: `archive/tape ${Math.floor(index / 500)}/recording ${String(index).padStart(6, '0')}.wav`,
    jobId: `${batch}-${index}`,
    state: 'succeeded',
    clip: { durationSeconds: 2 + (index % 90) / 10 },
    result: { decision: 'label', label, confidence: 0.5 + (index % 50) / 100, scores: {}, segments: [] },
  };
}

export interface Smoothness {
  /** Median time between frames, with nothing to do and while scrolling. */
  idleMs: number;
  scrollingMs: number;
  /** Frames a second while scrolling, from the same median. */
  framesPerSecond: number;
  /** `aria-rowindex` of the last row that can be scrolled to. */
  lastRow: number;
}

export async function scrollSmoothness(page: Page): Promise<Smoothness> {
  const [idleMs, scrollingMs] = [await medianFrame(page, 0), await medianFrame(page, 900)];
  const lastRow = await page.evaluate(async () => {
    const frame = document.querySelector('.table-frame')!;
    frame.scrollTop = frame.scrollHeight;
    for (let i = 0; i < 5; i += 1) await new Promise(requestAnimationFrame);
    const rows = [...document.querySelectorAll('.row')];
    return Math.max(...rows.map((row) => Number(row.getAttribute('aria-rowindex'))));
  });
  return { idleMs, scrollingMs, framesPerSecond: 1000 / scrollingMs, lastRow };
}

/** Scrolls by this much in each frame, for two seconds. */
function medianFrame(page: Page, pixelsPerFrame: number): Promise<number> {
  return page.evaluate(async (pixels) => {
    const frame = document.querySelector('.table-frame')!;
    const times: number[] = [];
    const end = performance.now() + 2000;
    let last = performance.now();
    while (performance.now() < end) {
      frame.scrollTop += pixels;
      const now = await new Promise<number>(requestAnimationFrame);
      times.push(now - last);
      last = now;
    }
    return times.sort((a, b) => a - b)[Math.floor(times.length / 2)]!;
  }, pixelsPerFrame);
}
