/** What a person meets when the page may not go on: a server that wants a key, a view that is not for them, no microphone. */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startSystem, type TestSystem } from '@timbre/shared/testing/test-system';
import { createApiKey } from '../api-key.js';
import { findChromium, openPage, startBrowser } from './browser.js';

const chromium = findChromium();
const PATIENCE_MS = 30_000;

describe.skipIf(!chromium)('the page on a server with keys', () => {
  let system: TestSystem;
  let browser: Browser;
  let page: Page;
  let key: string;

  beforeAll(async () => {
    const objectStoreUrl = `file:${await mkdtemp(join(tmpdir(), 'timbre-page-keys-'))}`;
    key = createApiKey(objectStoreUrl, 'somebody');
    [system, browser] = await Promise.all([
      startSystem({ env: { AUTH: 'keys' }, objectStoreUrl, preprocess: 0, workers: 0 }),
      startBrowser(chromium!),
    ]);
    ({ page } = await openPage(browser, system.url, { permissions: [] }));
    page.setDefaultTimeout(PATIENCE_MS);
  });
  afterAll(async () => {
    await browser.close();
    await system.stop();
  });

  it('asks for a key, says that a wrong one is wrong, and keeps the right one in this tab only', async () => {
    await page.getByRole('heading', { name: 'This server asks for a key' }).waitFor();
    await page.getByLabel('API key').fill('tk_nonsense');
    await page.getByRole('button', { name: 'Use this key' }).click();
    await page.getByRole('alert').waitFor();
    await page.getByLabel('API key').fill(key);
    await page.getByRole('button', { name: 'Use this key' }).click();
    await page.getByRole('heading', { name: 'Which instrument is this?' }).waitFor();
    const { page: another } = await openPage(browser, system.url);
    await another.getByRole('heading', { name: 'This server asks for a key' }).waitFor({ timeout: PATIENCE_MS });
    await another.context().close();
  });

  it('tells a key without the scope admin that the operators’ view is not for it', async () => {
    await page.getByRole('link', { name: 'Operate' }).click();
    await page.getByRole('heading', { name: 'For those who run this server' }).waitFor();
  });

  it('says what to do when there is no microphone to be had', async () => {
    await page.getByRole('link', { name: 'Listen' }).click();
    await page.getByRole('button', { name: 'Listen', exact: true }).click();
    const note = page.getByRole('alert');
    await note.waitFor();
    expect(await note.innerText()).toMatch(/start again/);
    expect(await page.getByRole('button', { name: 'Listen', exact: true }).isEnabled()).toBe(true);
  });
});
