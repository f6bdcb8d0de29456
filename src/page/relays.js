/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/* Relays: their table, with search, order and pages; one of them with the times of its opening, and how it ended. */

import { html, useEffect, useState } from './htm-preact.js';
import { clock, duration, megabits, milliseconds, oneDecimal, sinceSeconds, sizeText } from './format.js';
import { Cell, Choice, Fact, Head, Icon, Number, Section, Size, State, Table } from './parts.js';
import { Curve } from './charts.js';
import { segment } from './api.js';
import { loadEarlier, mayOperate, now, want } from './store.js';

const SHAPES = { open: 'ok', opening: 'waiting', suspended: 'warn', waiting: 'waiting', ended: 'note' };

const ending = (relay) => [relay.by && `by ${relay.by}`, relay.reason, relay.detail].filter(Boolean).join(': ');

function words(relay) {
  if (relay.state === 'open') return (relay.carrier || 'open') + (relay.throttled_in || relay.throttled_out ? ', held back' : '');
  if (relay.state === 'suspended' && relay.suspended) return `suspended ${duration(sinceSeconds(relay.suspended, now()))}`;
  if (relay.state === 'opening' && !relay.agent) return 'waiting';
  return relay.state === 'ended' ? ending(relay) || 'ended' : relay.state;
}

export const RelayState = ({ relay }) => html`<${State} shape=${SHAPES[relay.state] || 'note'}>${words(relay)}<//>`;

const rateOf = (relay) => megabits(relay.in_rate + relay.out_rate);
const ageOf = (relay) => sinceSeconds(relay.accepted, relay.ended ? new Date(relay.ended) : now());

/* ---- the table ---- */

const PAGE = 10;
const ALL = 1000; /* the most that the server lists */

/* Without the column that would have the same in each row. */
const head = (query, onSort, fixed) => {
  const sorted = (key) => (query.sort === `-${key}` ? '-' : query.sort === key ? '+' : undefined);
  const isLive = query.state !== 'ended';
  const sortBy = (key) => (isLive ? { sort: sorted(key), onSort: () => onSort(key) } : {});
  return html`<tr role="row"><${Head}>Client<//>${!fixed?.service && html`<${Head}>Service<//>`}${!fixed?.agent && html`<${Head}>Agent<//>`}<${Head}>Destination<//>
    <${Head} num ...${sortBy('age')}>${isLive ? 'Age' : 'Lasted'}<//><${Head} num>In<//><${Head} num ...${sortBy('bytes')}>Out<//>
    <${Head} num ...${isLive ? sortBy('rate') : {}}>${isLive ? 'Mbit/s' : 'Ended'}<//><${Head}>${isLive ? 'State' : 'By whom and why'}<//><${Head}>Id<//>
    <${Head}><span class="unseen">Actions</span><//></tr>`;
};

const cells = (ask, fixed) => (relay) => html`
  <${Cell} name at="a1"><a href=${`#relay/${relay.id}`}>${relay.client}</a>${relay.protocol === 'udp' && html` <span class="faint">udp</span>`}<//>
  ${!fixed?.service && html`<${Cell} at="a3" long>${relay.service}<//>`}
  ${!fixed?.agent && html`<${Cell} at=${fixed?.service ? 'a3' : ''} long>${relay.agent || html`<span class="faint">none yet</span>`}<//>`}
  <${Cell} quiet long>${relay.destination || '–'}<//>
  <${Cell} num at="a4">${duration(ageOf(relay))}<//>
  <${Cell} num><${Size} bytes=${relay.in_bytes} /><//>
  <${Cell} num><${Size} bytes=${relay.out_bytes} /><//>
  ${relay.ended ? html`<${Cell} num at="a5">${clock(relay.ended, now(), true)}<//>`
    : html`<${Cell} num at="a5" unit="Mbit/s"><${Number} text=${oneDecimal(rateOf(relay))} /><//>`}
  <${Cell} at="a2" long><${RelayState} relay=${relay} /><//>
  <${Cell} quiet mono>${relay.id}<//>
  <${Cell} at="a6">${mayOperate() && !relay.ended && html`<button class="button flat" data-key="e" aria-label=${`End relay ${relay.id}`} onClick=${() => ask({ kind: 'end', relay })}>End</button>`}<//>`;

