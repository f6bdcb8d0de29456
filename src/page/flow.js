/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * The flow of a service: clients, port, group, agents, destinations, joined by bands as thick as what they carry.
 *
 * What each agent carries is the server's sum of all its relays. From where clients come is added up here from the 1,000
 * relays that carry most.
 */

import { html } from './htm-preact.js';
import { count, cut, megabits, milliseconds, oneDecimal, placesOf } from './format.js';
import { resultShape, resultWords } from './results.js';

const WIDTH = 1216;
const ROW = 50;
const X = { clients: 0, port: 216, group: 432, agent: 776, destination: 1062 };
const THICKEST = 34;
const AGENTS_MOST = 10;
const OFFLINE_MOST = 2;
const BUSIEST = 3;

/* ---- numbers ---- */

const hostOf = (client) => client.replace(/:\d+$/, '').replace(/^\[|\]$/g, '');

/* [address, relays], most first. */
function hostsOf(relays) {
  const hosts = new Map();
  for (const { client } of relays) hosts.set(hostOf(client), (hosts.get(hostOf(client)) || 0) + 1);
  return [...hosts].sort((a, b) => b[1] - a[1]);
}

const nothing = { relays: 0, up: 0, down: 0 };

/* What each agent carries for the service. */
export const sumsByAgent = (flow) =>
  new Map((flow?.sums || []).map((sum) => [sum.agent, { relays: sum.relays, up: megabits(sum.in_rate), down: megabits(sum.out_rate) }]));

const together = (rows, agent, result) =>
  rows.reduce((sum, row) => ({ ...sum, relays: sum.relays + row.relays, up: sum.up + row.up, down: sum.down + row.down }), { agent, result, ...nothing });

/* Agents that are offline are one row where there are many, and so are those beyond the most. */
function gather(rows) {
  const isIdle = (row) => row.result === 'offline' && row.relays === 0;
  const offline = rows.filter(isIdle);
  const isMany = offline.length > OFFLINE_MOST;
  const list = isMany ? rows.filter((row) => !isIdle(row)) : rows;
  const rest = list.slice(AGENTS_MOST);
  return [...list.slice(0, AGENTS_MOST), ...(rest.length ? [together(rest, count(rest.length, 'more agent'), 'more')] : []), ...(isMany ? [together([], count(offline.length, 'agent'), 'offline')] : [])];
}

function numbers(service, flow) {
  const sums = sumsByAgent(flow);
  const rows = service.keys.map((key) => ({ ...key, ...(sums.get(key.agent) || nothing) }));
  rows.sort((a, b) => b.up + b.down - (a.up + a.down) || b.relays - a.relays || (a.result === 'offline') - (b.result === 'offline'));
  const relays = flow?.relays || [];
  return { rows: gather(rows), hosts: hostsOf(relays), isPart: Boolean(flow) && flow.total > relays.length };
}

/* ---- bands ---- */

const thickness = (rate, most) => (rate > 0 ? Math.max(1.5, (rate / most) * THICKEST) : 0);

/* From (x1, y1) to (x2, y2), both its upper edge. */
function band(x1, y1, x2, y2, thick) {
  const middle = (x1 + x2) / 2;
  return `M${x1} ${y1}C${middle} ${y1} ${middle} ${y2} ${x2} ${y2}V${y2 + thick}C${middle} ${y2 + thick} ${middle} ${y1 + thick} ${x1} ${y1 + thick}Z`;
}

/* In above out. */
function Band({ x1, y1, x2, y2, up, down, most }) {
  const [above, below] = [thickness(up, most), thickness(down, most)];
  if (above + below === 0) return html`<path class="none" d=${`M${x1} ${y1}C${(x1 + x2) / 2} ${y1} ${(x1 + x2) / 2} ${y2} ${x2} ${y2}`} />`;
  const [top1, top2] = [y1 - (above + below) / 2, y2 - (above + below) / 2];
  return html`<path class="in" d=${band(x1, top1, x2, top2, above)} /><path class="out" d=${band(x1, top1 + above, x2, top2 + above, below)} />`;
}

/* The bands to the agents leave the group one below the other. */
function Fan({ rows, centre, yOf, most }) {
  const thick = rows.map((row) => thickness(row.up, most) + thickness(row.down, most));
  let y = centre - thick.reduce((sum, value) => sum + value, 0) / 2;
  return rows.map((row, index) => {
    const from = y + thick[index] / 2;
    y += thick[index];
    return html`<${Band} key=${row.agent} x1=${X.group + 122} y1=${thick[index] ? from : centre} x2=${X.agent - 190} y2=${yOf(index)} up=${row.up} down=${row.down} most=${most} />
      <${Band} x1=${X.agent - 190} y1=${yOf(index)} x2=${X.agent - 14} y2=${yOf(index)} up=${row.up} down=${row.down} most=${most} />
      ${row.up + row.down > 0 && html`<${Band} x1=${X.agent + 170} y1=${yOf(index)} x2=${X.destination - 14} y2=${yOf(index)} up=${row.up} down=${row.down} most=${most} />`}`;
  });
}

/* ---- what they join ---- */

const Node = ({ x, y, title, words, tone, most = 18 }) => html`<text x=${x} y=${y} class=${`name ${tone || ''}`}>${cut(title, most)}<title>${title}</title></text>
  ${words && html`<text x=${x} y=${y + 17} class=${`words ${tone || ''}`}>${words}</text>`}`;

/* How far it is, by its control link. */
function awayOf(agents, name) {
  const rtt = agents?.find?.((agent) => agent.name === name)?.rtt_ms ?? null;
  return rtt === null ? '' : `${milliseconds(rtt)} away`;
}

