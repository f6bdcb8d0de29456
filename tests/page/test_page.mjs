/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_page: the management page in a real browser, on a real server with agents and clients. Its numbers are the API's, what
 * it does is done, who may not do something is not offered it, and it never runs what somebody else has written.
 */
import dgram from 'node:dgram';
import { writeFileSync } from 'node:fs';
import { axeSource, launch } from './browser.mjs';
import { withLook } from './look.mjs';
import { Rig, SLOW, freePorts, until } from './rig.mjs';
import { equal, ok, runTests, test } from './tap.mjs';

const rig = new Rig();
let browser;
let ports;
const agents = {};

const open = (options, act) => withLook(browser, rig, options, act);

const service = (name) => rig.get(`/v1/services/${name}`);
const agent = (name) => rig.get(`/v1/agents/${name}`);
const relayOf = async (client) => {
  const { relays } = await rig.get('/v1/relays?limit=1000');
  return relays.find((relay) => relay.client.endsWith(`:${client.socket.localPort}`));
};

/* Answers that are errors are logged by the browser itself. */
const answered = (status) => new RegExp(`status of ${status}`);
const unreachable = /ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE|ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_SOCKET/;

const isRefused = (port) => rig.client(port).then((client) => { client.close(); return false; }, () => true);

async function setUp() {
  ports = await freePorts(9);
  [rig.agentPort, rig.httpPort] = ports;
  await rig.destination(ports[2]);
  const to = (name, group, index) => ({ name, group, listen: `127.0.0.1:${ports[index]}`, connect: `127.0.0.1:${ports[2]}`, no_agent: 'refuse' });
  await rig.begin([to('web', 'web', 3), to('desk', 'desk', 4), to('ops', 'ops', 5),
    { name: 'dns', group: 'web', protocol: 'udp', idle_timeout: 2, listen: `127.0.0.1:${ports[8]}`, connect: `127.0.0.1:${await rig.datagramDestination()}` }]);
  agents.web1 = await rig.startAgent('web1', 'web');
  agents.web2 = await rig.startAgent('web2', 'web');
  agents.desk1 = await rig.startAgent('desk1', 'desk');
  browser = await launch();
}

async function noClients() {
  rig.clients.splice(0).forEach((client) => client.close());
  await until('no relay is left', async () => (await rig.get('/v1/relays')).total === 0);
}

/* ---- what it shows ---- */

test('numbers are those of the API', async () => {
  const clients = [await rig.client(ports[3], 'send 123456', 123456), await rig.client(ports[3]), await rig.client(ports[4])];
  await open({}, async (look) => {
    await look.row('Services', 'web').waitFor();
    const web = await service('web');
    const cells = await until('the page shows two relays of web', async () => {
      const texts = await look.cells('Services', 'web');
      return texts[4] === '2' && texts.map((text) => text.replaceAll('\n', ''));
    });
    equal(cells.slice(0, 6), [web.listen[0], `web→${web.connect[0]}`, 'limited', `${web.able} / ${web.known}`, String(web.relays), String(web.peak)], 'the row of web');
    const desk = await agent('desk1');
    const row = await look.cells('Agents', 'desk1');
    equal([row[0], row[1], row[2], row[7]], [desk.state, desk.groups.join(), desk.address, String(desk.relays)], 'the row of desk1');
    await until('the head line counts relays', async () => (await look.page.locator('.health').innerText()).includes('3 relays'));
    const relay = await relayOf(clients[0]);
    equal((await look.cells('Relays', relay.client)).slice(4, 6), ['12 B', '123 kB'], 'bytes of a relay');
    equal([relay.in_bytes, relay.out_bytes], [12, 123456], 'bytes by the API');
  });
});

test('a service shows its flow and both keys', async () => {
  const client = await rig.client(ports[3]);
  await open({ hash: '#service/web' }, async (look) => {
    const { keys } = await service('web');
    for (const key of keys) {
      const cells = await until(`the key of ${key.agent}`, async () => {
        const texts = await look.cells('Both keys', key.agent);
        return texts.length && texts;
      });
      equal(cells[1], { permits: 'permits', offline: '–' }[key.answer], `the answer of ${key.agent}`);
    }
    const flow = look.page.locator('.flow svg');
    await until('the flow has the relay', async () => /1 relay\b/.test(await flow.innerHTML()) && (await flow.textContent()).includes('web1'));
    const { agent: name } = await relayOf(client);
    await until('its agent has it', async () => (await look.cells('Both keys', name)).at(-1) === '1');
  });
});

test('a UDP service shows its datagrams', async () => {
  const client = dgram.createSocket('udp4');
  let answers = 0;
  client.on('message', () => { answers++; });
  await until('an answer to each of three datagrams', async () => {
    if (answers < 3) client.send('hello', ports[8], '127.0.0.1');
    return answers >= 3;
  });
  await open({}, async (look) => {
    await look.row('Services', 'dns').waitFor();
    equal((await look.cells('Services', 'dns'))[0], `127.0.0.1:${ports[8]} udp`, 'where it listens');
  });
  await open({ hash: '#service/dns' }, async (look) => {
    const { datagrams } = await service('dns');
    ok(datagrams.in >= 3 && datagrams.out >= 3, 'they are counted');
    const facts = look.page.locator('#datagrams');
    await until('its datagrams', async () => (await facts.innerText()).includes(`From clients\n${datagrams.in}\n`));
    await until('a chart of them', async () => (await look.page.locator('.chart h3').allInnerTexts()).some((title) => title.startsWith('Datagrams')));
  });
  client.close();
});

