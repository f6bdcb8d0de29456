/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * What the page knows of the server, and since when: one object that views read, replaced at each change.
 *
 * Each second the stream brings a tick with the status. The lists that are shown are asked for after every second tick,
 * one after the other: the server has few connections, and more than one page may be open. Without a tick the numbers
 * stay and are drawn faint: old ones are never shown as new.
 */

import { Problem, follow, forgetToken, get, hasToken, segment } from './api.js';

const LISTS_EACH = 2; /* ticks */
const HISTORY_EACH = 5;
const EVENTS_MOST = 500;
const SPARK_POINTS = 60;
const TRACE_POINTS = 1800; /* an hour */
const TRACE_GAP_S = 10;

const initial = () => ({
  phase: hasToken() ? 'loading' : 'token' /* loading, live, lost, token */,
  refusal: null,
  reason: null /* why the stream is lost, where the server answered */,
  status: null,
  version: null /* of the program, when this page was loaded from it */,
  lostSince: null,
  restarted: null,
  isPaused: false,
  services: null,
  agents: null,
  relays: null,
  service: null,
  flow: null /* relays of the service that is shown, the busiest, and the sums of its agents */,
  agent: null,
  relay: null,
  trace: null /* [seconds, in, out] of the relay since it is shown */,
  earlier: null /* relays of the same client that have ended */,
  events: [],
  sources: null,
  bans: null,
  history: null,
  sparks: {} /* by service: relays in the last 10 minutes */,
});

let state = initial();
let wanted = { view: 'overview', name: '', relayQuery: 'sort=-rate&limit=10', span: '10m' };
const listeners = new Set();
let ticks = 0;
let spark = 0;
let turn = 0; /* of refreshing: an older one stops */
let isRefreshing = false;
let stream = 0; /* the one that counts: one of a token before may not have ended yet */

export const current = () => state;

export function listen(listener) {
  listeners.add(listener);
  listener(state);
  return () => listeners.delete(listener);
}

function change(part) {
  state = { ...state, ...part };
  listeners.forEach((listener) => listener(state));
}

export const now = () => (state.status ? new Date(state.status.now) : new Date());

export const mayOperate = () => ['operate', 'admin'].includes(state.status?.role);
/* A server that does not name the version of its configuration has no way to change it. */
export const mayAdminister = () => state.status?.role === 'admin' && Boolean(state.status.configuration.version);

/* ---- lists ---- */

const paths = {
  services: () => '/v1/services',
  agents: () => '/v1/agents',
  relays: () => `/v1/relays?${wanted.relayQuery}`,
  sources: () => '/v1/sources',
  bans: () => '/v1/bans',
  service: () => `/v1/services/${segment(wanted.name)}`,
  flow: () => `/v1/relays?service=${segment(wanted.name)}&sort=-rate&limit=1000&sum=agent`,
  agent: () => `/v1/agents/${segment(wanted.name)}`,
  relay: () => `/v1/relays/${segment(wanted.name)}`,
  history: () => `/v1/history?span=${wanted.span}${wanted.view === 'service' ? `&service=${segment(wanted.name)}` : ''}`,
};

const picks = {
  services: (data) => data.services,
  agents: (data) => data.agents,
  sources: (data) => data.sources,
  bans: (data) => data.bans,
};

/*
 * The server keeps no rates of a single relay, so a point is added to those of the one that is shown each time it is
 * asked for. Where none came for a time, as of a tab that was hidden, there is a gap.
 */
function extendTrace(relay) {
  const trace = state.trace || [];
  const time = now() / 1000;
  const last = trace.at(-1)?.[0] ?? 0;
  if (relay.ended || time <= last) return;
  const gap = last && time - last > TRACE_GAP_S ? [[last + 1, null, null]] : [];
  change({ trace: [...trace, ...gap, [time, relay.in_rate, relay.out_rate]].slice(-TRACE_POINTS) });
}

/* What has come for something that is not shown any more is left out. */
async function load(name) {
  const path = paths[name]();
  if (state[name]?.isGone) return;
  let data;
  try {
    data = await get(path);
  } catch (error) {
    if (!(error instanceof Problem)) return; /* the stream finds the same fault, and reports it */
    if (error.status === 401) refuse(error);
    if (error.status !== 404) return;
    data = { isGone: true };
  }
  if (path !== paths[name]() || (state.isPaused && state[name] !== null)) return;
  change({ [name]: picks[name] && !data.isGone ? picks[name](data) : { ...data, path } });
  if (name === 'relay' && !data.isGone) extendTrace(data);
}

