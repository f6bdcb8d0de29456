/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/* Starts the page: head, sections, routes by hash, keys, search. */

import { html, render, useEffect, useErrorBoundary, useState } from './htm-preact.js';
import { clock, count, megabits, oneDecimal, roughDuration, sinceSeconds } from './format.js';
import { Icon, Mark, Menu, Sheet } from './parts.js';
import { Overview } from './overview.js';
import { ServiceView } from './service.js';
import { AgentView } from './agents.js';
import { RelayView, queryOf } from './relays.js';
import { Asked } from './sheets.js';
import { AgentSheet } from './joining.js';
import { DifferenceSheet, ServiceSheet } from './configure.js';
import { forgetToken, segment, setToken, takeTokenFromAddress } from './api.js';
import { current, listen, mayAdminister, mayOperate, now, pause, start, want } from './store.js';

/* ---- routes ---- */

const SHEETS = ['add-service', 'add-agent', 'difference', 'search', 'keys'];
const DETAILS = ['service', 'agent', 'relay'];

function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function parse(hash) {
  const [view, ...rest] = hash.slice(1).split('/');
  const name = decode(rest.join('/'));
  if (DETAILS.includes(view) && name) return { view, name };
  return { view: 'overview', section: SHEETS.includes(view) ? '' : view, sheet: SHEETS.includes(view) ? view : '' };
}

function useRoute() {
  const [route, setRoute] = useState(() => parse(location.hash));
  useEffect(() => {
    const change = () => {
      const next = parse(location.hash);
      setRoute((before) => (next.sheet ? { ...before, sheet: next.sheet } : next));
    };
    addEventListener('hashchange', change);
    change(); /* the address may be another since the first view was drawn */
    return () => removeEventListener('hashchange', change);
  }, []);
  const closeSheet = () => {
    history.replaceState(null, '', route.view === 'overview' ? '#' : `#${route.view}/${segment(route.name)}`);
    setRoute((before) => ({ ...before, sheet: '' }));
  };
  return [route, closeSheet];
}

/* ---- the head line ---- */


/* The worst problem, in words that are short enough for a tab's title. */
function lead(status) {
  const { services, agents, problems } = status;
  if (status.stopping) return ['warn', 'munneld is stopping'];
  const worst = problems.filter((problem) => problem.severity === 'bad');
  const since = (problem) => (problem.since ? ` since ${clock(problem.since, now())}` : '');
  const down = worst.filter((problem) => problem.kind === 'service');
  if (down.length === 1 && worst.length === 1) return ['bad', `${down[0].what}${since(down[0])}`];
  if (down.length > 1) return ['bad', `${down.length} services are unreachable`];
  if (worst.length > 0) return ['bad', worst[0].what];
  if (services.count === 0 && agents.known === 0) return ['waiting', 'Ready: no service and no agent yet'];
  if (problems.length > 0) return ['warn', problems.length === 1 ? problems[0].what : `${problems.length} warnings`];
  if (services.count === 0) return ['waiting', 'No service yet'];
  return ['ok', services.count === 1 ? 'The service is reachable' : `All ${services.count} services are reachable`];
}

function facts(status) {
  const { services, agents, relays } = status;
  const reachable = services.reachable + services.limited;
  const certificate = status.problems.find((problem) => problem.kind === 'certificate');
  return [
    reachable < services.count && [`${reachable}`, ` of ${count(services.count, 'service')} reachable`],
    [`${agents.connected}`, agents.connected === agents.known ? ` ${agents.known === 1 ? 'agent' : 'agents'}` : ` of ${count(agents.known, 'agent')} connected`],
    [`${relays.now}`, relays.now === 1 ? ' relay' : ' relays'],
    [oneDecimal(megabits(status.in_rate.s10)), ' Mbit/s in, ', oneDecimal(megabits(status.out_rate.s10)), ' out'],
    certificate && ['', certificate.what],
    ['', `${status.version}, up ${roughDuration(sinceSeconds(status.started, now()))}`],
  ].filter(Boolean);
}

const Fact = ({ parts }) => html`<span>${parts.map((part, index) => (index % 2 ? part : part && html`<b>${part}</b>`))}</span>`;

function Health({ state }) {
  if (!state.status) return html`<h1><span class="lead">Munnel</span><span class="rest">${state.phase === 'lost' ? 'No answer, trying again' : ''}</span></h1>`;
  const [shape, text] = lead(state.status);
  return html`<h1><span class=${`lead ${shape}`}><${Mark} shape=${shape} />${text}</span>
    <span class="rest">${facts(state.status).map((parts, index) => html`${index > 0 && html`<i>·</i> `}<${Fact} parts=${parts} />`)}</span></h1>`;
}