const isAddress = (word) => /^\d{1,3}(\.\d{1,3}){3}$/.test(word) || /^[0-9a-f]*:[0-9a-f:]*:[0-9a-f]*$/i.test(word);

/* What the server can choose by; any other word is looked for in what it lists. */
function filterOf(word, services, agents) {
  if (!word) return {};
  if (services?.some?.((service) => service.name === word)) return { service: word };
  if (agents?.some?.((agent) => agent.name === word)) return { agent: word };
  return isAddress(word) ? { client: word } : null;
}

const has = (relay, word) => [relay.client, relay.service, relay.agent, relay.destination, relay.id].some((text) => text?.toLowerCase().includes(word));

/* { rows, total } of the page that is shown. */
function pageOf(relays, word, isFiltered, offset) {
  const all = relays?.relays || [];
  if (!isFiltered) return { rows: all, total: relays?.total ?? 0 };
  const found = all.filter((relay) => has(relay, word.toLowerCase()));
  return { rows: found.slice(offset, offset + PAGE), total: found.length };
}

export function queryOf({ sort, state, offset }, filter, fixed) {
  const place = filter ? { limit: PAGE, offset } : { limit: ALL };
  return new URLSearchParams({ ...filter, ...fixed, ...(state === 'ended' ? { state } : { sort }), ...place }).toString();
}

const STATES = [['live', 'Live'], ['ended', 'Ended']];

function Pages({ offset, total, onOffset }) {
  if (total <= PAGE) return null;
  const last = Math.min(total, ALL);
  return html`<div class="pages"><span class="quiet">${offset + 1} to ${Math.min(offset + PAGE, total)} of ${total}</span>
    <button class="button flat" disabled=${offset === 0} onClick=${() => onOffset(Math.max(0, offset - PAGE))}>Previous</button>
    <button class="button flat" disabled=${offset + PAGE >= last} onClick=${() => onOffset(offset + PAGE)}>Next</button></div>`;
}

export function Relays({ relays, services, agents, ask, fixed }) {
  const [text, setText] = useState('');
  const [query, setQuery] = useState({ sort: '-rate', offset: 0, state: 'live' });
  const word = text.trim();
  const filter = filterOf(word, services, agents);
  const apply = (part, words = word) => {
    const next = { ...query, ...part };
    setQuery(next);
    want({ relayQuery: queryOf(next, filterOf(words.trim(), services, agents), fixed) });
  };
  const onSort = (key) => apply({ sort: key === 'age' && query.sort === '-age' ? 'age' : `-${key}`, offset: 0 });
  const onFilter = (event) => {
    setText(event.target.value);
    apply({ offset: 0 }, event.target.value);
  };
  const { rows, total } = pageOf(relays, word, !filter, query.offset);
  const tools = html`<input class="field" type="search" placeholder="Client, service, agent or id" aria-label="Filter relays" value=${text} onInput=${onFilter} />
    <${Choice} name="relay-state" label="Which relays" value=${query.state} options=${STATES} onChange=${(state) => apply({ state, offset: 0 })} />`;
  return html`<${Section} id="relays" title="Relays" total=${relays ? total : ''} tools=${tools}>
    <${Table} label="Relays" className="tight relays" head=${head(query, onSort, fixed)} rows=${rows} asked=${`${relays?.path} ${query.offset} ${word}`} keyOf=${(relay) => relay.id} cells=${cells(ask, fixed)} href=${(relay) => `#relay/${relay.id}`} />
    ${relays && total === 0 && html`<p class="quiet">${word ? 'No relay has this.' : query.state === 'ended' ? 'None has ended yet.' : 'No relays. One begins when a client connects to a service.'}</p>`}
    <${Pages} offset=${query.offset} total=${total} onOffset=${(offset) => apply({ offset })} /><//>`;
}

