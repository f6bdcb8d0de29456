/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/* The first view: what is wrong, services, agents, relays, charts, events, sources. */

import { html, useState } from './htm-preact.js';
import { clock, count, megabits, oneDecimal, placesOf, roughDuration, sinceSeconds, whole } from './format.js';
import { Action, Cell, Choice, Head, Mark, Number, Section, Spark, State, Table, useShort } from './parts.js';
import { Agents } from './agents.js';
import { Relays } from './relays.js';
import { Charts } from './charts.js';
import { post, segment } from './api.js';
import { mayAdminister, mayOperate, now, refreshNow } from './store.js';

/* ---- problems ---- */

function problemLink({ kind, subject }) {
  if (kind === 'service') return ['Show both keys', `#service/${segment(subject)}`];
  if (kind === 'agent' || kind === 'credential') return [`Show ${subject}`, `#agent/${segment(subject)}`];
  if (kind === 'configuration' && mayAdminister()) return ['Show difference', '#difference'];
  return null;
}

const sentence = (text) => `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? '' : '.'}`;

/* What a reload waits for that goes back by itself. */
const Keep = () => html`<${Action} text="Keep configuration" busy="Keeping…" action=${() => post('/v1/reload/confirm')} onDone=${refreshNow} />`;

function Problem({ problem, isWaiting }) {
  const mayKeep = isWaiting && problem.kind === 'configuration' && mayAdminister();
  const link = !mayKeep && problemLink(problem);
  const age = problem.since && sinceSeconds(problem.since, now());
  const why = [problem.why, problem.remedy].filter(Boolean).map(sentence);
  return html`<li><${Mark} shape=${problem.severity === 'bad' ? 'bad' : problem.kind === 'configuration' ? 'note' : 'warn'} />
    <time dateTime=${problem.since || undefined}>${problem.since && html`<b>${clock(problem.since, now())}</b>${roughDuration(age)}`}</time>
    <div class="text"><strong class=${problem.severity === 'bad' ? 'bad' : ''}>${problem.kind === 'service' ? problem.what : sentence(problem.what).replace(/\.$/, '')}</strong>
      <p>${why.join(' ')}</p></div>
    ${mayKeep && html`<${Keep} />`}${link && html`<a class="button" href=${link[1]}>${link[0]}</a>`}</li>`;
}

const PROBLEMS_MOST = 6;

export function Problems({ status }) {
  const problems = status?.problems || [];
  const short = useShort(problems, PROBLEMS_MOST, 'problems');
  if (problems.length === 0) return null;
  const isWaiting = Boolean(status.configuration.must_confirm_until);
  return html`<${Section} id="problems" title="Problems" total=${problems.length}>
    <ul class="problems">${short.shown.map((problem) => html`<${Problem} key=${problem.kind + problem.subject + problem.what} problem=${problem} isWaiting=${isWaiting} />`)}</ul>${short.more}<//>`;
}

/* ---- services ---- */

const SHAPES = { ok: 'ok', limited: 'warn', unreachable: 'bad', paused: 'paused' };

function stateWords(service, isLong) {
  if (service.state === 'paused') return service.paused_by ? `paused by ${service.paused_by}` : 'paused';
  if (service.state === 'limited' && isLong) return `limited: ${service.able} of ${count(service.known, 'agent')} can serve`;
  if (service.state === 'unreachable' && isLong && service.since) return `unreachable since ${clock(service.since, now())}`;
  return service.state === 'ok' ? 'reachable' : service.state;
}

export const ServiceState = ({ service, isLong }) =>
  html`<${State} shape=${SHAPES[service.state] || 'note'}>${stateWords(service, isLong)}<//>`;

const serviceHead = html`<tr role="row">
    <${Head} rows="2">Name<//><${Head} rows="2">Listens on<//><${Head} rows="2">Leads to<//><${Head} rows="2">State<//>
    <${Head} rows="2" num>Agents<br />able / known<//><${Head} wide="2" group>Relays<//><${Head} rows="2" num>New/s<//>
    <${Head} rows="2" num>Waiting<//><${Head} wide="2" group>Mbit/s<//><${Head} wide="2" group>First byte, ms<//><${Head} rows="2" num>10 min<//></tr>
  <tr role="row"><${Head} num>now<//><${Head} num>peak<//><${Head} num>in<//><${Head} num>out<//><${Head} num>p50<//><${Head} num>p99<//></tr>`;