test('a relay shows the times of its opening, and how it ended', async () => {
  const client = await rig.client(ports[3]);
  const relay = await relayOf(client);
  await open({ hash: `#relay/${relay.id}` }, async (look) => {
    await look.page.getByRole('heading', { name: relay.id }).waitFor();
    const words = `${relay.first_byte_ms.toFixed(1)} ms`;
    ok((await look.page.locator('.strip').innerText()).includes(words), `the first byte after ${words}`);
    ok((await look.page.locator('.waterfall').getAttribute('aria-label')).includes('Waited for an agent'), 'a waterfall');
    await client.ask('stream 500000', 1);
    const rate = look.page.locator('#rate .plot');
    await until('its rate', async () => Number((await rate.getAttribute('aria-label')).match(/out ([\d.]+)/)[1]) > 1);
    equal(await look.page.locator('#rate canvas').count(), 1, 'curves');
    client.close();
    await look.text(/^Ended by client/).waitFor();
  });
  await open({}, async (look) => {
    await look.page.getByText('Ended', { exact: true }).click();
    await look.row('Relays', relay.client).waitFor();
  });
});

test('charts have the history', async () => {
  await open({}, async (look) => {
    await look.page.locator('.chart canvas').nth(5).waitFor();
    const label = await look.page.locator('.chart').first().locator('.plot').getAttribute('aria-label');
    ok(/^Throughput, Mbit\/s: in [\d.]+, out [\d.]+$/.test(label), label);
    await look.page.getByText('24 h', { exact: true }).click();
    await look.page.locator('.chart canvas').nth(5).waitFor();
  });
});

test('relays are searched, sorted and paged', async () => {
  const clients = [];
  for (let i = 0; i < 12; i++) clients.push(await rig.client(ports[3], 'echo hello', 6, `127.0.0.${20 + i}`));
  await open({}, async (look) => {
    const rows = look.page.getByRole('table', { name: 'Relays', exact: true }).locator('tbody tr');
    await until('ten are on the first page', async () => (await rows.count()) === 10);
    await look.button('Next').click();
    await until('two are on the second', async () => (await rows.count()) === 2);
    const field = look.page.getByRole('searchbox', { name: 'Filter relays' });
    await field.fill('127.0.0.25');
    await until('one is found by its address', async () => (await rows.count()) === 1 && (await rows.first().innerText()).includes('127.0.0.25'));
    await field.fill('0.0.3');
    await until('two are found by a part of it', async () => (await rows.count()) === 2);
    await field.fill('');
    await look.button('Age').click();
    await until('the oldest comes first', async () => (await rows.first().innerText()).includes('127.0.0.20'));
  });
});

/* ---- what it does ---- */

test('a relay is ended by the keyboard alone, and no other', async () => {
  const [ended, other] = [await rig.client(ports[3], 'send 5000', 5000), await rig.client(ports[4])];
  const relay = await relayOf(ended);
  await open({}, async (look) => {
    await look.row('Relays', relay.client).waitFor();
    const focused = () => look.page.evaluate(() => document.activeElement.textContent);
    for (let i = 0; i < 80 && (await focused()) !== relay.client; i++) await look.page.keyboard.press('j');
    equal(await focused(), relay.client, 'focus by j');
    await look.page.keyboard.press('e');
    await look.page.getByRole('dialog').waitFor();
    await look.page.keyboard.press('Tab');
    await until('the button has focus', async () => (await focused()) === 'End relay' || look.page.keyboard.press('Tab'));
    await look.page.keyboard.press('Enter');
    await look.page.getByRole('dialog').waitFor({ state: 'detached' });
    await until('the client is reset', () => ended.ended === 'reset');
    await look.row('Relays', relay.client).waitFor({ state: 'detached' });
  });
  equal((await rig.get(`/v1/relays/${relay.id}`)).by, 'operator', 'who ended it');
  await other.ask('echo again', 6);
});

test('a service is paused and resumed, and its relays go on', async () => {
  const client = await rig.client(ports[3]);
  await open({ hash: '#service/web' }, async (look) => {
    /* Not the head's, which is there earlier. */
    await look.page.getByRole('main').getByRole('button', { name: 'Pause', exact: true }).click();
    await look.confirm('Pause service');
    await look.text('paused by').waitFor();
    equal((await service('web')).state, 'paused', 'the state by the API');
    ok(await isRefused(ports[3]), 'a new client is refused');
    await client.ask('echo again', 6);
    await look.button('Resume').click();
    await until('it is resumed', async () => (await service('web')).state !== 'paused');
    await look.page.locator('.title').getByText('limited').waitFor();
  });
  await rig.client(ports[3]);
});

