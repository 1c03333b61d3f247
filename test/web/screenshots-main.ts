/**
 * `npm run screenshots`: pictures of every view of the running page, with real results in them, at the width of a phone, a
 * laptop and a wide screen, into docs/screenshots.
 */
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { root, startSystem } from '@timbre/shared/testing/test-system';
import { sample } from '../client.js';
import { findChromium, openPage, startBrowser } from './browser.js';
import { labelledTar, microphoneWav } from './recordings.js';

const widths = {
  phone: { width: 390, height: 844 },
  laptop: { width: 1280, height: 860 },
  wide: { width: 1920, height: 1080 },
};
const MOST_BYTES = 200_000;
const target = join(root, 'docs', 'screenshots');

/** The sizes of a view; dark ones show that there are two themes. */
type Shot = (page: Page, name: string) => Promise<void>;

const chromium = findChromium();
if (!chromium) {
  console.error('No Chromium found: install it (`sudo apt-get install chromium`) or name one in CHROMIUM_PATH.');
  process.exit(1);
}
const folder = await mkdtemp(join(tmpdir(), 'timbre-screenshots-'));
const microphone = await microphoneWav(folder);
const system = await startSystem({ env: { MAX_STREAMS_PER_TENANT: '50' } });
const browser = await startBrowser(chromium, microphone.path);
try {
  await mkdir(target, { recursive: true });
  for (const [size, viewport] of Object.entries(widths)) await takeAll(browser, viewport, size);
} finally {
  await browser.close();
  await system.stop();
  await rm(folder, { recursive: true, force: true });
}

async function takeAll(from: Browser, viewport: { width: number; height: number }, size: string): Promise<void> {
  const { page } = await openPage(from, system.url, { viewport, colorScheme: size === 'wide' ? 'dark' : 'light' });
  const shoot: Shot = async (shown, name) => {
    await shown.evaluate(async () => {
      scrollTo(0, 0);
      await document.fonts.ready;
    });
    const path = join(target, `${name}-${size}.png`);
    writePalette(await shown.screenshot({ animations: 'disabled' }), path);
    const { size: bytes } = await stat(path);
    console.log(`${path.slice(root.length)} ${Math.round(bytes / 1000)} kB`);
    if (bytes > MOST_BYTES) throw new Error(`${path} is larger than ${MOST_BYTES} bytes`);
  };
  await page.getByRole('heading', { name: 'Which instrument is this?' }).waitFor();
  await shoot(page, 'welcome');
  await shootListening(page, shoot);
  await shootClip(page, shoot);
  await shootArchive(page, shoot);
  await shootEvaluation(page, shoot);
  await page.getByRole('link', { name: 'Operate' }).click();
  await page.getByRole('rowheader', { name: 'worker' }).waitFor();
  await shoot(page, 'operate');
  await page.getByRole('link', { name: 'API', exact: true }).click();
  await page.getByRole('heading', { name: 'Limits' }).waitFor();
  await shoot(page, 'api');
  await page.context().close();
}

/** With 256 colours, by ffmpeg: a third of the bytes, and no difference to see. */
function writePalette(png: Buffer, path: string): void {
  const filter = 'split[a][b];[a]palettegen=max_colors=256[p];[b][p]paletteuse=dither=none';
  const args = ['-v', 'error', '-y', '-f', 'png_pipe', '-i', '-', '-vf', filter, '-frames:v', '1', path];
  execFileSync(process.env['FFMPEG_PATH'] ?? 'ffmpeg', args, { input: png, stdio: ['pipe', 'inherit', 'inherit'] });
}

/** While the violin plays; the take is then the clip that is shown, as two instruments are in it. */
async function shootListening(page: Page, shoot: Shot): Promise<void> {
  await page.getByRole('link', { name: 'Listen' }).click();
  await page.getByLabel('Save this take').check();
  await page.getByRole('button', { name: 'Listen', exact: true }).click();
  await page.locator('.instrument.is-lit[data-label=drums]').waitFor();
  await page.locator('.instrument.is-lit[data-label=violin]').waitFor();
  await page.waitForTimeout(2500);
  await shoot(page, 'listen');
  await page.getByRole('button', { name: 'Stop' }).click();
  await page.getByRole('link', { name: 'Open it' }).click();
  await page.getByRole('img', { name: /^Log-mel spectrogram/ }).waitFor();
  await shoot(page, 'result');
}

async function shootClip(page: Page, shoot: Shot): Promise<void> {
  await page.getByRole('link', { name: 'Timbre, first page' }).click();
  const clips = ['guitar-01.flac', 'piano-01.mp3', 'violin-01.wav', 'drums-01.wav', 'mute-01.wav'].map(sample);
  await page.setInputFiles('.welcome input[type=file]', clips);
  await page.getByRole('img', { name: /^Log-mel spectrogram/ }).waitFor();
  await page.getByLabel('Compare with').selectOption('mfcc-cnn');
  await page.getByRole('list', { name: 'Timeline of mfcc-cnn' }).waitFor();
  await shoot(page, 'classify');
}

async function shootArchive(page: Page, shoot: Shot): Promise<void> {
  await page.getByRole('link', { name: 'Archives' }).click();
  await page.setInputFiles('.archive-drop > input[type=file]', await labelledTar(join(folder, 'recordings.tar')));
  await page.getByRole('button', { name: /^Classify \d/ }).click();
  await page.getByText('done, some clips failed').waitFor();
  await page.getByRole('link', { name: 'recordings/violin/violin-01.wav' }).waitFor();
  await page.getByRole('heading', { name: 'Confidence' }).first().waitFor();
  await shoot(page, 'batch');
  await page.getByRole('link', { name: 'All batches' }).click();
  await page.getByRole('heading', { name: 'Batches' }).waitFor();
  await shoot(page, 'archives');
}

async function shootEvaluation(page: Page, shoot: Shot): Promise<void> {
  await page.getByRole('link', { name: 'Evaluate' }).click();
  await shoot(page, 'evaluate-start');
  await page.setInputFiles('.second-choice input[type=file]', join(folder, 'recordings.tar'));
  await page.getByText('7 labelled clips', { exact: false }).waitFor();
  await shoot(page, 'evaluate');
}
