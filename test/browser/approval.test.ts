/**
 * The page of an approval in a real browser: with the keyboard alone, without script, and judged by an accessibility checker, while
 * the call that it is for waits without its client.
 */
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, realpath } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newApiKey } from '../../core/http/api-keys.ts';
import type { TestDeployment } from '../support/deployment.ts';
import { deployed } from '../support/deployment.ts';
import { waitingCall } from '../support/waiting-call.ts';

const FILESYSTEM = fileURLToPath(import.meta.resolve('@modelcontextprotocol/server-filesystem/dist/index.js'));
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const ALICE = newApiKey('alice');
const BOB = newApiKey('bob');
const CONFIG = { gates: { approval: [{ name: 'writing', tools: ['write_file'] }] } };

let browser: Browser;
let deployment: TestDeployment;
let folder: string;
beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'approved-')));
  const env = { FERMATA_CONFIG: JSON.stringify(CONFIG), FERMATA_API_KEYS: `${ALICE.line},${BOB.line}` };
  const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
  [browser, deployment] = await Promise.all([
    chromium.launch({ executablePath, args: ['--no-sandbox'] }),
    deployed(['--', process.execPath, FILESYSTEM, folder], env),
  ]);
});
afterAll(async () => {
  await browser.close();
  await deployment[Symbol.asyncDispose]();
});

async function asked(name: string) {
  const call = await waitingCall(
    deployment.url,
    'write_file',
    { path: join(folder, name), content: `in ${name}` },
    { headers: { authorization: `Bearer ${ALICE.key}` }, capabilities: { elicitation: { url: {} } } },
  );
  return { ...call, link: String(call.question.url) };
}

const heading = (page: Page): Promise<string | null> => page.locator('h1').textContent();

/** What the keyboard is at, as a screen reader names it. */
const focused = (page: Page): Promise<string> =>
  page.evaluate(() => {
    const at = document.activeElement;
    const label = at instanceof HTMLInputElement || at instanceof HTMLTextAreaElement ? at.labels?.[0] : at;
    return label?.textContent?.trim() ?? '';
  });

interface Judged {
  readonly violations: readonly { readonly id: string; readonly help: string }[];
}

async function complaints(page: Page): Promise<readonly string[]> {
  await page.evaluate(AXE);
  const { violations } = await page.evaluate<Judged>('axe.run()');
  return violations.map(({ id, help }) => `${id}: ${help}`);
}

async function signIn(page: Page, key: string): Promise<void> {
  await page.getByLabel('Your API key or access token').fill(key);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

describe('the page of an approval in a browser', () => {
  it('is walked by keyboard alone, is found accessible, and lets a call go on whose client is gone', async () => {
    const { link, result } = await asked('a.txt');
    const page = await browser.newPage();
    await page.goto(link);
    expect([await heading(page), await page.title(), await page.getAttribute('html', 'lang')]).toEqual([
      'Sign in to decide',
      'Sign in to decide – Fermata',
      'en',
    ]);
    expect(await complaints(page)).toEqual([]);
    await page.keyboard.press('Tab');
    expect(await focused(page)).toBe('Your API key or access token');
    await page.keyboard.type(ALICE.key);
    await page.keyboard.press('Enter');
    await page.waitForSelector('text=Allow this call?');
    expect(await complaints(page)).toEqual([]);
    const stops: string[] = [];
    for (let i = 0; i < 5; i++) {
      await page.keyboard.press('Tab');
      stops.push(await focused(page));
    }
    expect(stops).toEqual([
      'Reason, if you decline (told to the model)',
      'Approve once',
      'Approve every call of write_file in this session',
      'Decline',
      'Sign in as someone else',
    ]);
    for (let i = 0; i < 3; i++) await page.keyboard.press('Shift+Tab');
    expect(existsSync(join(folder, 'a.txt'))).toBe(false);
    await page.keyboard.press('Enter');
    await page.waitForSelector('h1:has-text("Approved")');
    expect(await complaints(page)).toEqual([]);
    expect(await result()).toContain('Successfully wrote');
    expect(readFileSync(join(folder, 'a.txt'), 'utf8')).toBe('in a.txt');
    await page.reload();
    expect(await heading(page)).toBe('Approved');
    await page.close();
  });

  it('works without script, shows nothing to others, and declines with a reason', async () => {
    const { link, result } = await asked('b.txt');
    const context = await browser.newContext({ javaScriptEnabled: false, colorScheme: 'dark' });
    const page = await context.newPage();
    await page.goto(link);
    await signIn(page, 'nonsense');
    expect(await page.getByRole('alert').textContent()).toContain('This API key is unknown');
    await signIn(page, BOB.key);
    expect(await heading(page)).toBe('This is not yours to decide');
    expect(await page.content()).not.toContain('b.txt');
    await page.getByRole('button', { name: 'Sign in as someone else' }).click();
    await signIn(page, ALICE.key);
    expect(await page.getByRole('group', { name: 'Arguments' }).textContent()).toContain('b.txt');
    await page.getByLabel('Reason, if you decline').fill('Not in this folder.');
    await page.getByRole('button', { name: 'Decline' }).click();
    expect(await heading(page)).toBe('Declined');
    expect(await result()).toContain('Not in this folder.');
    expect(existsSync(join(folder, 'b.txt'))).toBe(false);
    await context.close();
  });

  it('is shown in no frame, reads well in the dark, and keeps its cookie from scripts', async () => {
    const { link } = await asked('c.txt');
    const context = await browser.newContext({ colorScheme: 'dark' });
    const page = await context.newPage();
    await page.goto(link);
    await signIn(page, ALICE.key);
    expect(await complaints(page)).toEqual([]);
    expect(await page.evaluate(() => document.cookie)).toBe('');
    const framing = await context.newPage();
    await framing.setContent(`<iframe src="${link}"></iframe>`);
    await framing.waitForLoadState('networkidle');
    expect(framing.frames().map(frame => frame.url())).not.toContain(link);
    await context.close();
  });
});
