/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/* What asks before it is done: confirmations, the log level, and the answer of a check. */

import { html, useEffect, useState } from './htm-preact.js';
import { get, post, put, remove, segment } from './api.js';
import { clock, count, milliseconds } from './format.js';
import { Action, Choice, Confirm, Mark, Sheet } from './parts.js';
import { Wrong } from './forms.js';
import { RemoveSheet, ServiceSheet } from './configure.js';
import { RotateSheet } from './joining.js';
import { now, refreshNow } from './store.js';

/* ---- check ---- */

const RESULTS = { pass: ['ok', 'pass'], fail: ['bad', 'fail'], skip: ['waiting', 'skipped'] };

const Hop = ({ hop }) => html`<li><span class="state"><${Mark} shape=${RESULTS[hop.result]?.[0] || 'note'} />${RESULTS[hop.result]?.[1] || hop.result}</span>
  <span class="text"><b>${hop.hop}</b> ${hop.detail || ''}${hop.remedy && html`<br /><span class="quiet">${hop.remedy}</span>`}</span>
  <span class="num">${hop.ms === null ? '' : milliseconds(hop.ms)}</span></li>`;

const CheckSheet = ({ check, onClose }) => html`<${Sheet} title=${`Check of ${check.service}`} onClose=${onClose} foot=${html`<span class=${check.result === 'fail' ? 'bad' : ''}>${check.summary}</span>`}>
  <p class="hint">A connection was opened through all of it, as a client's.</p>
  <ol class="check">${check.hops.map((hop) => html`<${Hop} hop=${hop} />`)}</ol><//>`;

/* ---- log ---- */

const LEVELS = [['error', 'Error'], ['warning', 'Warning'], ['info', 'Info'], ['debug', 'Debug']];
const SPANS = [['300', '5 min'], ['3600', '1 h'], ['', 'Until munneld starts anew']];

function LogSheet({ onClose }) {
  const [level, setLevel] = useState(null);
  const [seconds, setSeconds] = useState('300');
  const [problem, setProblem] = useState(null);
  const [until, setUntil] = useState('');
  useEffect(() => {
    get('/v1/log').then((log) => {
      setLevel(log.level);
      setUntil(log.for_s ? `${log.level} until ${clock(now().getTime() + log.for_s * 1000, now(), true)}, then the configured level` : '');
    }, setProblem);
  }, []);
  const apply = () => put('/v1/log', { level, for_s: seconds ? +seconds : null });
  const foot = html`<div class="right"><button class="button" onClick=${onClose}>Cancel</button>${level && html`<${Action} text="Set level" busy="Setting…" className="main" action=${apply} onDone=${onClose} />`}</div>`;
  return html`<${Sheet} title="Log level" className="small" onClose=${onClose} foot=${foot}>
    ${problem && html`<${Wrong} id="log-wrong" text=${problem.message} />`}
    ${level && html`<fieldset class="form-line"><legend>Lines of this level and above</legend><${Choice} name="level" label="Log level" value=${level} options=${LEVELS} onChange=${setLevel} /></fieldset>
      <fieldset class="form-line"><legend>For</legend><${Choice} name="seconds" label="For how long" value=${seconds} options=${SPANS} onChange=${setSeconds} /></fieldset>
      <p class="hint">${until || 'Then the configured level holds again.'}</p>`}<//>`;
}

/* ---- confirmations ---- */

const ends = (number) => `${count(number, 'relay')} ${number === 1 ? 'ends' : 'end'} now.`;
const goesOn = (number) => `${count(number, 'relay')} ${number === 1 ? 'goes' : 'go'} on.`;

const agentDeed = (agent, deed) => () => post(`/v1/agents/${segment(agent.name)}/${deed}`);

const QUESTIONS = {
  drain: ({ agent }) => ({ title: `Drain ${agent.name}`, text: `It gets no new clients. ${goesOn(agent.relays)}`, verb: 'Drain agent', busy: 'Draining…', action: agentDeed(agent, 'drain') }),
  undrain: ({ agent }) => ({ title: `Undrain ${agent.name}`, text: 'It gets new clients again.', verb: 'Undrain agent', busy: 'Undraining…', action: agentDeed(agent, 'undrain') }),
  disconnect: ({ agent }) => ({ title: `Disconnect ${agent.name}`, text: `${ends(agent.relays)} The agent may connect again at once.`, verb: 'Disconnect agent', busy: 'Disconnecting…', danger: true, action: agentDeed(agent, 'disconnect') }),
  revoke: ({ agent }) => ({ title: `Revoke ${agent.credential}`, text: `Its credential is not valid any more. ${ends(agent.relays)} It cannot connect again.`, verb: 'Revoke credential', busy: 'Revoking…', danger: true, action: () => remove(`/v1/agents/${segment(agent.credential)}`) }),
  pause: ({ service }) => ({ title: `Pause ${service.name}`, text: `New clients are refused until it is resumed. ${goesOn(service.relays)}`, verb: 'Pause service', busy: 'Pausing…', action: () => post(`/v1/services/${segment(service.name)}/pause`) }),
  end: ({ relay }) => ({ title: `End relay ${relay.id}`, text: `${relay.client} and ${relay.destination || relay.service} get a reset.`, verb: 'End relay', busy: 'Ending…', danger: true, action: () => remove(`/v1/relays/${segment(relay.id)}`) }),
  lift: ({ ban }) => ({ title: `Unban ${ban.address}`, text: `${ban.service ? `Service ${ban.service} takes` : 'Services take'} its clients again.`, verb: 'Unban address', busy: 'Unbanning…', action: () => remove(`/v1/bans/${segment(ban.address)}${ban.service ? `?service=${segment(ban.service)}` : ''}`) }),
  forgive: ({ source }) => ({ title: `Forgive ${source.address}`, text: 'It may connect to the agent port again at once.', verb: 'Forgive source', busy: 'Forgiving…', action: () => remove(`/v1/sources/${segment(source.address)}`) }),
};

export function Asked({ asked, state, onClose }) {
  if (!asked) return null;
  if (asked.kind === 'checked') return html`<${CheckSheet} check=${asked.check} onClose=${onClose} />`;
  if (asked.kind === 'edit') return html`<${ServiceSheet} service=${asked.service} services=${state.services} agents=${state.agents} onClose=${onClose} />`;
  if (asked.kind === 'remove') return html`<${RemoveSheet} service=${asked.service} onClose=${onClose} />`;
  if (asked.kind === 'rotate') return html`<${RotateSheet} agent=${asked.agent} agents=${state.agents} onClose=${onClose} />`;
  if (asked.kind === 'log') return html`<${LogSheet} onClose=${onClose} />`;
  return html`<${Confirm} ...${QUESTIONS[asked.kind](asked)} onClose=${onClose} onDone=${refreshNow} />`;
}