test('an agent is drained, and comes back', async () => {
  const client = await rig.client(ports[4]);
  await open({}, async (look) => {
    await look.button('Actions for desk1').click();
    await look.page.getByRole('menuitem', { name: 'Drain', exact: true }).click();
    await look.confirm('Drain agent');
    await look.row('Agents', 'desk1').getByText('draining, 1 left').waitFor();
    equal((await agent('desk1')).state, 'draining', 'the state by the API');
    ok(await isRefused(ports[4]), 'a new client is refused');
    await client.ask('echo again', 6);
    await look.page.goto(`${rig.base}/#agent/desk1`);
    await look.button('Undrain').click();
    await look.confirm('Undrain agent');
    await look.page.locator('.title').getByText('connected').waitFor();
  });
  await until('clients are served again', async () => !(await isRefused(ports[4])));
});

test('an agent is disconnected', async () => {
  const client = await rig.client(ports[4]);
  await open({ hash: '#agent/desk1' }, async (look) => {
    await look.button('Disconnect').click();
    await look.text(/^1 relay ends now\./).waitFor();
    await look.confirm('Disconnect agent');
    await until('its client is reset', () => client.ended === 'reset');
  });
  await until('it has connected again', async () => (await agent('desk1')).state === 'connected');
});

test('a service is checked hop by hop', async () => {
  await open({ hash: '#service/web' }, async (look) => {
    await look.button('Check').click();
    const hops = look.page.locator('.check li');
    await hops.first().waitFor({ timeout: 20000 });
    equal(await hops.filter({ hasText: /^fail/ }).count(), 0, 'hops of web that failed');
    ok((await hops.count()) > 4, 'all hops are there');
    await look.page.keyboard.press('Escape');
    await look.page.goto(`${rig.base}/#service/ops`);
    await look.page.getByRole('heading', { name: 'ops', exact: true }).waitFor();
    await look.button('Check').click();
    await hops.filter({ hasText: /^fail/ }).first().waitFor({ timeout: 20000 });
  });
});

test('the log level is changed for a time', async () => {
  await open({}, async (look) => {
    await look.button('Menu').click();
    await look.page.getByRole('menuitem', { name: 'Log level' }).click();
    await look.page.getByRole('dialog').getByText('Debug', { exact: true }).click();
    await look.confirm('Set level');
    const { level, for_s: seconds } = await rig.get('/v1/log');
    ok(level === 'debug' && seconds > 200 && seconds <= 300, `${level} for ${seconds} s`);
  });
  await rig.ask('PUT', '/v1/log', { level: 'info', for_s: null });
});

/* A join code with a token that is none. */
function wrongCode(of, name) {
  const code = of.tool('agent', 'add', '--config', of.path('server/munnel.json'), '--group', 'none', name).trim();
  const content = JSON.parse(Buffer.from(code.slice('munnel1.'.length), 'base64').toString());
  const token = content.t.replace(/.$/, (digit) => (digit === '0' ? '1' : '0'));
  return `munnel1.${Buffer.from(JSON.stringify({ ...content, t: token })).toString('base64url')}`;
}

/*
 * On a server of its own: an address that has an agent is not under penalty. It is for seconds only, so the list is held,
 * and the dialog open, before it is.
 */
test('a fresh server tells how to begin, and a source under penalty is forgiven', async () => {
  const fresh = new Rig();
  try {
    const free = await freePorts(3);
    [fresh.agentPort, fresh.httpPort] = free;
    await fresh.begin([{ name: 'first', group: 'none', listen: `127.0.0.1:${free[2]}`, connect: `127.0.0.1:${ports[2]}` }]);
    const state = fresh.path('wrong');
    await withLook(browser, fresh, { permit: [answered(404)] }, async (look) => {
      await look.page.getByRole('heading', { name: '1. Add an agent' }).waitFor({ timeout: 30000 });
      await look.page.route('**/v1/sources', (route) => route.fulfill({ json: { sources: [{ address: '127.0.0.1', until: '2099-01-01T00:00:00Z', failures: 1, last: 'not authenticated' }] } }));
      await look.button('Forgive 127.0.0.1').click();
      fresh.start('wrong', 'munnel-agent', ['--join', '-', '--name', 'wrong'], { input: wrongCode(fresh, 'wrong'), env: { HOME: state, XDG_STATE_HOME: state, STATE_DIRECTORY: state } });
      await until('it is refused', async () => (await fresh.get('/v1/sources')).sources.length);
      const answer = look.page.waitForResponse((response) => response.request().method() === 'DELETE');
      await look.page.getByRole('dialog').getByRole('button', { name: 'Forgive source' }).click();
      ok([204, 404].includes((await answer).status()), 'it is forgiven, or the time was over already');
      equal((await fresh.get('/v1/sources')).sources, [], 'sources under penalty');
      await look.text(/rejected: the token is unknown/).waitFor();
    });
  } finally {
    await fresh.end();
  }
});

