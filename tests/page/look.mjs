/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * A page in the browser with what every test holds it to: nothing in the console, no request but to the server, and no
 * scrolling sideways. What a test causes on purpose it permits (`permit`): the browser logs each answer that is an error.
 */
import { equal, ok } from './tap.mjs';
import { SLOW } from './rig.mjs';

export class Look {
  static async open(browser, rig, { role = 'admin', hash = '', width = 1280, scheme = 'light', permit = [] } = {}) {
    const look = new Look();
    look.context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme: scheme, permissions: ['clipboard-read', 'clipboard-write'] });
    look.page = await look.context.newPage();
    look.page.setDefaultTimeout(10000 * SLOW);
    look.rig = rig;
    look.permit = permit;
    look.faults = [];
    look.page.on('console', (message) => ['error', 'warning'].includes(message.type()) && look.fault(message.text()));
    look.page.on('pageerror', (error) => look.fault(error.message));
    look.page.on('request', (request) => new URL(request.url()).origin === rig.base || look.fault(`a request to ${request.url()}`));
    await look.page.goto(`${rig.base}/${role ? `#token=${rig.tokens[role] || role}` : ''}`);
    if (hash) await look.page.goto(`${rig.base}/${hash}`);
    return look;
  }

  fault(text) {
    if (!this.permit.some((pattern) => pattern.test(text))) this.faults.push(text);
  }

  /* What a test answers in place of the server may be under way, and would end the whole program when its page has gone. */
  async leave() {
    await this.page.unrouteAll({ behavior: 'ignoreErrors' });
    await this.context.close();
  }

  async close() {
    const sideways = await this.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    const widest = await this.page.evaluate(() => [...document.querySelectorAll('main *, header *, nav *, footer *')].filter((one) => one.getBoundingClientRect().right > innerWidth + 1).map((one) => `${one.localName}.${one.className?.baseVal ?? one.className}`)[0]);
    const tables = await this.page.evaluate(() => [...document.querySelectorAll('main table[aria-label]')].filter((one) => one.getBoundingClientRect().right > one.parentElement.getBoundingClientRect().right + 1).map((one) => `${one.ariaLabel} at ${innerWidth} by ${one.getBoundingClientRect().right - one.parentElement.getBoundingClientRect().right}`));
    await this.leave();
    equal(this.faults, [], 'faults in the browser');
    equal(tables, [], `tables that are wider than their place at ${this.page.url()}`);
    ok(sideways <= 0, `it scrolls sideways by ${sideways} pixels at ${this.page.url()}: ${widest}`);
  }

  /* What a row of a table has, by the row's name. */
  async cells(table, name) {
    const row = this.page.getByRole('table', { name: table, exact: true }).getByRole('row', { name });
    return row.first().getByRole('cell').allInnerTexts();
  }

  row(table, name) {
    return this.page.getByRole('table', { name: table, exact: true }).getByRole('row', { name }).first();
  }

  button(name) {
    return this.page.getByRole('button', { name, exact: true });
  }

  /* Of the dialog that asks. */
  async confirm(name) {
    await this.page.getByRole('dialog').getByRole('button', { name, exact: true }).click();
    await this.page.getByRole('dialog').waitFor({ state: 'detached' });
  }

  text(words) {
    return this.page.getByText(words).first();
  }
}

/* Runs `act` on a page, and holds it to the rules after it, too. */
export async function withLook(browser, rig, options, act) {
  const look = await Look.open(browser, rig, options);
  try {
    await act(look);
  } catch (error) {
    if (process.env.MUNNEL_KEEP) await look.page.screenshot({ path: `${process.env.MUNNEL_KEEP}/failed.png` });
    await look.leave();
    throw look.faults.length ? new Error(`${error.message}; in the browser: ${look.faults.join('; ')}`) : error;
  }
  await look.close();
}