/* ---- how one opened ---- */

const WIDTH = 1216;
const LEFT = 236;
const RIGHT = 1040;
const ROW = 30;

/* Steps with begin and end in ms since the client was accepted. */
function steps(relay) {
  const wait = relay.wait_ms ?? 0;
  const opened = wait + (relay.dial_ms ?? 0);
  const list = [];
  if (relay.wait_ms !== null) list.push({ text: 'Waited for an agent', from: 0, to: wait, note: relay.agent ? `then ${relay.agent}` : '' });
  if (relay.dial_ms !== null) list.push({ text: 'Agent connected', from: wait, to: opened, note: `the way there and back, and ${relay.address || relay.destination}` });
  if (relay.first_byte_ms !== null)
    list.push({ text: 'Destination answered', from: Math.min(opened, relay.first_byte_ms), to: relay.first_byte_ms, note: `first byte after ${milliseconds(relay.first_byte_ms)}`, isOwn: true });
  return list;
}

function roundStep(most) {
  const raw = most / 5 || 1;
  const power = 10 ** Math.floor(Math.log10(raw));
  return [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= raw);
}

function Waterfall({ relay }) {
  const list = steps(relay);
  if (list.length === 0) return html`<p class="quiet">It still waits for an agent.</p>`;
  const most = Math.max(...list.map((step) => step.to), 0.1);
  const mark = roundStep(most);
  const x = (ms) => LEFT + (ms / most) * (RIGHT - LEFT) * 0.8;
  const marks = Array.from({ length: Math.floor((most * 1.25) / mark) + 1 }, (_, index) => index * mark);
  const spoken = list.map((step) => `${step.text} ${milliseconds(step.to - step.from)}`).join(', ');
  return html`<svg class="waterfall" viewBox=${`0 0 ${WIDTH} ${24 + list.length * ROW}`} role="img" aria-label=${spoken}>
      ${marks.map((ms) => html`<path class="grid" d=${`M${Math.round(x(ms)) + 0.5} 20V${20 + list.length * ROW}`} /><text x=${x(ms)} y="11" class="axis" text-anchor=${ms ? 'middle' : 'start'}>${+ms.toPrecision(6)}${ms ? '' : ' ms'}</text>`)}
      ${list.map((step, index) => html`<path class="separator" d=${`M0 ${20 + (index + 1) * ROW}.5H${WIDTH}`} />
        <text x="0" y=${40 + index * ROW}>${step.text}</text>
        <text x=${LEFT - 22} y=${40 + index * ROW} text-anchor="end">${milliseconds(step.to - step.from)}</text>
        <rect class=${`bar ${step.isOwn ? 'own' : ''}`} x=${x(step.from)} y=${30 + index * ROW} width=${Math.max(2, x(step.to) - x(step.from))} height="10" rx="1.5" />
        <text class="note" x=${x(step.to) + 8} y=${39 + index * ROW}>${step.note}</text>`)}
    </svg>
    <ol class="flow-list">${list.map((step) => html`<li><span>${step.text}</span><span>${milliseconds(step.to - step.from)}</span></li>`)}</ol>`;
}

/* ---- one relay ---- */

function sentence(relay) {
  const came = `${relay.client} came to ${relay.service} at ${clock(relay.accepted, now(), true)}`;
  if (!relay.agent) return `${came}${relay.ended ? '.' : ', and no agent has taken it yet.'}`;
  return `${came}${relay.dial_ms === null ? ', and was given to' : ` and was joined with ${relay.address || relay.destination} through`} ${relay.agent}.`;
}