test('a banned address is shown with its reason, and no longer once it is unbanned', async () => {
  equal((await rig.ask('POST', '/v1/bans', { address: '192.0.2.77', for_s: 600, reason: 'four wrong passwords' })).status, 201, 'banned');
  await withLook(browser, rig, {}, async (look) => {
    await look.text(/by all services: four wrong passwords/).waitFor();
    await look.page.getByRole('button', { name: /Unban 192\.0\.2\.77/ }).click();
    await look.page.getByRole('dialog').getByRole('button', { name: 'Unban address' }).click();
    await until('it is lifted', async () => (await rig.get('/v1/bans')).total === 0);
    await look.text(/by all services: four wrong passwords/).waitFor({ state: 'detached' });
  });
});

/* ---- the configuration ---- */

const fill = (look, label, text) => look.page.getByRole('dialog').getByLabel(label, { exact: true }).fill(text);

test('a service is added, changed and removed, each with its difference first', async () => {
  await open({ permit: [answered(422), answered(404)] }, async (look) => {
    await look.page.getByRole('link', { name: 'Add service' }).click();
    await fill(look, 'Name', 'extra');
    await fill(look, 'Listens on', `127.0.0.1:${ports[3]}`);
    await fill(look, 'Groups', 'web');
    await fill(look, 'Destination', `127.0.0.1:${ports[2]}`);
    const lines = await look.page.locator('.code .line').evaluateAll((all) => all.map((line) => line.getBoundingClientRect().top));
    ok(lines.length > 5 && lines.every((top, index) => index === 0 || top > lines[index - 1]), 'what will be written stands line below line');
    await look.button('Show difference').click();
    await look.page.locator('#listen[aria-invalid=true]').waitFor();
    await look.page.locator('.wrong-line', { hasText: '"listen"' }).waitFor();
    ok((await look.page.locator('#listen-wrong').innerText()).includes(String(ports[3])), "the server's own words are at the field");
    await fill(look, 'Listens on', `127.0.0.1:${ports[6]}`);
    await look.button('Show difference').click();
    await look.text('+ service extra').waitFor();
    equal((await rig.ask('GET', '/v1/services/extra')).status, 404, 'before it is confirmed');
    await look.confirm('Add service');
    await look.page.locator('.title', { hasText: 'extra' }).getByText(/reachable|limited/).waitFor();
    await rig.client(ports[6]);

    await look.button('Edit').click();
    await fill(look, 'Listens on', `127.0.0.1:${ports[7]}`);
    await look.button('Show difference').click();
    await look.text(/^\+ listen: .*:\d+/).waitFor();
    await look.page.getByLabel(/^Version 1/).check();
    await look.button('Show difference').click();
    await look.text('+ proxy_protocol: "v1"').waitFor();
    await look.page.getByLabel(/^TCP/).check();
    await look.button('Show difference').click();
    await look.text('+ check.type: "tcp"').waitFor();
    await look.confirm('Change service');
    await look.page.locator('#terms dd', { hasText: 'v1' }).waitFor();
    await look.page.locator('#terms dd', { hasText: 'a connection, every 10 s; 3 failures in a row' }).waitFor();
    await rig.client(ports[7]);
    ok(await isRefused(ports[6]), 'the port before is closed');
    await look.page.locator('.title', { hasText: 'extra' }).waitFor();

    await look.button('Edit').click();
    await fill(look, 'Balancers in front', 'balancer');
    await look.button('Show difference').click();
    await look.page.locator('#accept_proxy[aria-invalid=true]').waitFor();
    await fill(look, 'Balancers in front', '10.0.0.7, 10.0.1.0/24');
    await look.button('Show difference').click();
    await look.text(/^\+ accept_proxy: /).waitFor();
    await look.confirm('Change service');
    await look.page.locator('#terms dd', { hasText: '10.0.0.7, 10.0.1.0/24' }).waitFor();

    await look.button('Edit').click();
    const dialog = look.page.getByRole('dialog');
    await dialog.getByRole('group', { name: 'Agents may have clients refused' }).getByLabel(/^Yes/).check();
    await dialog.getByLabel(/^Loopback/).check();
    equal(await dialog.getByLabel('Private key', { exact: true }).count(), 0, 'a field for a key without a certificate');
    await fill(look, 'Certificate', rig.path('server/server.pem'));
    await look.button('Show difference').click();
    await look.page.locator('#key[aria-invalid=true]').waitFor();
    await fill(look, 'Private key', rig.path('server/server.key'));
    await fill(look, 'Protocols within TLS', 'h2, http/1.1');
    await dialog.getByLabel(/^Require/).check();
    await look.button('Show difference').click();
    await look.page.locator('#client_auth-wrong', { hasText: 'client_ca' }).waitFor();
    await fill(look, 'Their authority', rig.path('server/ca.pem'));
    await look.button('Show difference').click();
    for (const words of ['+ agent_bans: true', '+ connect_from: "loopback"', '+ tls.client_auth: "require"', '+ tls.alpn: ["h2","http/1.1"]']) await look.text(words).waitFor();
    await look.confirm('Change service');
    await look.page.locator('#terms dd', { hasText: 'ends at the server' }).waitFor();
    await look.button('Edit').click();
    equal(await dialog.getByLabel('Protocols within TLS', { exact: true }).inputValue(), 'h2, http/1.1', 'what is edited is what runs');
    ok(await dialog.getByLabel(/^Require/).isChecked() && (await dialog.getByLabel(/^Loopback/).isChecked()), 'what is chosen is what runs');
    await fill(look, 'Certificate', '');
    await look.button('Show difference').click();
    await look.text('+ tls.client_auth: "none"').waitFor();
    await look.confirm('Change service');
    await look.page.locator('#terms dd', { hasText: 'ends at the server' }).waitFor({ state: 'detached' });

    await look.button('Edit').click();
    const inner = dialog.getByRole('group', { name: 'Encrypted between the agents' });
    equal(await inner.count(), 0, 'encryption between agents where there are no visitors');
    await fill(look, 'Visitors', 'laptops');
    await inner.getByLabel(/^Yes/).check();
    await dialog.getByRole('group', { name: 'Agents may have clients refused' }).getByLabel(/^No/).check();
    await dialog.getByRole('group', { name: /PROXY protocol/ }).getByLabel(/^Not/).check();
    await look.button('Show difference').click();
    await look.page.locator('#end_to_end-wrong', { hasText: 'listen' }).waitFor();
    await fill(look, 'Listens on', '');
    await look.button('Show difference').click();
    await look.text('+ end_to_end: true').waitFor();
    await look.button('Cancel').click();

    await look.button('Remove').click();
    await look.text('- service extra').waitFor();
    await look.confirm('Remove service');
    ok(await isRefused(ports[7]), 'its port is closed');
    await until('its file is gone', async () => (await rig.ask('GET', '/v1/services/extra')).status === 404);
    ok(rig.clients.every((client) => !client.ended || client.bytes === 0), 'its relays go on');
  });
});

