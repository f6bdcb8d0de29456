/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * The administration API, as docs/openapi.yaml describes it.
 *
 * The token stays in this tab (sessionStorage): a cookie would be sent by requests that other pages cause. EventSource
 * cannot send the Authorization header, so the stream of events is read from a fetch.
 */

const TOKEN_KEY = 'munnel.token';
const RETRY_MS = [1000, 2000, 5000];
const SILENCE_MS = 10000; /* the server sends a tick each second, and answers questions at once */
const CHANGE_MS = 60000; /* what is changed or checked may take its time */

const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

export class Problem extends Error {
  constructor(status, body) {
    super([body.detail || body.title || `The server answered ${status}`, body.remedy].filter(Boolean).map(capital).join('. '));
    this.status = status;
    this.pointer = body.pointer || null;
    this.body = body;
  }
}

export const hasToken = () => Boolean(sessionStorage.getItem(TOKEN_KEY));

export const setToken = (token) => sessionStorage.setItem(TOKEN_KEY, token);

export const forgetToken = () => sessionStorage.removeItem(TOKEN_KEY);

/* "#token=...", as the address that munneld prints has it, is taken out of the address at once. */
export function takeTokenFromAddress() {
  const match = location.hash.match(/^#token=([A-Za-z0-9._~+/=-]+)$/);
  if (!match) return;
  setToken(match[1]);
  history.replaceState(null, '', location.pathname);
}

function headersOf(more) {
  const token = sessionStorage.getItem(TOKEN_KEY);
  return { Accept: 'application/json', ...(token ? { Authorization: `Bearer ${token}` } : {}), ...more };
}

async function readProblem(response) {
  try {
    return await response.json();
  } catch {
    return { title: response.statusText };
  }
}

/* { data, version }; throws a Problem, or another error where there was no answer, also when its connection is dead. */
async function request(method, path, body, more) {
  const response = await fetch(path, {
    method,
    headers: headersOf({ ...(body === undefined ? {} : { 'Content-Type': 'application/json' }), ...more }),
    body: body === undefined ? undefined : JSON.stringify(body),
    cache: 'no-store',
    redirect: 'error',
    signal: AbortSignal.timeout(method === 'GET' ? SILENCE_MS : CHANGE_MS),
  });
  if (!response.ok) throw new Problem(response.status, await readProblem(response));
  const data = response.status === 204 ? null : await response.json();
  return { data, version: response.headers.get('ETag') };
}

export const get = async (path) => (await request('GET', path)).data;
export const getWithVersion = (path) => request('GET', path);
export const post = async (path, body) => (await request('POST', path, body)).data;
export const put = async (path, body, version) =>
  (await request('PUT', path, body, version ? { 'If-Match': version } : {})).data;
export const remove = async (path, version) =>
  (await request('DELETE', path, undefined, version ? { 'If-Match': version } : {})).data;

export const segment = encodeURIComponent;

/* ---- the stream ---- */

/* Lines of text/event-stream to { id, event, data }; keeps what is not complete. */
export function eventParser(onEvent) {
  let rest = '';
  let event = { id: '', event: 'message', data: '' };
  const take = (line) => {
    if (line === '') {
      if (event.data) onEvent(event);
      event = { id: event.id, event: 'message', data: '' };
      return;
    }
    const colon = line.indexOf(':');
    if (colon === 0) return;
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (name === 'data') event.data += (event.data ? '\n' : '') + value;
    else if (name === 'id' || name === 'event') event[name] = value;
  };
  return (text) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop();
    lines.forEach((line) => take(line.replace(/\r$/, '')));
  };
}

async function readStream(abort, handlers) {
  const response = await fetch('/v1/events', {
    headers: headersOf({ Accept: 'text/event-stream' }),
    cache: 'no-store',
    signal: abort.signal,
  });
  if (!response.ok) throw new Problem(response.status, await readProblem(response));
  handlers.onOpen();
  let silence = setTimeout(() => abort.abort(), SILENCE_MS);
  const feed = eventParser(handlers.onEvent);
  const decoder = new TextDecoder();
  const reader = response.body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      clearTimeout(silence);
      silence = setTimeout(() => abort.abort(), SILENCE_MS);
      feed(decoder.decode(value, { stream: true }));
    }
  } finally {
    clearTimeout(silence);
    abort.abort();
  }
}

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/*
 * Reads the stream for ever: onOpen, onEvent; onLost when it breaks, with a Problem or null. onLost returns true when it
 * is not to be tried again.
 */
export async function follow({ onOpen, onEvent, onLost }) {
  let failures = 0;
  const count = (event) => {
    failures = 0;
    onEvent(event);
  };
  for (;;) {
    let problem = null;
    try {
      await readStream(new AbortController(), { onOpen, onEvent: count });
    } catch (error) {
      if (error instanceof Problem) problem = error;
    }
    if (onLost(problem)) return;
    await sleep(RETRY_MS[Math.min(failures++, RETRY_MS.length - 1)]);
  }
}