const ableTone = (service) => (service.state === 'paused' ? '' : service.able === 0 ? 'bad' : service.able < service.known ? 'warn' : '');

const serviceCells = (sparks) => (service) => html`
  <${Cell} name at="a1"><a href=${`#service/${segment(service.name)}`}>${service.name}</a><//>
  <${Cell} long>${placesOf(service)}<//>
  <${Cell} at="a3"><span class="leads-to" title=${[...service.groups, '→', ...service.connect].join(' ')}><span>${service.published_by ? `agent ${service.published_by.agent}` : service.groups.join(', ') || 'any agent'}</span><span class="arrow">→</span><span>${service.connect.join(', ')}</span></span><//>
  <${Cell} at="a2" long><${ServiceState} service=${service} /><//>
  <${Cell} num tone=${ableTone(service)}>${service.able}<span class="faint"> / </span>${service.known}<//>
  <${Cell} num at="a4" unit="relays"><${Number} text=${whole(service.relays)} /><//>
  <${Cell} num quiet><${Number} text=${whole(service.peak)} /><//>
  <${Cell} num><${Number} text=${oneDecimal(service.new_rate.s10)} /><//>
  <${Cell} num tone=${service.waiting > 0 ? 'warn' : ''}><${Number} text=${whole(service.waiting)} /><//>
  <${Cell} num><${Number} text=${oneDecimal(megabits(service.in_rate.s10))} /><//>
  <${Cell} num at="a5" unit="Mbit/s out"><${Number} text=${oneDecimal(megabits(service.out_rate.s10))} /><//>
  <${Cell} num><${Number} text=${oneDecimal(service.first_byte.p50_ms)} /><//>
  <${Cell} num><${Number} text=${oneDecimal(service.first_byte.p99_ms)} /><//>
  <${Cell} num>${sparks[service.name] && html`<${Spark} values=${sparks[service.name]} />`}<//>`;

const SERVICES_MOST = 25;
const ORDER = ['unreachable', 'limited', 'ok', 'paused'];

/* What needs a look comes first. */
const sorted = (services) => [...services].sort((a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state));

function Services({ services, sparks }) {
  const short = useShort(sorted(services || []), SERVICES_MOST, 'services', (service) => [service.name, service.state, placesOf(service), ...service.groups, ...service.connect].join(' '));
  const tools = html`${short.filter}${mayAdminister() && html`<a class="button" href="#add-service">Add service</a>`}`;
  return html`<${Section} id="services" title="Services" total=${services?.length ?? ''} tools=${tools}>
    <${Table} label="Services" head=${serviceHead} rows=${short.shown} asked=${short.asked} keyOf=${(service) => service.name} cells=${serviceCells(sparks)}
      href=${(service) => `#service/${segment(service.name)}`} />
    ${short.more}
    ${services?.length === 0 && html`<p class="quiet">No services.${mayAdminister() && ' Add one: clients connect to its port.'}</p>`}<//>`;
}

/* ---- events and sources ---- */

const KINDS = [['', 'All'], ['server', 'Server'], ['agent', 'Agents'], ['service', 'Services'], ['certificate', 'Certificates'], ['source', 'Sources']];
const PAGE = 20;

const hasWord = (event, word) => !word || `${event.subject} ${event.text}`.toLowerCase().includes(word);

const Event = ({ event }) => html`<li>
  <time class="quiet" dateTime=${event.time}>${clock(event.time, now(), true)}</time>
  <span class="event-mark">${event.severity !== 'info' && html`<${Mark} shape=${event.severity === 'bad' ? 'bad' : 'warn'} /><span class="unseen">${event.severity === 'bad' ? 'bad: ' : 'warning: '}</span>`}</span>
  <span class="text">${event.subject && html`<b>${event.subject}</b> `}${event.text}${event.count > 1 && html` <span class="faint">${event.count} times</span>`}</span></li>`;

export function Events({ events }) {
  const [kind, setKind] = useState('');
  const [word, setWord] = useState('');
  const [most, setMost] = useState(PAGE);
  const all = events.filter((event) => (!kind || event.kind === kind) && hasWord(event, word.trim().toLowerCase()));
  const tools = html`<${Choice} name="kind" label="Which events" value=${kind} options=${KINDS} onChange=${setKind} />
    <input class="field short" type="search" placeholder="Filter" aria-label="Filter events" value=${word} onInput=${(event) => setWord(event.target.value)} />`;
  return html`<${Section} id="events" title="Events" tools=${tools}>
    <ul class="events">${all.slice(0, most).map((event) => html`<${Event} key=${event.id} event=${event} />`)}</ul>
    ${all.length === 0 && html`<p class="quiet">No events.</p>`}
    ${all.length > most && html`<div class="pages"><button class="button flat" onClick=${() => setMost(most + 5 * PAGE)}>Show earlier</button></div>`}<//>`;
}