/* Spoken only when the worst state changes. */
function useSpoken(state) {
  const text = state.status ? lead(state.status)[1] : '';
  const [spoken, setSpoken] = useState('');
  const shape = state.status ? lead(state.status)[0] : '';
  useEffect(() => setSpoken(text), [shape]);
  useEffect(() => {
    document.title = text ? `${text} – Munnel` : 'Munnel';
  }, [text]);
  return spoken;
}

/* ---- theme ---- */

const THEMES = ['system', 'light', 'dark'];

function applyTheme(theme) {
  if (theme === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  dispatchEvent(new Event('munnel-theme'));
}

function Theme() {
  const [theme, setTheme] = useState(() => localStorage.getItem('munnel.theme') || 'system');
  useEffect(() => applyTheme(theme), [theme]);
  const next = () => {
    const chosen = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length];
    localStorage.setItem('munnel.theme', chosen);
    setTheme(chosen);
  };
  const label = theme === 'system' ? 'Theme: follows the system' : `Theme: ${theme}`;
  return html`<button class="button flat icon-only" title=${label} aria-label=${label} onClick=${next}><${Icon} name="theme" /></button>`;
}

/* ---- search ---- */

function found(state, text) {
  const word = text.trim().toLowerCase();
  const has = (name) => name?.toLowerCase().includes(word);
  const list = (name) => (state[name]?.isGone ? [] : state[name] || []);
  const services = list('services').filter((service) => has(service.name)).map((service) => ['Service', service.name, `${service.able} of ${service.known} agents can serve`, `#service/${segment(service.name)}`]);
  const agents = list('agents').filter((agent) => has(agent.name) || has(agent.address)).map((agent) => ['Agent', agent.name, agent.state, `#agent/${segment(agent.name)}`]);
  const relays = (state.relays?.relays || []).filter((relay) => word && (has(relay.client) || has(relay.id))).map((relay) => ['Relay', relay.client, relay.service, `#relay/${relay.id}`]);
  const deeds = [['Add service', '#add-service'], ['Add agent', '#add-agent'], ['Load configuration', '#difference']].filter(([name]) => mayAdminister() && has(name)).map(([name, link]) => ['Action', name, '', link]);
  return [...(word ? [] : deeds), ...services.slice(0, 5), ...agents.slice(0, 4), ...relays.slice(0, 4), ...(word ? deeds : [])];
}

function Search({ state, onClose }) {
  const [text, setText] = useState('');
  const results = found(state, text);
  const go = (event) => {
    event.preventDefault();
    if (results[0]) location.hash = results[0][3];
    else onClose();
  };
  return html`<${Sheet} title="Search" className="search" onClose=${onClose}>
    <form onSubmit=${go}><input type="search" value=${text} aria-label="Search services, agents, relays, addresses" placeholder="Service, agent, address or action" onInput=${(event) => setText(event.target.value)} /></form>
    <ul>${results.map(([kind, name, more, link]) => html`<li key=${kind + name + link}><a href=${link} onClick=${onClose}><span>${kind}</span>${name}<em>${more}</em></a></li>`)}</ul>
    ${results.length === 0 && html`<p class="quiet">Nothing has this name. Relays can be filtered by address in their table.</p>`}<//>`;
}

const KEYS = [['/', 'search'], ['j k', 'next and previous row'], ['Enter', 'open'], ['e', 'end the relay of the row'], ['d', 'drain the agent of the row, or undrain it'], ['p', 'pause the page, and go on'], ['Esc', 'close, back'], ['?', 'these keys']];

const KeysSheet = ({ onClose }) => html`<${Sheet} title="Keys" className="small" onClose=${onClose}>
  <dl class="facts">${KEYS.map(([key, text]) => html`<dt><kbd>${key}</kbd></dt><dd>${text}</dd>`)}</dl><//>`;

/* ---- keys ---- */

const rowsOf = () => [...document.querySelectorAll('main tbody tr, .problems li')].map((row) => row.querySelector('a, button')).filter(Boolean);

function moveRow(step) {
  const rows = rowsOf();
  const here = rows.findIndex((element) => element.closest('tr, li') === document.activeElement.closest('tr, li'));
  rows[Math.max(0, Math.min(rows.length - 1, here + step))]?.focus();
}

