/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * What the browser's tests look at: munneld with real agents, destinations and clients, on free ports of the loopback and
 * with files of a folder of their own. Everything that it starts is ended by its process id.
 */
import { spawn, execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync, readFileSync } from 'node:fs';
import dgram from 'node:dgram';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import net from 'node:net';

const bin = process.env.top_builddir;
export const SLOW = Number(process.env.MUNNEL_SLOW || 1);
export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/* Until `what` gives something true; throws with `words` after a time. */
export async function until(words, what, ms = 15000) {
  const end = Date.now() + ms * SLOW;
  let last;
  for (;;) {
    try {
      const value = await what();
      if (value) return value;
      last = value;
    } catch (error) {
      last = error;
    }
    if (Date.now() > end) throw new Error(`${words}: not within ${ms} ms (${last})`);
    await sleep(50);
  }
}

/* Held until all are known, so that no two are the same. */
export async function freePorts(count) {
  const held = await Promise.all(
    Array.from({ length: count }, () => new Promise((resolve) => {
      const server = net.createServer().listen(0, '127.0.0.1', () => resolve(server));
    })),
  );
  const ports = held.map((server) => server.address().port);
  await Promise.all(held.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/* ---- destinations and clients ---- */

/*
 * Answers a line, and then the next: "echo TEXT" with TEXT; "send BYTES" with so many; "wait MS" with a byte after a time;
 * "stream RATE" with about RATE bytes a second until it ends.
 */
export function startDestination(port) {
  const streams = new Set();
  const server = net.createServer((socket) => {
    let timer;
    socket.on('error', () => socket.destroy());
    socket.on('close', () => clearInterval(timer));
    streams.add(socket);
    socket.on('data', (data) => { /* the last line: a PROXY header may come with the first */
      const [word, argument] = String(data).trim().split('\n').pop().split(' ');
      if (word === 'echo') socket.write(`${argument}\n`);
      else if (word === 'send') socket.write(Buffer.alloc(Number(argument)));
      else if (word === 'wait') setTimeout(() => socket.write('x'), Number(argument));
      else if (word === 'stream') timer = setInterval(() => socket.write(Buffer.alloc((Number(argument) / 5) * (0.6 + 0.8 * Math.random()))), 200);
    });
  });
  return new Promise((resolve) => server.listen(port, '127.0.0.1', () => resolve({ close: () => { server.close(); streams.forEach((socket) => socket.destroy()); } })));
}

/* Sends each datagram back; closed with the rig. */
export function startDatagramDestination() {
  const socket = dgram.createSocket('udp4');
  socket.on('message', (data, from) => socket.send(data, from.port, from.address));
  return new Promise((resolve) => socket.bind(0, '127.0.0.1', () => resolve({ port: socket.address().port, close: () => socket.close() })));
}

/* A client that has got an answer. `ended`: "reset", "end", or null while it lives. */
export async function connect(port, line = 'echo hello', expected = 6, host = '127.0.0.1') {
  const client = { ended: null, bytes: 0 };
  client.socket = net.connect({ port, host: '127.0.0.1', localAddress: host });
  client.socket.on('error', (error) => { client.ended = error.code === 'ECONNRESET' ? 'reset' : error.code; });
  client.socket.on('close', () => { client.ended ??= 'end'; });
  client.socket.on('data', (data) => { client.bytes += data.length; });
  client.ask = async (text, bytes) => {
    const before = client.bytes;
    client.socket.write(`${text}\n`);
    await until(`an answer to ${text}`, () => { if (client.ended) throw new Error(client.ended); return client.bytes >= before + bytes; });
  };
  client.close = () => client.socket.destroy();
  await client.ask(line, expected);
  return client;
}

/* ---- the programs ---- */

export class Rig {
  constructor() {
    this.folder = mkdtempSync(join(tmpdir(), 'munnel-page-'));
    this.processes = [];
    this.destinations = [];
    this.clients = [];
    this.tokens = Object.fromEntries(['admin', 'operate', 'view'].map((role) => [role, randomBytes(32).toString('hex')]));
  }

  path(name) {
    return join(this.folder, name);
  }

  tool(...words) {
    return execFileSync(join(bin, 'munnel'), words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  }

  start(name, program, words, options = {}) {
    const child = spawn(join(bin, program), words, { stdio: [options.input ? 'pipe' : 'ignore', 'pipe', 'pipe'], env: { ...process.env, ...options.env } });
    const started = { name, child, log: '' };
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => { started.log += data; });
    if (options.input) child.stdin.end(options.input);
    started.ended = new Promise((resolve) => child.on('exit', resolve));
    this.processes.push(started);
    return started;
  }

  async stop(started, signal = 'SIGTERM') {
    if (started.child.exitCode !== null || started.child.signalCode !== null) return;
    started.child.kill(signal);
    const killer = setTimeout(() => started.child.kill('SIGKILL'), 8000 * SLOW);
    await started.ended;
    clearTimeout(killer);
  }

  /* services: [{ name, group, listen, connect }] of the main file. */
  configure(services) {
    writeFileSync(this.path('server/munnel.json'), JSON.stringify({
      agents: { listen: [`127.0.0.1:${this.agentPort}`], tls: { cert: 'server.pem', key: 'server.key' }, auth: { tokens: 'agents.json' } },
      services,
      include: ['services.d/*.json'],
      admin: { socket: 'admin.sock', http: `127.0.0.1:${this.httpPort}`, tokens: 'tokens' },
    }, null, 2));
  }

  async begin(services) {
    mkdirSync(this.path('server/services.d'), { recursive: true });
    this.tool('init', '--listen', `127.0.0.1:${this.agentPort}`, '--name', '127.0.0.1', this.path('server'));
    const lines = Object.entries(this.tokens).map(([role, token]) => `${role} test-${role} ${token}\n`);
    writeFileSync(this.path('server/tokens'), lines.join(''), { mode: 0o600 });
    this.configure(services);
    await this.startServer();
  }

  async startServer() {
    this.server = this.start('munneld', 'munneld', ['--config', this.path('server/munnel.json')]);
    await until('munneld listens', () => {
      if (this.server.child.exitCode !== null) throw new Error(this.server.log);
      return this.server.log.includes('listening on http://');
    });
  }

  /* Joins by a code, as a person would. */
  async startAgent(name, group, code) {
    const text = code || this.tool('agent', 'add', '--config', this.path('server/munnel.json'), ...(group ? ['--group', group] : []), name);
    const state = this.path(`agent-${name}`);
    mkdirSync(state, { recursive: true });
    const agent = this.start(name, 'munnel-agent', ['--join', '-', '--name', name], { input: text, env: { HOME: state, XDG_STATE_HOME: state, STATE_DIRECTORY: state } });
    await until(`${name} is connected`, async () => {
      if (agent.child.exitCode !== null) throw new Error(agent.log);
      return (await this.get('/v1/agents')).agents.some((known) => known.name === name && known.state === 'connected');
    });
    return agent;
  }

  async destination(port) {
    const destination = await startDestination(port);
    this.destinations.push(destination);
    return destination;
  }

  async datagramDestination() {
    const destination = await startDatagramDestination();
    this.destinations.push(destination);
    return destination.port;
  }

  async client(...words) {
    const client = await connect(...words);
    this.clients.push(client);
    return client;
  }

  /* ---- the API, asked beside the page ---- */

  get base() {
    return `http://127.0.0.1:${this.httpPort}`;
  }

  async ask(method, path, body, headers = {}) {
    const response = await fetch(this.base + path, {
      method,
      headers: { Authorization: `Bearer ${this.tokens.admin}`, Connection: 'close', ...(body ? { 'Content-Type': 'application/json' } : {}), ...headers },
      body: body ? JSON.stringify(body) : undefined,
    });
    const text = await response.text();
    return { status: response.status, body: text ? JSON.parse(text) : null };
  }

  async get(path) {
    const { status, body } = await this.ask('GET', path);
    if (status !== 200) throw new Error(`GET ${path}: ${status} ${JSON.stringify(body)}`);
    return body;
  }

  read(name) {
    return readFileSync(this.path(name), 'utf8');
  }

  async end() {
    this.clients.forEach((client) => client.close());
    this.destinations.forEach((destination) => destination.close());
    await Promise.all([...this.processes].reverse().map((started) => this.stop(started)));
    rmSync(this.folder, { recursive: true, force: true });
  }
}