export const Sources = ({ sources, ask }) => html`<${Section} id="sources" title="Sources under penalty" total=${sources?.length ?? ''}>
  <ul class="sources">${(sources || []).map((source) => html`<li key=${source.address}><b>${source.address}</b>
    <span class="quiet">${source.last}, ${count(source.failures, 'time')}</span><span class="num">until ${clock(source.until, now(), true)}</span>
    ${mayOperate() && html`<button class="button flat" aria-label=${`Forgive ${source.address}`} onClick=${() => ask({ kind: 'forgive', source })}>Forgive</button>`}</li>`)}</ul>
  ${sources?.length === 0 && html`<p class="quiet">No sources. One comes here when it fails to join as an agent.</p>`}<//>`;

const banText = (ban) => [ban.service ? `by ${ban.service}` : 'by all services', ban.reason].filter(Boolean).join(': ');

/* Nothing as long as nobody bans. */
export const Bans = ({ bans, ask }) => bans?.length > 0 && html`<${Section} id="bans" title="Banned clients" total=${bans.length}>
  <ul class="sources">${bans.map((ban) => html`<li key=${`${ban.address} ${ban.service}`}><b>${ban.address}</b>
    <span class="quiet">${banText(ban)}</span><span class="num">until ${clock(ban.until, now(), true)}</span>
    ${mayOperate() && html`<button class="button flat" aria-label=${`Unban ${ban.address} ${banText(ban)}`} onClick=${() => ask({ kind: 'lift', ban })}>Unban</button>`}</li>`)}</ul><//>`;

/* ---- a fresh server ---- */

const SETTLED_S = 10; /* after a restart agents need some seconds to come back */

/* No agent has been here, and no client was relayed. */
function isFresh({ status, services, agents }) {
  if (!status || !services || !agents || status.relays.total > 0) return false;
  return agents.every((agent) => agent.state === 'offline' && !agent.since) && (services.length === 0 || sinceSeconds(status.started, now()) > SETTLED_S);
}

const Empty = ({ status }) => html`<section class="empty">
  <svg viewBox="0 0 860 40" role="img" aria-label="Clients, port, group, agents, destination: nothing is joined yet" class="path">
    <path d="M66 24H182M236 24H362M424 24H556M622 24H742" />
    ${[['Clients', 0], ['Port', 194], ['Group', 374], ['Agents', 568], ['Destination', 754]].map(([text, x]) => html`<text x=${x} y="29">${text}</text>`)}
  </svg>
  <div class="start">
    <div><h2>1. Add an agent</h2><p>On a machine behind the firewall. It needs no open port there; it dials ${status?.host}.</p>
      ${mayAdminister() ? html`<a class="button main" href="#add-agent">Add agent</a>` : html`<code>munnel agent add NAME --group GROUP</code>`}</div>
    <div><h2>2. Add a service</h2><p>A port here, a group of agents, and the destination they connect to. It can be made first; clients then wait for an agent.</p>
      ${mayAdminister() ? html`<a class="button" href="#add-service">Add service</a>` : html`<code>munnel.json: "services"</code>`}</div>
  </div></section>`;

export function Overview({ state, ask, span, onSpan }) {
  const { services, agents } = state;
  const fresh = isFresh(state);
  return html`
    <${Problems} status=${state.status} />
    ${fresh && html`<${Empty} status=${state.status} />`}
    ${!(fresh && services.length === 0) && html`<${Services} services=${services} sparks=${state.sparks} />`}
    ${!(fresh && agents.length === 0) && html`<${Agents} agents=${agents} ask=${ask} />`}
    ${!fresh && html`<${Relays} relays=${state.relays} services=${services} agents=${agents} ask=${ask} />
      <${Charts} history=${state.history} events=${state.events} hasDatagrams=${Boolean(state.services?.some((service) => service.protocol === 'udp'))} span=${span} onSpan=${onSpan} />`}
    <div class="two"><${Events} events=${state.events} /><div><${Sources} sources=${state.sources} ask=${ask} /><${Bans} bans=${state.bans} ask=${ask} /></div></div>`;
}
