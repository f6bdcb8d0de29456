/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/* One service: the flow of its clients, what server and agents permit, its times and terms, its relays and charts. */

import { html } from './htm-preact.js';
import { count, duration, expiry, oneDecimal, sizeText, whole } from './format.js';
import { Action, Cell, Head, Icon, Number, Section, State, Table } from './parts.js';
import { ServiceState } from './overview.js';
import { Relays } from './relays.js';
import { Flow, sumsByAgent } from './flow.js';
import { resultShape, resultWords } from './results.js';
import { Charts } from './charts.js';
import { mayAdminister, mayOperate, now, refreshNow } from './store.js';
import { post, segment } from './api.js';

/* ---- both keys ---- */

const ANSWERS = { permits: 'permits', refuses: 'refuses', unanswered: 'not yet', offline: '–' };

const keyHead = html`<tr role="row"><${Head}>Agent<//><${Head}>Server says<//><${Head}>Agent says<//><${Head}>Result<//><${Head}>Because<//><${Head} num>Relays<//></tr>`;

const serverWords = (row) => (row.server === 'credential' ? 'may serve' : `may serve: ${row.server === '*' ? 'all groups' : row.server}`);

const keyCells = (relays) => (row) => html`
  <${Cell} name at="a1"><a href=${`#agent/${segment(row.agent)}`}>${row.agent}</a><//>
  <${Cell} quiet long>${serverWords(row)}<//>
  <${Cell} tone=${row.answer === 'refuses' ? 'warn' : ''}>${ANSWERS[row.answer] || row.answer}<//>
  <${Cell} at="a2"><${State} shape=${resultShape(row.result)}>${resultWords(row.result)}<//><//>
  <${Cell} quiet at="a3" long>${row.because || ''}<//>
  <${Cell} num at="a5" unit="relays"><${Number} text=${whole(relays.get(row.agent)?.relays ?? 0)} /><//>`;

const Keys = ({ service, flow }) => html`<${Section} id="keys" title="Both keys" note="an agent serves where the server says so and the agent permits it">
  <${Table} label="Both keys" className="tight" head=${keyHead} rows=${service.keys} keyOf=${(row) => row.agent} cells=${keyCells(sumsByAgent(flow))} />
  ${service.keys.length === 0 && html`<p class="quiet">No agent has a credential for its groups. Add one, or change its groups.</p>`}<//>`;

/* ---- times, refusals, terms ---- */

const timeHead = html`<tr role="row"><${Head}>ms, of the last 5 to 10 min<//><${Head} num>p50<//><${Head} num>p99<//></tr>`;
const timeCells = ([name, times]) => html`<${Cell} name at="a1">${name}<//><${Cell} num at="a4" unit="p50"><${Number} text=${oneDecimal(times.p50_ms)} /><//><${Cell} num at="a5" unit="p99"><${Number} text=${oneDecimal(times.p99_ms)} /><//>`;

const Times = ({ service }) => html`<${Section} id="times" title="Times">
  <${Table} label="Times" className="tight" head=${timeHead} keyOf=${([name]) => name} cells=${timeCells}
    rows=${[['Wait for an agent', service.wait], ['Dial, there and back', service.dial], ['First byte to client', service.first_byte]]} /><//>`;

function Refused({ service }) {
  const reasons = Object.entries(service.refused).filter(([, number]) => number > 0);
  return html`<${Section} id="refused" title="Refused clients" note="since munneld started">
    ${reasons.length ? html`<dl class="facts">${reasons.map(([reason, number]) => html`<dt>${reason}</dt><dd>${number}</dd>`)}</dl>` : html`<p class="quiet">None.</p>`}<//>`;
}

/* ---- datagrams ---- */

const dropHead = html`<tr role="row"><${Head}>Dropped because of<//><${Head} num>From clients<//><${Head} num>To clients<//></tr>`;
const dropCells = ([reason, from, to]) => html`<${Cell} name at="a1">${reason}<//><${Cell} num at="a4" unit="from clients"><${Number} text=${whole(from)} /><//><${Cell} num at="a5" unit="to clients"><${Number} text=${whole(to)} /><//>`;

function Datagrams({ service }) {
  const { rate, dropped_rate: dropRate, dropped_in: from, dropped_out: to } = service.datagrams;
  const reasons = [...new Set([...Object.keys(from), ...Object.keys(to)])].map((reason) => [reason, from[reason] ?? 0, to[reason] ?? 0]);
  return html`<${Section} id="datagrams" title="Datagrams" note="dropped ones since munneld started">
    <dl class="facts"><dt>Per second</dt><dd>${oneDecimal(rate.s10)}</dd><dt>Dropped per second</dt><dd>${oneDecimal(dropRate.s10)}</dd>
      <dt>From clients</dt><dd>${service.datagrams.in}</dd><dt>To clients</dt><dd>${service.datagrams.out}</dd></dl>
    ${reasons.length > 0 && html`<${Table} label="Dropped datagrams" className="tight" head=${dropHead} rows=${reasons} keyOf=${([reason]) => reason} cells=${dropCells} />`}<//>`;
}