test('a change that came meanwhile is shown before anything is overwritten', async () => {
  const extra = (port) => ({ listen: `127.0.0.1:${ports[port]}`, connect: `127.0.0.1:${ports[2]}`, group: 'web' });
  await open({ permit: [answered(412), answered(404)] }, async (look) => { /* 404: a new service has no history for a second */
    await look.page.getByRole('link', { name: 'Add service' }).click();
    await fill(look, 'Name', 'mine');
    await fill(look, 'Listens on', `127.0.0.1:${ports[6]}`);
    await fill(look, 'Destination', `127.0.0.1:${ports[2]}`);
    await look.button('Show difference').click();
    await look.text('+ service mine').waitFor();
    equal((await rig.ask('PUT', '/v1/services/theirs', extra(7), { 'If-Match': '*' })).status, 201, 'the change of another');
    await look.page.getByRole('dialog').getByRole('button', { name: 'Add service' }).click();
    await look.text('The configuration was changed meanwhile').waitFor();
    await look.button('Show difference').click();
    await look.text('+ service mine').waitFor();
    await look.confirm('Add service');
    await until('both are there', async () => (await service('mine')) && (await service('theirs')));
  });
  for (const name of ['mine', 'theirs']) await rig.ask('DELETE', `/v1/services/${name}`, null, { 'If-Match': '*' });
});

test('files are loaded with their difference first, and go back unless that is confirmed', async () => {
  const services = JSON.parse(rig.read('server/munnel.json')).services;
  rig.configure(services.map((one) => (one.name === 'desk' ? { ...one, idle_timeout: 77 } : one)));
  await open({}, async (look) => {
    await look.text('The configuration files differ from what runs').waitFor({ timeout: 40000 });
    await look.page.getByRole('link', { name: 'Show difference' }).click();
    await look.text('+ idle_timeout: 77').waitFor();
    await look.page.getByText('Back after 60 s unless confirmed').click();
    await look.confirm('Load configuration');
    await look.page.locator('.problems').getByText('The configuration waits for its confirmation').waitFor();
    await look.button('Keep configuration').click();
    await look.page.locator('.problems').getByText('The configuration waits for its confirmation').waitFor({ state: 'detached' });
  });
  equal((await rig.get('/v1/status')).configuration.must_confirm_until, null, 'what waits');
  const { running } = await rig.get('/v1/config');
  equal(running.services.find((one) => one.name === 'desk').idle_timeout, 77, 'what runs');
});