function AgentRow({ row, y, destination, agents }) {
  const shape = resultShape(row.result);
  const isIdle = row.up + row.down === 0;
  return html`<text x=${X.agent - 180} y=${y - 22} class="words">${isIdle && !row.relays ? 'nothing' : count(row.relays, 'relay')}</text>
    ${!isIdle && html`<text x=${X.agent - 14} y=${y - 22} class="words" text-anchor="end">${oneDecimal(row.up)} / ${oneDecimal(row.down)}</text>`}
    <use href=${`#${shape}`} class=${`mark ${shape}`} x=${X.agent} y=${y - 9} width="10" height="10" />
    <${Node} x=${X.agent + 18} y=${y} title=${row.agent} words=${row.result === 'serves' ? awayOf(agents, row.agent) : resultWords(row.result)} tone=${shape === 'warn' || shape === 'bad' ? 'quiet-warn' : ''} most=${22} />
    ${row.result !== 'refused' && row.result !== 'offline' && html`<${Node} x=${X.destination} y=${y} title=${destination} most=${22} />`}`;
}

function Clients({ service, hosts, isPart, centre }) {
  const title = hosts.length ? `${hosts.length}${isPart ? '+' : ''} ${hosts.length === 1 ? 'address' : 'addresses'}` : 'Clients';
  return html`<${Node} x=${X.clients} y=${centre} title=${title} words=${`${oneDecimal(service.new_rate.s10)} new/s`} />
    ${hosts.length > 1 && hosts.slice(0, BUSIEST).map(([host, relays], index) => html`<text x=${X.clients} y=${centre + 56 + index * 18} class="words">${cut(host, 24)}</text>
      <text x=${X.port - 28} y=${centre + 56 + index * 18} class="words" text-anchor="end">${relays}</text>`)}`;
}

function Drawing({ service, data, agents }) {
  const { rows, hosts, isPart } = data;
  const [up, down] = [megabits(service.in_rate.s10), megabits(service.out_rate.s10)];
  const most = Math.max(up + down, rows.reduce((sum, row) => sum + row.up + row.down, 0), 0.001);
  const height = Math.max(hosts.length > 1 ? 216 : 130, rows.length * ROW + 10);
  const centre = height / 2;
  const yOf = (index) => centre + (index - (rows.length - 1) / 2) * ROW + 6;
  const destination = service.connect.join(', ');
  const label = `Flow of ${service.name}: ${count(service.relays, 'relay')}, ${oneDecimal(up)} Mbit/s in, ${oneDecimal(down)} out. What each agent carries is in the table below.`;
  const heads = [['Clients', X.clients], ['Port', X.port], ['Group', X.group], ['Agents', X.agent], ['Destination', X.destination]];
  return html`<svg viewBox=${`0 -26 ${WIDTH} ${height + 40}`} role="img" aria-label=${label}>
    ${heads.map(([text, x]) => html`<text x=${x} y="-14" class="words">${text}</text>`)}
    <${Band} x1=${X.clients + 110} y1=${centre} x2=${X.port - 12} y2=${centre} up=${up} down=${down} most=${most} />
    <${Band} x1=${X.port + 122} y1=${centre} x2=${X.group - 12} y2=${centre} up=${up} down=${down} most=${most} />
    <${Fan} rows=${rows} centre=${centre} yOf=${yOf} most=${most} />
    <text x=${(X.clients + X.port + 98) / 2} y=${centre + THICKEST / 2 + 17} class="words" text-anchor="middle">${oneDecimal(up)} in · ${oneDecimal(down)} out</text>
    <text x=${(X.port + X.group + 110) / 2} y=${centre + THICKEST / 2 + 17} class=${`words ${service.waiting ? 'warn' : ''}`} text-anchor="middle">${service.waiting} waiting</text>
    <text x=${(X.port + X.group + 110) / 2} y=${centre - THICKEST / 2 - 7} class="words" text-anchor="middle">${count(service.relays, 'relay')}</text>
    <${Clients} service=${service} hosts=${hosts} isPart=${isPart} centre=${centre} />
    <${Node} x=${X.port} y=${centre} title=${service.listen[0] || 'Visitors'} words=${service.listen.length > 1 ? `and ${service.listen.length - 1} more` : ''} />
    <${Node} x=${X.group} y=${centre} title=${service.groups.join(', ') || 'any agent'} words=${`${service.able} of ${count(service.known, 'agent')}`} tone=${service.able ? '' : 'bad'} />
    ${rows.map((row, index) => html`<${AgentRow} key=${row.agent} row=${row} y=${yOf(index) + 4} destination=${destination} agents=${agents} />`)}
    ${rows.length === 0 && html`<${Node} x=${X.destination} y=${centre} title=${destination} most=${22} />`}
  </svg>`;
}

export function Flow({ service, flow, agents }) {
  const data = numbers(service, flow?.isGone ? null : flow);
  return html`<figure class="flow"><${Drawing} service=${service} data=${data} agents=${agents} />
    <ol class="flow-list">
      <li><span>Clients</span><span>${oneDecimal(service.new_rate.s10)} new/s</span></li>
      <li><span>Port</span><span>${placesOf(service)}, ${service.waiting} waiting</span></li>
      <li><span>Group</span><span>${service.groups.join(', ') || 'any agent'}</span></li>
      <li><span>Agents</span><span>${service.able} of ${service.known} can serve</span></li>
      <li><span>Destination</span><span>${service.connect.join(', ')}</span></li>
    </ol>
    <div class="legend"><span><i></i>in, client to destination</span><span><i class="out"></i>out, destination to client</span><span><i class="none"></i>carries nothing</span>
      <span>Width follows Mbit/s${data.isPart ? '; addresses are of the 1,000 busiest relays' : ''}</span></div>
  </figure>`;
}