function Earlier({ relay, earlier }) {
  const rows = (earlier || []).filter((other) => other.id !== relay.id);
  if (rows.length === 0) return null;
  const host = relay.client.replace(/:\d+$/, '');
  const heads = html`<tr role="row"><${Head}>Accepted<//><${Head}>Service<//><${Head}>Agent<//><${Head} num>Lasted<//><${Head} num>First byte<//><${Head} num>In<//><${Head} num>Out<//><${Head}>Ended<//></tr>`;
  const row = (other) => html`<${Cell} name at="a1"><a href=${`#relay/${other.id}`}>${clock(other.accepted, now(), true)}</a><//><${Cell} at="a3">${other.service}<//><${Cell} long>${other.agent || '–'}<//>
    <${Cell} num at="a4">${duration(ageOf(other))}<//><${Cell} num>${milliseconds(other.first_byte_ms)}<//><${Cell} num><${Size} bytes=${other.in_bytes} /><//><${Cell} num><${Size} bytes=${other.out_bytes} /><//>
    <${Cell} at="a2" long quiet>${ending(other)}<//>`;
  return html`<${Section} id="earlier" title=${`Earlier relays of ${host}`}>
    <${Table} label="Earlier relays" className="tight" head=${heads} rows=${rows} keyOf=${(other) => other.id} cells=${row} href=${(other) => `#relay/${other.id}`} /><//>`;
}

export function RelayView({ state, name, ask }) {
  const relay = state.relay;
  const client = relay?.client;
  useEffect(() => {
    if (client) loadEarlier(client);
  }, [client]);
  const crumb = html`<a class="crumb" href="#relays"><${Icon} name="back" />Relays</a>`;
  if (!relay || relay.isGone)
    return html`<section>${crumb}<div class="title"><h2>${name}</h2></div>${relay && html`<p class="quiet">This relay has ended, and is too long ago to be shown. The access log has it.</p>`}</section>`;
  return html`<section>${crumb}
      <div class="title"><h2>${relay.id}</h2><${RelayState} relay=${relay} />
        <div class="right">${mayOperate() && !relay.ended && html`<button class="button danger" data-key="e" onClick=${() => ask({ kind: 'end', relay })}>End relay</button>`}</div></div>
      <p class="quiet">${sentence(relay)}</p>
      <dl class="strip">
        <${Fact} name=${relay.ended ? 'Lasted' : 'Age'}>${duration(ageOf(relay))}<//>
        <${Fact} name="In">${sizeText(relay.in_bytes)}<//>
        <${Fact} name="Out">${sizeText(relay.out_bytes)}<//>
        ${relay.ended ? html`<${Fact} name="Ended">${clock(relay.ended, now(), true)}<//>`
          : html`<${Fact} name="Mbit/s, in and out">${oneDecimal(megabits(relay.in_rate))} and ${oneDecimal(megabits(relay.out_rate))}<//>`}
        ${relay.datagrams && html`<${Fact} name="Datagrams, in and out">${relay.datagrams.in} and ${relay.datagrams.out}<//>
          <${Fact} name="Dropped, in and out">${relay.datagrams.dropped_in} and ${relay.datagrams.dropped_out}<//>`}
        <${Fact} name="First byte">${milliseconds(relay.first_byte_ms)}<//>
        <${Fact} name="Service"><a href=${`#service/${segment(relay.service)}`}>${relay.service}</a><//>
        <${Fact} name="Agent">${relay.agent ? html`<a href=${`#agent/${segment(relay.agent)}`}>${relay.agent}</a>` : '–'}<//>
      </dl>
      ${relay.ended && html`<p>Ended ${ending(relay)}.</p>`}</section>
    <${Section} id="opening" title="How it opened"><${Waterfall} relay=${relay} /><//>
    ${state.trace && html`<${Section} id="rate" title="Throughput" note="since this view was opened"><${Curve} trace=${state.trace} /><//>`}
    <${Earlier} relay=${relay} earlier=${state.earlier} />`;
}