test('an agent is added by a code that is shown once, rotated and revoked', async () => {
  await open({}, async (look) => {
    await look.page.getByRole('link', { name: 'Add agent' }).click();
    await fill(look, 'Name', 'gate');
    await fill(look, 'Groups', 'ops');
    await look.button('Add agent').last().click();
    await look.text('gate has not connected yet.').waitFor();
    await look.page.getByRole('dialog').getByRole('button', { name: 'Close' }).last().click();
    await look.text('The code has not been copied').waitFor();
    await look.button('Copy').click();
    const command = await look.page.evaluate(() => navigator.clipboard.readText());
    agents.gate = await rig.startAgent('gate', null, command.match(/munnel1\.[\w-]+/)[0]);
    await look.text('gate is connected.').waitFor();
    await look.page.getByRole('dialog').getByRole('button', { name: /^Close/ }).last().click();
    const text = await look.page.evaluate(() => document.body.innerText + location.href + JSON.stringify({ ...sessionStorage, ...localStorage }));
    ok(!text.includes('munnel1.'), 'the code is nowhere any more');

    const client = await rig.client(ports[5]);
    await look.button('Actions for gate').click();
    await look.page.getByRole('menuitem', { name: 'Rotate credential' }).click();
    await look.button('Rotate credential').click();
    await look.button('Copy').click();
    await look.page.getByRole('dialog').getByRole('button', { name: 'Close' }).last().click();
    await client.ask('echo again', 6);

    await until('the page shows its relay', async () => (await look.cells('Agents', 'gate'))[7] === '1');
    await look.button('Actions for gate').click();
    await look.page.getByRole('menuitem', { name: 'Revoke credential' }).click();
    await look.text(/^Its credential is not valid any more\. 1 relay ends now\./).waitFor();
    await look.confirm('Revoke credential');
    await until('its client is reset', () => client.ended === 'reset');
    await look.row('Agents', 'gate').waitFor({ state: 'detached' });
  });
  ok(await isRefused(ports[5]), 'ops is not served any more');
});

/* ---- who may ---- */

test('a wrong token gives the field for a token and nothing else', async () => {
  await open({ role: 'w'.repeat(40), permit: [answered(401)] }, async (look) => {
    await look.page.getByRole('alert').waitFor();
    equal(await look.page.getByRole('table').count(), 0, 'tables');
    await look.page.getByLabel('Token').fill(rig.tokens.view);
    await look.button('Open').click();
    await look.row('Services', 'web').waitFor();
    ok(!(await look.page.evaluate(() => location.href)).includes('token'), 'the address has no token');
  });
});

test('a token that is revoked while the page is open gives the field for another', async () => {
  const tokens = rig.read('server/tokens');
  const write = (text) => { writeFileSync(rig.path('server/tokens'), text, { mode: 0o600 }); return rig.ask('POST', '/v1/reload'); };
  await open({ role: 'view', permit: [answered(401), unreachable] }, async (look) => {
    await look.row('Services', 'web').waitFor();
    equal((await write(tokens.replace(/^view .*\n/m, ''))).status, 200, 'the reload');
    await look.page.locator('form .wrong').waitFor();
    equal(await look.page.getByRole('table').count(), 0, 'tables');
    await look.page.getByLabel('Token').fill(rig.tokens.operate);
    await look.button('Open').click();
    await look.row('Services', 'web').waitFor();
  });
  equal((await write(tokens)).status, 200, 'the reload back');
});

test('who may only look is offered nothing else', async () => {
  const client = await rig.client(ports[3]);
  const relay = await relayOf(client);
  for (const hash of ['', '#service/web', '#agent/web1', `#relay/${relay.id}`])
    await open({ role: 'view', hash }, async (look) => {
      await look.page.locator('.role', { hasText: 'view' }).waitFor();
      await look.page.locator(hash ? '.title .state' : 'tbody tr').first().waitFor();
      const buttons = await look.page.locator('main button, main a.button').allInnerTexts();
      const deeds = buttons.filter((text) => /Add|End|Drain|Pause|Check|Disconnect|Edit|Remove|Forgive|Load/.test(text));
      equal(deeds, [], `what ${hash || 'the first view'} offers`);
      equal(await look.page.locator('main [popover]').count(), 0, 'menus');
    });
});

test('an address that changes while the page starts is followed', async () => {
  await open({}, async (look) => {
    await look.row('Services', 'web').waitFor();
    await look.page.addInitScript(() => addEventListener('DOMContentLoaded', () => { location.hash = '#agent/web1'; }));
    await look.page.reload();
    await look.page.locator('.title .state').first().waitFor();
  });
});

test('who may operate is not offered to administer', async () => {
  await open({ role: 'operate' }, async (look) => {
    await look.row('Services', 'web').waitFor();
    equal(await look.page.getByText(/^Add /).count(), 0, 'Add buttons');
    await look.button('Actions for web1').click();
    equal(await look.page.getByRole('menuitem', { name: /credential/ }).count(), 0, 'deeds on credentials');
  });
});

/* ---- what is not as it should be ---- */

