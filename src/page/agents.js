/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/* Agents: their table, and one of them with what can be done with it. */

import { html } from './htm-preact.js';
import { clock, expiresSoon, expiry, megabits, milliseconds, oneDecimal, sizeText, whole } from './format.js';
import { Cell, Fact, Head, Icon, Menu, Number, Section, State, Table, useShort } from './parts.js';
import { Relays } from './relays.js';
import { segment } from './api.js';
import { mayAdminister, mayOperate, now } from './store.js';

const SHAPES = { connected: 'ok', unhealthy: 'warn', suspended: 'warn', draining: 'draining', offline: 'bad' };
const ORDER = Object.keys(SHAPES).reverse();
const MOST = 25;

function words(agent) {
  if (agent.state === 'offline') return agent.since ? `offline since ${clock(agent.since, now())}` : 'not here yet';
  if (agent.state === 'draining') return `draining, ${agent.relays} left`;
  return agent.state;
}

const shapeOf = (agent) => (agent.state === 'offline' && !agent.since ? 'waiting' : SHAPES[agent.state] || 'note');

export const AgentState = ({ agent }) => html`<${State} shape=${shapeOf(agent)}>${words(agent)}<//>`;

const groupsOf = (agent) => (agent.groups.includes('*') ? 'all' : agent.groups.join(', '));

/* Not known, or not counted by this server. */
const rate = (rates) => (rates ? oneDecimal(megabits(rates.s10)) : '–');

/* What needs a look comes first; who has never been here, last. */
const rank = (agent) => (agent.state === 'offline' && !agent.since ? ORDER.length : ORDER.indexOf(agent.state));

const sorted = (agents) => [...agents].sort((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name));

function deeds(agent, ask) {
  const operate = [];
  const administer = [];
  if (mayOperate() && agent.state !== 'offline') {
    if (agent.state !== 'draining') operate.push(['Drain', () => ask({ kind: 'drain', agent }), '', 'd']);
    else if (agent.can_undrain) operate.push(['Undrain', () => ask({ kind: 'undrain', agent }), '', 'd']);
    operate.push(['Disconnect', () => ask({ kind: 'disconnect', agent })]);
  }
  if (mayAdminister() && agent.credential)
    administer.push(['Rotate credential', () => ask({ kind: 'rotate', agent })], ['Revoke credential', () => ask({ kind: 'revoke', agent }), 'bad']);
  return [...operate, ...(operate.length && administer.length ? [null] : []), ...administer];
}

/* ---- the table ---- */

const head = html`<tr role="row">
    <${Head} rows="2">Name<//><${Head} rows="2">State<//><${Head} rows="2">Groups<//><${Head} rows="2">From<//><${Head} rows="2">Version<//>
    <${Head} rows="2" num>Round<br />trip, ms<//><${Head} wide="2" group>Links<//><${Head} rows="2" num>Relays<//><${Head} wide="2" group>Mbit/s<//>
    <${Head} rows="2" num>Failures<//><${Head} rows="2" num>Credential<br />expires<//><${Head} rows="2"><span class="unseen">Actions</span><//></tr>
  <tr role="row"><${Head} num>shared<//><${Head} num>excl.<//><${Head} num>in<//><${Head} num>out<//></tr>`;

function Deeds({ agent, ask }) {
  const items = deeds(agent, ask);
  return items.length ? html`<${Menu} label=${`Actions for ${agent.name}`} items=${items} />` : '';
}

const cells = (ask) => (agent) => html`
  <${Cell} name at="a1"><a href=${`#agent/${segment(agent.name)}`}>${agent.name}</a><//>
  <${Cell} at="a2"><${AgentState} agent=${agent} /><//>
  <${Cell} quiet long>${groupsOf(agent)}<//>
  <${Cell} at="a3" long>${agent.address || '–'}<//>
  <${Cell} quiet>${agent.version || '–'}<//>
  <${Cell} num><${Number} text=${oneDecimal(agent.rtt_ms)} /><//>
  <${Cell} num><${Number} text=${whole(agent.links.shared)} /><//>
  <${Cell} num><${Number} text=${whole(agent.links.exclusive)} /><//>
  <${Cell} num at="a4" unit="relays"><${Number} text=${whole(agent.relays)} /><//>
  <${Cell} num><${Number} text=${rate(agent.in_rate)} /><//>
  <${Cell} num at="a5" unit="Mbit/s out"><${Number} text=${rate(agent.out_rate)} /><//>
  <${Cell} num tone=${agent.failures > 0 ? 'warn' : ''}><${Number} text=${whole(agent.failures)} /><//>
  <${Cell} num tone=${expiresSoon(agent.expires, now()) ? 'warn' : 'quiet'}>${expiry(agent.expires, now())}<//>
  <${Cell} at="a6"><${Deeds} agent=${agent} ask=${ask} /><//>`;

