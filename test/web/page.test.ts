/**
 * The page against the running system, in a real Chromium, used as a person would: each view in turn, then what holds for all
 * of them (accessible in both themes, nothing refused by the policy, small enough, back after a restart).
 */
import { mkdir, mkdtemp, copyFile, rm } from 'node:fs/promises';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { root, startSystem, type TestSystem } from '@timbre/shared/testing/test-system';
import { finished, sample } from '../client.js';
import { findChromium, openPage, startBrowser, type PageTroubles } from './browser.js';
import { labelledClips, labelledTar, micRateHz, microphoneWav } from './recordings.js';
import { fillTable, scrollSmoothness } from './table-speed.js';

const chromium = findChromium();
const axePath = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const PATIENCE_MS = 45_000;

describe.skipIf(!chromium)('the page', () => {
  let system: TestSystem;
  let browser: Browser;
  let page: Page;
  let troubles: PageTroubles;
  let folder: string;
  let microphone: Awaited<ReturnType<typeof microphoneWav>>;
  /** Addresses with something in them, found on the way. */
  const visited = new Map<string, string>();

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'timbre-page-'));
    microphone = await microphoneWav(folder);
    [system, browser] = await Promise.all([
      startSystem({ env: { MAX_STREAMS_PER_TENANT: '50' } }),
      startBrowser(chromium!, microphone.path),
    ]);
    ({ page, troubles } = await openPage(browser, system.url));
    page.setDefaultTimeout(PATIENCE_MS);
  });
  afterAll(async () => {
    await browser.close();
    await system.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it('classifies dropped clips, draws them, plays them, and asks another model', async () => {
    await page.getByRole('heading', { name: 'Which instrument is this?' }).waitFor();
    await page.setInputFiles('.welcome input[type=file]', [sample('violin-01.wav'), sample('drums-01.wav')]);
    await page.getByRole('heading', { name: 'violin', exact: true }).waitFor();
    await page.getByRole('img', { name: /^Log-mel spectrogram/ }).waitFor();
    expect(await page.getByRole('list', { name: 'Timeline' }).innerText()).toContain('violin');
    expect(await inkOf(page, 'canvas.waveform')).toBeGreaterThan(1000);

    await page.getByRole('button', { name: 'Play' }).click();
    await page.waitForFunction(() => document.querySelector('audio')!.currentTime > 0.3);
    await page.getByRole('button', { name: 'Pause' }).click();
    expect(await page.getByRole('slider', { name: 'Position in the clip' }).inputValue()).not.toBe('0');

    await page.getByLabel('Compare with').selectOption('mfcc-cnn');
    await page.getByRole('list', { name: 'Timeline of mfcc-cnn' }).waitFor();
    await page.getByRole('button', { name: /^drums-01/ }).click();
    await page.getByRole('heading', { name: 'drums', exact: true }).waitFor();
    visited.set('job', page.url());
  });

  it('opens a shared link, with the sound from the server', async () => {
    const { page: other, troubles: others } = await openPage(browser, visited.get('job')!);
    await other.getByRole('heading', { name: 'drums', exact: true }).waitFor({ timeout: PATIENCE_MS });
    await other.getByRole('img', { name: /^Log-mel spectrogram/ }).waitFor({ timeout: PATIENCE_MS });
    expect(await inkOf(other, 'canvas.waveform')).toBeGreaterThan(1000);
    expect(others).toEqual([]);
    await other.context().close();
  });

  it('says what is wrong with a file that is no sound', async () => {
    await page.setInputFiles('.drop-more input[type=file]', {
      name: 'words.wav',
      mimeType: 'audio/wav',
      buffer: Buffer.from('words '.repeat(50)),
    });
    const note = page.getByRole('alert');
    await note.waitFor();
    expect(await note.innerText()).toContain('audio_unrecognized_format');
  });

  it('hears the microphone: the right instrument lights up and no sample is lost', async () => {
    await page.getByRole('link', { name: 'Listen' }).click();
    await page.getByLabel('Save this take').check();
    await page.getByRole('button', { name: 'Listen', exact: true }).click();
    // By the take's own clock, which starts with the recording: the page says when each window ends.
    for (const label of ['mute', 'drums', 'violin'])
      await page.locator(`.instrument.is-lit[data-label=${label}]`).waitFor({ timeout: PATIENCE_MS });
    await page.waitForFunction((until) => {
      const length = document.querySelector('[data-fact=Length]')?.textContent ?? '';
      return Number(length.split(':')[1]) >= until;
    }, microphone.violinAt + 3);
    await page.getByRole('button', { name: 'Stop' }).click();
    await page.getByRole('link', { name: 'Open it' }).waitFor();
    const samples = await Promise.all(['captured', 'sent', 'received'].map((what) => factOf(page, `Samples ${what}`)));
    expect(new Set(samples).size).toBe(1);
    expect(Number(samples[0]!.replaceAll(',', ''))).toBeGreaterThan((microphone.violinAt + 3) * micRateHz - 1);

    await page.getByRole('link', { name: 'Open it' }).click();
    await page.getByRole('list', { name: 'Timeline', exact: true }).waitFor();
    const job = await finished(system.url, page.url().split('/').at(-1)!);
    const heard = job.result!.segments.map(({ label }) => label);
    expect(heard.filter((label) => label === 'drums' || label === 'violin')).toEqual(['drums', 'violin']);
    const violin = job.result!.segments.find(({ label }) => label === 'violin')!;
    expect(Math.abs(violin.startSeconds - microphone.violinAt)).toBeLessThan(2.1);
    visited.set('take', page.url());
  });

  it('checks an archive first, then classifies it, filters, corrects, exports and scores it again', async () => {
    await page.getByRole('link', { name: 'Archives' }).click();
    const tar = await labelledTar(join(folder, 'recordings.tar'));
    await page.setInputFiles('.archive-drop > input[type=file]', tar);
    const start = page.getByRole('button', { name: /^Classify \d/ });
    await start.waitFor();
    await page.getByText('7 of 8', { exact: true }).waitFor();
    await start.click();
    await page.getByRole('heading', { name: 'Take the results with you' }).waitFor();
    await page.getByText('done, some clips failed').waitFor();
    await page.getByRole('link', { name: 'recordings/violin/violin-01.wav' }).waitFor();
    visited.set('batch', page.url());

    await page.getByLabel('Filter by name').fill('piano');
    expect(await page.locator('.row').count()).toBe(3);
    await page.getByLabel('Filter by result').selectOption('audio_unrecognized_format');
    expect(await page.locator('.row').count()).toBe(1);
    await page.getByLabel('Right label of recordings/piano/notes.wav').selectOption('piano');
    await page.getByText('1 label put right.').waitFor();
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: 'CSV' }).click(),
    ]);
    expect(
      readFileSync(await download.path(), 'utf8')
        .trim()
        .split('\n'),
    ).toHaveLength(9);

    await page.getByLabel('Model').selectOption('mfcc-cnn');
    await page.getByRole('button', { name: 'Score again with this model' }).click();
    await page.getByRole('heading', { name: 'Against the batch before' }).waitFor();
  });

  it('takes a whole folder, and sends again nothing that the server has', async () => {
    const set = join(folder, 'set');
    for (const [label, name] of labelledClips) {
      await mkdir(join(set, label), { recursive: true });
      await copyFile(sample(name), join(set, label, name));
    }
    const puts: string[] = [];
    page.on('request', (request) => {
      if (request.method() === 'PUT') puts.push(request.url());
    });
    for (const expected of [labelledClips.length, labelledClips.length]) {
      await page.getByRole('link', { name: 'Archives' }).click();
      await page.getByLabel('Check the files first').uncheck();
      await page.setInputFiles('.second-choice input[type=file]', set);
      await page.getByText('7 of 7', { exact: true }).waitFor();
      expect(puts).toHaveLength(expected);
    }
  });

  it('shows 100,000 rows with as little work as a few', async () => {
    await fillTable(page, 100_000);
    await page.goto(visited.get('batch')!);
    await page.reload();
    await page.getByText('100,000', { exact: true }).waitFor();
    expect(await page.locator('.row').count()).toBeLessThan(80);
    const { idleMs, scrollingMs, lastRow } = await scrollSmoothness(page);
    expect(scrollingMs, `idle ${idleMs} ms`).toBeLessThan(idleMs * 1.5 + 4);
    expect(lastRow).toBe(100_001);
    await page.unrouteAll();
  });

  it('evaluates a model on labelled clips', async () => {
    await page.getByRole('link', { name: 'Evaluate' }).click();
    await page.setInputFiles('.second-choice input[type=file]', join(folder, 'recordings.tar'));
    await page.getByRole('heading', { name: 'What was taken for what' }).waitFor();
    await page.getByText('7 labelled clips', { exact: false }).waitFor();
    expect(await page.locator('.matrix td.is-right').allInnerTexts()).toHaveLength(4);
    await page.getByRole('img', { name: /^Reliability diagram/ }).waitFor();
    visited.set('evaluation', page.url());
  });

  it('shows operators queues, processes and failures, and pauses a queue', async () => {
    await page.getByRole('link', { name: 'Operate' }).click();
    await page.getByRole('button', { name: 'Pause preprocess-bulk' }).click();
    await page.getByRole('button', { name: 'Resume preprocess-bulk' }).click();
    await page.getByRole('button', { name: 'Pause preprocess-bulk' }).waitFor();
    await page.getByRole('rowheader', { name: 'worker' }).waitFor();
    await page.getByRole('link', { name: 'audio_unrecognized_format' }).waitFor();
  });

  it('has no serious accessibility issue in any view, light and dark', async () => {
    const views = ['#/', '#/listen', '#/archives', '#/evaluate', '#/operate', '#/api'].map(
      (hash) => `${system.url}/${hash}`,
    );
    const issues: string[] = [];
    for (const theme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' });
      for (const address of [...views, ...visited.values()]) {
        await page.goto(address);
        await settled(page);
        issues.push(...(await axeIssues(page)).map((issue) => `${theme} ${address.split('#')[1]}: ${issue}`));
      }
    }
    expect(issues).toEqual([]);
  });

  it('says that the server is away, and goes on when it is back', async () => {
    await page.goto(`${system.url}/#/archives`);
    await page.getByRole('heading', { name: 'Batches' }).waitFor();
    await system.processes('gateway')[0]!.terminate();
    await page.getByRole('alert').getByText('The server went away.', { exact: false }).waitFor();
    await system.add('gateway');
    await page.getByRole('alert').waitFor({ state: 'detached' });
    await page
      .getByRole('link', { name: /recordings\.tar/ })
      .first()
      .waitFor();
  });

  it('did nothing that its policy forbids, and threw nothing', () => {
    expect(troubles.filter((trouble) => !/ERR_CONNECTION_REFUSED|WebSocket/.test(trouble))).toEqual([]);
  });
});