test('text of others is text', async () => {
  const evil = '<img src=x onerror="document.title=1">&amp;';
  await open({}, async (look) => {
    await look.row('Services', 'web').waitFor();
    await look.page.route('**/v1/services', async (route) => {
      const answer = await route.fetch();
      const { services } = await answer.json();
      await route.fulfill({ response: answer, json: { services: services.map((one) => ({ ...one, connect: [evil], paused_by: evil, state: 'paused' })) } });
    });
    await look.page.route('**/v1/agents', async (route) => {
      const answer = await route.fetch();
      const { agents: list } = await answer.json();
      await route.fulfill({ response: answer, json: { agents: list.map((one) => ({ ...one, groups: [evil], address: evil })) } });
    });
    await look.page.route('**/v1/events*', async (route) => {
      if (route.request().headers().accept.includes('event-stream')) return route.continue();
      return route.fulfill({ json: { events: [{ id: 1, time: new Date().toISOString(), severity: 'bad', kind: 'agent', subject: evil, text: evil, count: 1 }] } });
    });
    await look.text(`paused by ${evil}`).waitFor();
    await look.page.reload();
    await look.page.locator('.events').getByText(evil).first().waitFor();
    await look.row('Agents', 'web1').getByText(evil).first().waitFor();
    equal(await look.page.locator('img').count(), 0, 'images');
  });
});

test('an answer of another version leaves no empty page', async () => {
  await open({}, async (look) => {
    await look.row('Services', 'web').waitFor();
    await look.page.route('**/v1/services', (route) => route.fulfill({ json: { services: [{ name: 'web' }] } }));
    await look.text("This page does not understand the server's answer.").waitFor();
  });
});

const isWrong = (look) => look.text("This page does not understand the server's answer.").waitFor();

test('a status of another version leaves no empty page', async () => {
  const tick = `event: tick\ndata: ${JSON.stringify({ ...(await rig.get('/v1/status')), problems: undefined })}\n\n`;
  await open({ role: null }, async (look) => {
    await look.page.route('**/v1/events*', (route) => route.fulfill({ contentType: 'text/event-stream', body: tick }));
    await look.page.getByLabel('Token').fill(rig.tokens.view);
    await look.button('Open').click();
    await isWrong(look);
  });
});

test('values that a newer server has are shown as they are', async () => {
  const client = await rig.client(ports[3]);
  const { id } = await relayOf(client);
  const change = (look, path, edit) => look.page.route(path, async (route) => {
    const response = await route.fetch();
    const json = await response.json();
    edit(json);
    return route.fulfill({ response, json });
  });
  await open({}, async (look) => {
    await change(look, '**/v1/services', ({ services }) => services.forEach((one) => Object.assign(one, { state: 'frozen', extra: {} })));
    await change(look, '**/v1/agents', ({ agents: list }) => list.forEach((one) => Object.assign(one, { state: 'asleep' })));
    await change(look, '**/v1/relays?*', ({ relays }) => relays.forEach((one) => Object.assign(one, { state: 'folded' })));
    await change(look, '**/v1/services/web', (one) => one.keys.forEach((key) => Object.assign(key, { answer: 'perhaps', result: 'hesitates' })));
    await change(look, '**/v1/services/web/check', ({ hops }) => hops.forEach((hop) => Object.assign(hop, { result: 'doubtful' })));
    await look.row('Services', 'web').getByText('frozen').waitFor();
    await look.row('Agents', 'web1').getByText('asleep').waitFor();
    await look.row('Relays', id).getByText('folded').waitFor();
    await look.page.goto(`${rig.base}/#service/web`);
    await look.row('Both keys', 'web1').getByText('hesitates').waitFor();
    await look.button('Check').click();
    await look.page.locator('.check').getByText('doubtful').first().waitFor();
  });
});

test('scripts are the server\'s files alone', async () => {
  const response = await fetch(`${rig.base}/`);
  const policy = response.headers.get('content-security-policy');
  ok(policy.includes("default-src 'none'") && policy.includes("script-src 'self'") && !policy.includes('unsafe'), policy);
  const text = await response.text();
  ok(!/<style|<script(?![^>]* src=)|\son\w+=|\sstyle=/.test(text), 'nothing is inline');
});

/* Of the page as it stands. */
const axeOf = async (page, where) => {
  const { violations } = await page.evaluate(() => axe.run());
  return violations.map(({ id, nodes }) => `${where}: ${id}: ${nodes[0].target.join(' ')}: ${nodes[0].failureSummary}`);
};

/* axe needs bypassCSP, which open() has not. */
const axeThrough = async (page, where, hashes) => {
  await page.goto(`${rig.base}/`);
  await page.evaluate(axeSource());
  await page.waitForSelector('#token');
  const findings = await axeOf(page, `${where} token`);
  await page.fill('#token', rig.tokens.admin);
  await page.keyboard.press('Enter');
  await page.waitForSelector('tbody tr');
  for (const hash of hashes) {
    await page.evaluate((to) => { location.hash = to; }, hash);
    await page.waitForSelector(/search|keys|add/.test(hash) ? 'dialog' : hash ? '.title .state' : 'tbody tr');
    findings.push(...(await axeOf(page, `${where} ${hash}`)));
    await page.keyboard.press('Escape');
  }
  return findings;
};

test('axe has no finding, light and dark, wide and narrow', async () => {
  const relay = await relayOf(await rig.client(ports[3]));
  const views = ['', '#service/web', '#agent/web1', `#relay/${relay.id}`, '#search', '#keys', '#add-service', '#add-agent'];
  for (const [width, scheme, hashes] of [[1280, 'light', views], [1280, 'dark', views], [390, 'light', views.slice(0, 4)]]) {
    const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme: scheme, bypassCSP: true });
    try {
      equal(await axeThrough(await context.newPage(), `${width} ${scheme}`, hashes), [], 'findings');
    } finally {
      await context.close();
    }
  }
});