export function Agents({ agents, ask }) {
  const short = useShort(sorted(agents || []), MOST, 'agents', (agent) => [agent.name, agent.address, words(agent), ...agent.groups].join(' '));
  const tools = html`${short.filter}${mayAdminister() && html`<a class="button" href="#add-agent">Add agent</a>`}`;
  return html`<${Section} id="agents" title="Agents" total=${agents?.length ?? ''} tools=${tools}>
    <${Table} label="Agents" className="tight" head=${head} rows=${short.shown} asked=${short.asked} keyOf=${(agent) => agent.name} cells=${cells(ask)}
      href=${(agent) => `#agent/${segment(agent.name)}`} />
    ${short.more}
    ${agents?.length === 0 && html`<p class="quiet">No agents.${mayAdminister() && ' Add one, and run what you get where the destination is.'}</p>`}<//>`;
}

/* ---- one of them ---- */

const DEED_BUTTONS = { bad: 'danger' };

const limit = (bytes) => (bytes ? `${sizeText(bytes)}/s` : 'no limit');

function Facts({ agent }) {
  return html`<dl class="strip">
      <${Fact} name="Groups">${groupsOf(agent) || '–'}<//>
      <${Fact} name="From">${agent.address || '–'}<//>
      <${Fact} name="Version">${agent.version || '–'}<//>
      <${Fact} name="Round trip">${milliseconds(agent.rtt_ms)}<//>
      <${Fact} name="Links, shared and exclusive">${agent.links.shared} and ${agent.links.exclusive}<//>
      <${Fact} name="Mbit/s, in and out">${rate(agent.in_rate)} and ${rate(agent.out_rate)}<//>
      ${(agent.bandwidth_in || agent.bandwidth_out) && html`<${Fact} name="At most, in and out">${limit(agent.bandwidth_in)} and ${limit(agent.bandwidth_out)}<//>`}
    </dl>
    <dl class="strip">
      <${Fact} name="Since">${clock(agent.since, now())}<//>
      <${Fact} name="Permits">${agent.services.join(', ') || 'no service'}<//>
      <${Fact} name="Relays">${agent.relays}<//>
      <${Fact} name="Failures" tone=${agent.failures ? 'warn' : ''}>${agent.failures}<//>
      <${Fact} name="Credential">${agent.credential || 'none needed'}<//>
      <${Fact} name="Credential expires" tone=${expiresSoon(agent.expires, now()) ? 'warn' : ''}>${expiry(agent.expires, now())}<//>
    </dl>`;
}

export function AgentView({ state, name, ask }) {
  const agent = state.agent;
  const crumb = html`<a class="crumb" href="#agents"><${Icon} name="back" />Agents</a>`;
  if (!agent || agent.isGone)
    return html`<section>${crumb}<div class="title"><h2>${name}</h2></div>${agent && html`<p class="quiet">There is no such agent, and no credential of that name.</p>`}</section>`;
  const buttons = deeds(agent, ask).filter(Boolean);
  return html`<section>${crumb}
      <div class="title"><h2>${agent.name}</h2><${AgentState} agent=${agent} />
        <div class="right">${buttons.map(([text, action, tone]) => html`<button class=${`button ${DEED_BUTTONS[tone] || ''}`} onClick=${action}>${text}</button>`)}</div></div>
      <${Facts} agent=${agent} /></section>
    <${Relays} key=${name} relays=${state.relays} services=${state.services} agents=${[]} ask=${ask} fixed=${{ agent: name }} />`;
}