const NEVER = { idle_timeout: 'never', bandwidth_burst: 'of 0.1 s' };

const wanted = (check) => (check.type === 'http' ? `GET ${check.path} with ${check.status}` : check.type === 'tls' ? 'a TLS handshake' : 'a connection');

const checkText = (check) => (check.type === 'none' ? 'no' : `${wanted(check)}, every ${duration(check.interval)}; ${check.fall} failures in a row and no clients come, ${check.rise} successes and they do again`);

/* Without a value it is as if it were not there; 0 is no limit. */
function termText(key, value) {
  if (Array.isArray(value)) return value.join(', ') || '–';
  if (value === 0) return NEVER[key] || 'no limit';
  if (key === 'check') return checkText(value);
  if (key.endsWith('_timeout')) return duration(value);
  if (key.startsWith('bandwidth_')) return key.endsWith('_burst') ? sizeText(value) : `${sizeText(value)}/s`;
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

function tlsText(tls) {
  const ends = expiry(tls.expires, now());
  const failed = Object.entries(tls.handshakes).reduce((sum, [result, number]) => sum + (result === 'done' ? 0 : number), 0);
  return `ends at the server; its certificate ${ends === 'expired' ? 'has expired' : `ends in ${ends}`}${failed ? `; ${count(failed, 'handshake')} failed` : ''}${tls.refused ? `; not in use: ${tls.refused}` : ''}`;
}

const termName = (key) => key.charAt(0).toUpperCase() + key.slice(1).replaceAll('_', ' ');

function Terms({ service }) {
  const hasSocket = service.listen.some((place) => place.startsWith('unix:'));
  const isShown = ([key, value]) => value !== null && !['name', 'listen', 'visitors', 'connect', 'tls', 'protocol'].includes(key) && (hasSocket || !key.startsWith('socket_'));
  const terms = Object.entries(service.configuration || { group: service.groups }).filter(isShown);
  return html`<${Section} id="terms" title="Terms">
    <dl class="facts">
      <dt>Listens on</dt><dd>${service.listen.join(', ') || '–'}${service.protocol === 'udp' && ' udp'}</dd>
      ${service.visitors.length > 0 && html`<dt>Visitors</dt><dd>${service.visitors.join(', ')}</dd>`}
      <dt>Leads to</dt><dd>${service.connect.join(', ')}</dd>
      ${service.tls && html`<dt>TLS</dt><dd>${tlsText(service.tls)}</dd>`}
      ${terms.map(([key, value]) => html`<dt>${termName(key)}</dt><dd>${termText(key, value)}</dd>`)}
      ${service.published_by ? html`<dt>Published by</dt><dd>agent ${service.published_by.agent}${service.published_by.gone_since ? ', which has gone' : ''}</dd>`
        : html`<dt>Written in</dt><dd class="mono">${service.origin.file || 'the command line'}</dd>`}
    </dl><//>`;
}

/* ---- what can be done ---- */

function Tools({ service, ask }) {
  const path = `/v1/services/${segment(service.name)}`;
  const isPaused = service.state === 'paused';
  return html`${mayOperate() && html`<${Action} key="check" text="Check" busy="Checking…" action=${() => post(`${path}/check`)} onDone=${(check) => ask({ kind: 'checked', check })} />
      ${isPaused ? html`<${Action} key="resume" text="Resume" busy="Resuming…" action=${() => post(`${path}/resume`)} onDone=${refreshNow} />`
        : html`<button class="button" data-key="p" onClick=${() => ask({ kind: 'pause', service })}>Pause</button>`}`}
    ${mayAdminister() && service.origin.is_managed && service.configuration && html`<button class="button" onClick=${() => ask({ kind: 'edit', service })}>Edit</button>
      <button class="button danger" onClick=${() => ask({ kind: 'remove', service })}>Remove</button>`}`;
}

export function ServiceView({ state, name, ask, span, onSpan }) {
  const service = state.service;
  const crumb = html`<a class="crumb" href="#services"><${Icon} name="back" />Services</a>`;
  if (!service || service.isGone)
    return html`<section>${crumb}<div class="title"><h2>${name}</h2></div>${service && html`<p class="quiet">There is no such service.</p>`}</section>`;
  return html`<section>${crumb}
      <div class="title"><h2>${service.name}</h2><${ServiceState} service=${service} isLong /><div class="right"><${Tools} service=${service} ask=${ask} /></div></div>
      <${Flow} service=${service} flow=${state.flow} agents=${state.agents} /></section>
    <div class="split"><div><${Keys} service=${service} flow=${state.flow} /><${Times} service=${service} />${service.datagrams && html`<${Datagrams} service=${service} />`}<${Refused} service=${service} /></div><${Terms} service=${service} /></div>
    <${Relays} key=${name} relays=${state.relays} services=${[]} agents=${state.agents} ask=${ask} fixed=${{ service: name }} />
    <${Charts} history=${state.history} events=${state.events} subject=${name} hasDatagrams=${Boolean(service.datagrams)} span=${span} onSpan=${onSpan} />`;
}