describe('the built page', () => {
  it('loads less than 150 kB of gzipped script, and nothing from elsewhere', () => {
    const assets = join(root, 'web', 'dist', 'assets');
    const scripts = readdirSync(assets).filter((name) => name.endsWith('.js'));
    const bytes = scripts.reduce((sum, name) => sum + gzipSync(readFileSync(join(assets, name))).length, 0);
    expect(bytes).toBeGreaterThan(10_000);
    expect(bytes).toBeLessThan(150_000);
    const index = readFileSync(join(root, 'web', 'dist', 'index.html'), 'utf8');
    expect(index).not.toMatch(/(?:src|href)="https?:|<style|<script>|style=/);
  });
});

/** Pixels that are not transparent. */
function inkOf(page: Page, selector: string): Promise<number> {
  return page.evaluate((canvasSelector) => {
    const canvas = document.querySelector<HTMLCanvasElement>(canvasSelector)!;
    const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
    return data.filter((value, index) => index % 4 === 3 && value > 0).length;
  }, selector);
}

async function factOf(page: Page, name: string): Promise<string> {
  return page.locator(`[data-fact="${name}"]`).innerText();
}

interface AxeResult {
  violations: { id: string; impact: string | null; nodes: { html: string; failureSummary: string }[] }[];
}

/** What is on its way is there: fonts, and for a clip its pictures. */
async function settled(page: Page): Promise<void> {
  await page.waitForFunction(() => {
    const isDrawn = !location.hash.startsWith('#/job/') || document.querySelector('.spectrogram') !== null;
    return isDrawn && document.querySelector('main h1') !== null && document.fonts.status === 'loaded';
  });
}

/** Through the debugger's door, as the page's policy lets no script in. */
async function axeIssues(page: Page): Promise<string[]> {
  await page.evaluate(readFileSync(axePath, 'utf8'));
  const { violations } = await page.evaluate<AxeResult>('axe.run(document, { resultTypes: ["violations"] })');
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id} at ${nodes[0]?.html.slice(0, 160)}: ${nodes[0]?.failureSummary}`);
}