/* Clicks what the row that has focus, else the head of the view, offers for this key. */
const doDeed = (key) => (document.activeElement.closest('tr') || document.querySelector('main .title'))?.querySelector(`[data-key=${key}]`)?.click();

function useKeys(route, isAsking) {
  useEffect(() => {
    const press = (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || isAsking || event.target.closest('input, select, textarea, dialog')) return;
      const keys = {
        '/': () => { location.hash = '#search'; },
        '?': () => { location.hash = '#keys'; },
        j: () => moveRow(1),
        k: () => moveRow(-1),
        e: () => doDeed('e'),
        d: () => doDeed('d'),
        p: () => pause(!current().isPaused),
        Escape: () => route.view !== 'overview' && history.back(),
      };
      if (!keys[event.key]) return;
      event.preventDefault();
      keys[event.key]();
    };
    addEventListener('keydown', press);
    return () => removeEventListener('keydown', press);
  }, [route.view, isAsking]);
}

/* ---- parts of the page ---- */

const RESTARTED_S = 600; /* so long it is news */

function liveText(state) {
  if (state.isPaused) return 'Paused';
  const isNews = state.restarted && sinceSeconds(state.restarted, now()) < RESTARTED_S;
  return isNews ? `munneld restarted ${clock(state.restarted, now())}` : 'Live';
}

function Live({ state }) {
  if (state.phase === 'lost')
    return html`<div class="live warn" role="alert"><${Mark} shape="warn" />${state.reason ? state.reason.message : 'No answer'} since ${clock(state.lostSince, new Date(), true)}, trying again</div>`;
  if (state.status && state.status.version !== state.version)
    return html`<div class="live warn" role="alert"><${Mark} shape="note" />munneld is ${state.status.version} now <button class="button" onClick=${() => location.reload()}>Load its page</button></div>`;
  return html`<div class="live"><${Mark} shape=${state.isPaused ? 'paused' : state.status ? 'ok' : 'waiting'} />${liveText(state)}, ${clock(state.status?.now, now(), true)}
    <button class="button flat" aria-keyshortcuts="p" onClick=${() => pause(!state.isPaused)}>${state.isPaused ? 'Go on' : 'Pause'}</button></div>`;
}

function Nav({ state, route }) {
  const entries = [['services', 'Services', state.services?.length], ['agents', 'Agents', state.agents?.length], ['relays', 'Relays', state.status?.relays.now], ['charts', 'Charts'], ['events', 'Events'], ['sources', 'Sources', state.sources?.length]];
  const here = route.view === 'overview' ? route.section : `${route.view}s`;
  return html`<nav class="nav" aria-label="Sections"><div class="wrap">
    <ul>${entries.map(([id, text, number]) => html`<li><a href=${`#${id}`} aria-current=${here === id ? 'true' : undefined}>${text}<i>${number ?? ''}</i></a></li>`)}</ul>
    <${Live} state=${state} /></div></nav>`;
}

function signOut() {
  forgetToken();
  location.reload();
}

function mainItems(ask) {
  return [
    mayAdminister() && ['Load configuration', () => { location.hash = '#difference'; }],
    mayOperate() && ['Log level', () => ask({ kind: 'log' })],
    ['Keys', () => { location.hash = '#keys'; }],
    null,
    ['Forget token', signOut],
  ].filter((item) => item !== false);
}

function Header({ state, ask }) {
  const spoken = useSpoken(state);
  return html`<header class="wrap head">
    <svg class="logo" viewBox="0 0 26 26" role="img" aria-label="Munnel"><path d="M2 23V13a11 11 0 0 1 22 0v10" fill="none" stroke="currentColor" stroke-width="2" /><path d="M7 23V13a6 6 0 0 1 12 0v10z" fill="currentColor" /></svg>
    <div class="health"><${Health} state=${state} /><p class="unseen" role="status">${spoken}</p></div>
    <div class="tools">
      <a class="find" href="#search" aria-keyshortcuts="/" aria-label="Search"><${Icon} name="search" /><span>Search</span><kbd>/</kbd></a>
      <${Theme} />
      <span class="role">${state.status?.role || ''}</span>
      <${Menu} label="Menu" items=${mainItems(ask)} />
    </div></header>`;
}

const Footer = ({ status }) => html`<footer class="wrap"><div class="end"><span>munneld ${status.version} on ${status.host}</span>
  <span>configuration ${status.configuration.version?.slice(0, 8) || 'file'}, loaded ${clock(status.configuration.loaded, now())}</span>
  <span class="right"><kbd>/</kbd> search <kbd>j</kbd> <kbd>k</kbd> row <kbd>?</kbd> all keys</span></div></footer>`;

