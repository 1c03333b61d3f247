/** A real Chromium for tests of the page, with a microphone that plays a recording. */
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** Path of one, or undefined: `CHROMIUM_PATH`, else the PATH. */
export function findChromium(): string | undefined {
  const named = process.env['CHROMIUM_PATH'];
  if (named) return named;
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  return folders.flatMap((folder) => NAMES.map((name) => join(folder, name))).find((path) => existsSync(path));
}

/** @param microphone wav that the microphone plays, again and again from its opening on; without it there is no microphone */
export function startBrowser(executablePath: string, microphone?: string): Promise<Browser> {
  return chromium.launch({
    executablePath,
    args: [
      // Chromium as root has no sandbox.
      ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
      ...(microphone === undefined
        ? []
        : [
            '--use-fake-ui-for-media-stream',
            '--use-fake-device-for-media-stream',
            `--use-file-for-fake-audio-capture=${microphone}`,
          ]),
    ],
  });
}

/** What went wrong in a page without anybody seeing it: refused by the policy, thrown, complained about. */
export type PageTroubles = string[];

export async function openPage(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<{ page: Page; troubles: PageTroubles }> {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 900 },
    permissions: ['microphone'],
    ...options,
  });
  const page = await context.newPage();
  const troubles: PageTroubles = [];
  page.on('pageerror', (error) => troubles.push(error.message));
  page.on('console', (message) => {
    // The browser reports answers that are no success by itself; the page shows them to people.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
      troubles.push(message.text());
  });
  await page.goto(url);
  return { page, troubles };
}