test('no width scrolls sideways', async () => {
  const client = await rig.client(ports[3]);
  const relay = await relayOf(client);
  for (const width of [390, 1024])
    for (const hash of ['', '#service/web', '#agent/web1', `#relay/${relay.id}`])
      await open({ width, hash }, (look) => look.page.locator(hash ? '.title .state' : 'tbody tr').first().waitFor());
});

test('the longest names fit', async () => {
  await rig.client(ports[3]);
  const long = 'warehouse-control-panel-of-the-building-in-the-north-wing-room-b';
  const address = '[2001:db8:1234:5678:9abc:def0:1234:5678]:65535';
  const named = { services: { name: long, listen: [address, address], groups: [long, long], connect: [`${long}.example.com:8443`], state: 'paused', paused_by: long, relays: 123456, peak: 123456 }, agents: { name: long, groups: [long, long], address, version: '0.10.20' }, relays: { client: address, service: long, agent: long, destination: `${long}.example.com:8443`, in_bytes: 123456789, out_bytes: 123456789 } };
  for (const width of [390, 1241, 1321, 1401, 1920])
    await open({ role: null, width, permit: [answered(404)] }, async (look) => {
      for (const [list, values] of Object.entries(named))
        await look.page.route(`**/v1/${list}*`, async (route) => {
          const response = await route.fetch();
          const json = await response.json();
          await route.fulfill({ response, json: { ...json, [list]: json[list].map((one) => ({ ...one, ...values })).slice(0, 1) } });
        });
      await look.page.getByLabel('Token').fill(rig.tokens.view);
      await look.button('Open').click();
      await look.row('Relays', address).waitFor();
      await look.row('Agents', long).waitFor();
    });
});

test('a server that is restarted under the page is found again', async () => {
  await open({ permit: [unreachable] }, async (look) => {
    await look.row('Services', 'web').waitFor();
    await rig.stop(rig.server);
    await look.text(/No answer since .*, trying again/).waitFor();
    ok(await look.page.locator('main.stale').count(), 'old numbers are faint');
    await rig.startServer();
    await look.text(/munneld restarted/).waitFor({ timeout: 30000 });
    await until('web1 has connected again', async () => (await agent('web1')).state === 'connected', 30000);
    await look.row('Agents', 'web1').getByText('connected').waitFor();
    equal(await look.page.locator('main.stale').count(), 0, 'stale views');
  });
});

test('a server that is silent is not shown as live', async () => {
  await open({ permit: [unreachable] }, async (look) => {
    await look.row('Services', 'web').waitFor();
    rig.server.child.kill('SIGSTOP');
    try {
      await look.text(/No answer since .*, trying again/).waitFor({ timeout: 30000 * SLOW });
      equal(await look.page.locator('main.stale').count(), 1, 'stale views');
    } finally {
      rig.server.child.kill('SIGCONT');
    }
    await look.page.locator('.live:not(.warn)').waitFor({ timeout: 30000 * SLOW });
    const client = await rig.client(ports[4]);
    await look.row('Relays', (await relayOf(client)).client).waitFor();
  });
});

test('a question that gets no answer is given up, and asked again', async () => {
  await open({}, async (look) => {
    await look.row('Services', 'web').waitFor();
    await look.page.route('**/v1/services', () => {}, { times: 1 });
    await look.page.waitForRequest('**/v1/services');
    const client = await rig.client(ports[4]);
    await look.row('Relays', (await relayOf(client)).client).waitFor({ timeout: 30000 * SLOW });
  });
});

test('a tab that was hidden asks for nothing, and is fresh when it is seen again', async () => {
  const show = (isHidden) => {
    Object.defineProperty(document, 'hidden', { configurable: true, get: () => isHidden });
    document.dispatchEvent(new Event('visibilitychange'));
  };
  await open({}, async (look) => {
    await look.row('Services', 'web').waitFor();
    await look.page.evaluate(show, true);
    await look.page.waitForLoadState('networkidle').catch(() => {});
    const client = await rig.client(ports[4]);
    const { client: address } = await relayOf(client);
    let asked = 0;
    await until('no list is asked for', async () => {
      const before = asked;
      const count = () => { asked++; };
      look.page.on('request', count);
      const clock = await look.page.locator('.live').innerText();
      await until('the clock ticks', async () => (await look.page.locator('.live').innerText()) !== clock);
      look.page.off('request', count);
      return asked === before;
    });
    equal(await look.row('Relays', address).count(), 0, 'rows of the new relay');
    await look.page.evaluate(show, false);
    await look.row('Relays', address).waitFor();
  });
});

let passed = false;
try {
  await setUp();
  passed = await runTests(noClients);
} finally {
  await browser?.close();
  await rig.end();
}
process.exit(passed ? 0 : 1);