/* Of one service after the other. */
async function loadSpark() {
  const services = state.services?.isGone ? [] : (state.services || []).filter((service) => service.peak > 0);
  const service = services[spark++ % (services.length || 1)];
  if (!service) return;
  const { series } = await get(`/v1/history?service=${segment(service.name)}`).catch(() => ({}));
  const values = series?.relays;
  if (!values || state.isPaused) return;
  const width = Math.max(1, Math.floor(values.length / SPARK_POINTS));
  const points = [];
  for (let i = values.length % width; i + width <= values.length; i += width) points.push(Math.max(...values.slice(i, i + width)));
  change({ sparks: { ...state.sparks, [service.name]: points } });
}

const LISTS = {
  overview: ['services', 'agents', 'relays', 'sources', 'bans'],
  service: ['service', 'flow', 'services', 'agents', 'relays'],
  agent: ['agent', 'services', 'agents', 'relays'],
  relay: ['relay', 'services', 'agents'],
};
const HAS_HISTORY = ['overview', 'service'];

async function refresh(isUrgent) {
  if (isRefreshing && !isUrgent) return;
  const mine = ++turn;
  const names = [...LISTS[wanted.view]];
  if (HAS_HISTORY.includes(wanted.view) && (isUrgent || Math.floor(ticks / LISTS_EACH) % HISTORY_EACH === 0)) names.push('history');
  isRefreshing = true;
  for (const name of names) {
    if (mine !== turn || state.phase === 'token') return;
    await load(name);
  }
  if (wanted.view === 'overview' && mine === turn) await loadSpark();
  if (mine === turn) isRefreshing = false;
}

/* What the view shows: { view, name?, relayQuery?, span? } */
export function want(part) {
  const isOther = part.view !== undefined && (part.view !== wanted.view || part.name !== wanted.name);
  wanted = { ...wanted, name: '', ...(part.view === undefined ? { name: wanted.name } : {}), ...part };
  if (isOther) change({ service: null, flow: null, agent: null, relay: null, trace: null, earlier: null, history: null, relays: null });
  if (hasToken() && state.phase !== 'token') refresh(true);
}

export const refreshNow = () => refresh(true);

/* Relays of this client that have ended: asked for once, since they do not change. */
export async function loadEarlier(client) {
  const host = client.replace(/:\d+$/, '').replace(/^\[|\]$/g, '');
  const query = new URLSearchParams({ client: host, state: 'ended', limit: '10' });
  const data = await get(`/v1/relays?${query}`).catch(() => null);
  if (data) change({ earlier: data.relays });
}

/* ---- the stream ---- */

function onTick(status) {
  const isOther = state.status && state.status.instance !== status.instance;
  ticks++;
  change({
    phase: 'live',
    reason: null,
    lostSince: null,
    version: state.version || status.version,
    restarted: isOther ? status.started : state.restarted,
    ...(state.isPaused && !isOther ? {} : { status }),
  });
  if (isOther) change({ sparks: {} });
  if (document.hidden) return;
  if (isOther || state.services === null) refresh(true);
  else if (ticks % LISTS_EACH === 0) refresh(false);
}

/* One that comes again has the same number, and a greater count. */
function addEvents(events, isAll) {
  const known = isAll ? [] : state.events.filter((old) => !events.some((event) => event.id === old.id));
  change({ events: [...events, ...known].sort((a, b) => b.id - a.id).slice(0, EVENTS_MOST) });
}

function onEvent({ event, data }) {
  const value = JSON.parse(data);
  if (event === 'tick') onTick(value);
  else if (event === 'event' && !state.isPaused) addEvents([value], false);
}

/* Each time anew: the numbers begin again with a server that was restarted. */
async function onOpen() {
  const data = await get(`/v1/events?limit=${EVENTS_MOST}`).catch(() => null);
  if (data) addEvents(data.events, true);
}

function refuse(problem) {
  forgetToken();
  change({ ...initial(), phase: 'token', refusal: problem });
}

/* Of the server's refusals before there was any answer, people who have just given the token want to know. */
function onLost(problem) {
  if (state.phase === 'token') return true;
  if (problem && (problem.status === 401 || (problem.status === 403 && !state.status))) {
    refuse(problem);
    return true;
  }
  change({ phase: 'lost', reason: problem, lostSince: state.lostSince || new Date().toISOString() });
  return false;
}

export function start() {
  if (!hasToken()) return;
  change({ phase: 'loading', refusal: null });
  const mine = ++stream;
  follow({
    onOpen: () => mine === stream && onOpen(),
    onEvent: (event) => mine === stream && onEvent(event),
    onLost: (problem) => mine !== stream || onLost(problem),
  });
}

/* Lists are not asked for while the page is hidden. */
document.addEventListener('visibilitychange', () => !document.hidden && hasToken() && state.phase === 'live' && refresh(true));

export const pause = (isPaused) => {
  change({ isPaused });
  if (!isPaused) refresh(true);
};