/* ---- the token ---- */

function Token({ refusal }) {
  const [text, setText] = useState('');
  const enter = (event) => {
    event.preventDefault();
    if (!text.trim()) return;
    setToken(text.trim());
    start();
  };
  return html`<main class="token"><form onSubmit=${enter} autocomplete="off">
    <h1>Munnel</h1>
    <div class="form-line"><label for="token">Token</label>
      <input id="token" type="password" autocomplete="off" value=${text} aria-invalid=${refusal ? 'true' : undefined} aria-describedby="token-hint" onInput=${(event) => setText(event.target.value)} />
      ${refusal && html`<p class="wrong" role="alert"><${Mark} shape="bad" /><span>${refusal.message}</span></p>`}
      <p class="hint" id="token-hint">The last word of a line in the file that admin.tokens names, on the server.</p></div>
    <button class="button main" type="submit">Open</button></form></main>`;
}

/* ---- all of it ---- */

const VIEWS = { overview: Overview, service: ServiceView, agent: AgentView, relay: RelayView };

/* An answer that this page does not understand, as of an older server, must not leave an empty page. */
const NotUnderstood = ({ error }) => html`<section><h2>This page does not understand the server's answer.</h2>
  <p class="quiet">The server may have been replaced by another version. ${error.message}</p>
  <button class="button" onClick=${() => location.reload()}>Load the page again</button></section>`;

function Guarded({ view, ...rest }) {
  const [error] = useErrorBoundary();
  return error ? html`<${NotUnderstood} error=${error} />` : html`<${VIEWS[view]} ...${rest} />`;
}

const SHEET_VIEWS = {
  'add-service': (state, onClose) => mayAdminister() && html`<${ServiceSheet} services=${state.services} agents=${state.agents} onClose=${onClose} />`,
  'add-agent': (state, onClose) => mayAdminister() && html`<${AgentSheet} agents=${state.agents} onClose=${onClose} />`,
  difference: (_state, onClose) => mayAdminister() && html`<${DifferenceSheet} onClose=${onClose} />`,
  search: (state, onClose) => html`<${Search} state=${state} onClose=${onClose} />`,
  keys: (_state, onClose) => html`<${KeysSheet} onClose=${onClose} />`,
};

/* The address names the view, so it cannot name an element. */
const skip = (event) => {
  event.preventDefault();
  document.getElementById('main').focus();
};

const FIXED = { service: 'service', agent: 'agent' };

function useWanted(route) {
  useEffect(() => {
    const fixed = FIXED[route.view] && { [FIXED[route.view]]: route.name };
    want({ view: route.view, name: route.name || '', relayQuery: queryOf({ sort: '-rate', offset: 0 }, {}, fixed) });
    if (route.view !== 'overview') scrollTo(0, 0);
  }, [route.view, route.name]);
}

function App() {
  const [state, setState] = useState(current());
  const [route, closeSheet] = useRoute();
  const [asked, ask] = useState(null);
  const [span, setSpan] = useState('10m');
  useEffect(() => listen(setState), []);
  useWanted(route);
  useEffect(() => {
    if (route.section) document.getElementById(route.section)?.scrollIntoView();
  }, [route.section, state.services === null]);
  useKeys(route, asked || route.sheet);
  if (state.phase === 'token') return html`<${Token} refusal=${state.refusal} />`;
  const onSpan = (next) => {
    setSpan(next);
    want({ span: next });
  };
  const sheet = SHEET_VIEWS[route.sheet];
  return html`<a class="skip" href="#main" onClick=${skip}>Skip to content</a>
    <${Header} state=${state} ask=${ask} /><${Nav} state=${state} route=${route} />
    <main id="main" tabindex="-1" class=${`wrap ${state.phase === 'lost' ? 'stale' : ''}`}><${Guarded} key=${`${route.view}/${route.name}`} view=${route.view} state=${state} name=${route.name} ask=${ask} span=${span} onSpan=${onSpan} /></main>
    ${state.status && html`<${Footer} status=${state.status} />`}
    ${sheet && state.status && sheet(state, closeSheet)}
    <${Asked} asked=${asked} state=${state} onClose=${() => ask(null)} />`;
}

/* Of what is around the view. */
function Page() {
  const [error] = useErrorBoundary();
  return error ? html`<main class="wrap"><${NotUnderstood} error=${error} /></main>` : html`<${App} />`;
}

takeTokenFromAddress();
render(html`<${Page} />`, document.getElementById('page'));
start();
