/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * pictures.mjs FOLDER [RELAYS]: the page of a server with a few services and real traffic, at three widths, light and dark,
 * and that of a fresh server: to be looked at after a change, and for the README. Run it by tests/page/test_page.sh.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { launch } from './browser.mjs';
import { Rig, connect, freePorts, sleep } from './rig.mjs';

const [folder, relays = '24', only] = process.argv.slice(2);
mkdirSync(folder, { recursive: true });

const hostOf = (number) => `127.0.${(number * 7) % 5}.${1 + ((number * 13) % 200)}`;

async function stage(rig) {
  const ports = await freePorts(8);
  [rig.agentPort, rig.httpPort] = ports;
  const service = (name, group, index, connect) => ({ name, group, listen: `127.0.0.1:${ports[index]}`, connect: `127.0.0.1:${ports[connect]}` });
  await rig.destination(ports[7]);
  await rig.begin([service('web', 'web', 2, 7), service('vnc', 'desk', 3, 7), service('backup', 'files', 4, 7), service('ssh', 'ops', 5, 7)]);
  for (const [name, group] of [['web1', 'web'], ['web2', 'web'], ['desk-07', 'desk'], ['store-a', 'files']]) await rig.startAgent(name, group);
  const gone = await rig.startAgent('store-b', 'files');
  rig.tool('agent', 'add', '--config', rig.path('server/munnel.json'), '--group', 'ops', 'bastion-1');
  rig.tool('agent', 'add', '--config', rig.path('server/munnel.json'), '--group', 'web', '--expires', '9d', 'web3');
  await rig.stop(gone);
  for (let i = 0; i < Number(relays); i++) {
    const rate = i < 24 ? Math.round(10000 * 1.17 ** (i % 20)) : 100;
    await rig.client(ports[2 + (i % 8 === 7 ? 1 : i % 11 === 9 ? 2 : 0)], i < 24 ? `stream ${rate}` : 'echo hello', 1, hostOf(i));
  }
  return ports;
}

/* Clients that come and go. */
function keepComing(ports) {
  let i = 0;
  return setInterval(() => {
    const number = 1 + Math.floor(2 + 2 * Math.sin(i++ / 40));
    for (let k = 0; k < number; k++)
      connect(ports[2 + (k % 2) * (i % 3 === 0)], `wait ${5 + Math.round(20 * Math.random() ** 3)}`, 1, hostOf(i + k))
        .then((client) => setTimeout(client.close, 4000 * Math.random()), () => {});
  }, 1000);
}

const rig = new Rig();
const fresh = new Rig();
let browser;
let coming;
try {
  coming = keepComing(await stage(rig));
  const free = await freePorts(3);
  [fresh.agentPort, fresh.httpPort] = free;
  await fresh.begin([{ name: 'example', listen: `127.0.0.1:${free[2]}`, connect: 'localhost:80' }]);
  await sleep(1000 * Number(process.env.MUNNEL_PAGE_WAIT || 60)); /* until the charts have something to show */
  browser = await launch();
  const { relays: list } = await rig.get('/v1/relays?sort=-age&limit=1');
  const jobs = [
    ['overview', rig, ''], ['service', rig, '#service/web'], ['relay', rig, `#relay/${list[0].id}`], ['agent', rig, '#agent/web1'],
    ['add-service', rig, '#add-service'], ['add-agent', rig, '#add-agent'], ['fresh', fresh, ''], ['token', rig, '', true],
  ];
  for (const [width, scheme] of [[1280, 'light'], [1280, 'dark'], [390, 'light'], [1920, 'dark']])
    for (const [name, of, hash, isOut] of jobs) {
      if (only && !only.split(',').includes(`${name}-${width}-${scheme}`)) continue;
      const page = await browser.newPage({ viewport: { width, height: width < 500 ? 844 : 900 }, colorScheme: scheme });
      page.on('console', (message) => message.type() === 'error' && console.log(`# ${name}: ${message.text()}`));
      page.on('pageerror', (error) => console.log(`# ${name}: ${error.message}`));
      await page.goto(`${of.base}/${isOut ? '' : `#token=${of.tokens.admin}`}`);
      if (hash) await page.goto(`${of.base}/${hash}`);
      await sleep(4500);
      await page.screenshot({ path: join(folder, `${name}-${width}-${scheme}.png`), fullPage: !hash.includes('add') });
      await page.close();
    }
} finally {
  clearInterval(coming);
  await browser?.close();
  await rig.end();
  await fresh.end();
}
