/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/* Credentials of agents. A join code is in memory only, never in the address or in storage. */

import { html, useState } from './htm-preact.js';
import { post, remove, segment } from './api.js';
import { clock } from './format.js';
import { Action, Copy, Mark, Sheet } from './parts.js';
import { Field, Wrong, at, listOf } from './forms.js';
import { now, refreshNow } from './store.js';

const EXPIRIES = [['', 'never'], ['30d', 'in 30 days'], ['90d', 'in 90 days'], ['365d', 'in 1 year']];

function Arrival({ name, agents }) {
  const agent = agents?.find?.((known) => known.name === name);
  const isHere = agent && agent.state !== 'offline';
  return html`<p class="once ${isHere ? 'here' : ''}" role="status"><${Mark} shape=${isHere ? 'ok' : 'waiting'} />${isHere ? `${name} is connected.` : `${name} has not connected yet.`}</p>`;
}

/* Closing asks while the code was not copied. */
export function JoinSheet({ made, title, agents, isNew, onClose }) {
  const [isCopied, setCopied] = useState(false);
  const [isAsking, setAsking] = useState(false);
  const close = () => (isCopied || isAsking ? onClose() : setAsking(true));
  const foot = html`${isAsking && html`<span class="warn" role="alert">The code has not been copied, and is not shown again.</span>`}
    <div class="right">${isNew && html`<${Action} text="Withdraw code" busy="Withdrawing…" className="danger" action=${() => remove(`/v1/agents/${segment(made.name)}`)} onDone=${onClose} />`}
      <button class="button" onClick=${close}>${isAsking ? 'Close all the same' : 'Close'}</button></div>`;
  return html`<${Sheet} title=${title} onClose=${close} foot=${foot}>
    <ol class="steps">
      <li><div><b>On the machine of ${made.name}, run</b><${Copy} text=${made.command} onCopied=${() => setCopied(true)} />
        <p class="once"><${Mark} shape="warn" />Shown now and never again. Who has the code can join as ${made.name}${made.expires ? `, until ${clock(made.expires, now())}` : ''}.</p></div></li>
      <li><div><b>Wait for it here</b><${Arrival} name=${made.name} agents=${agents} />
        <p class="hint">The agent connects out: nothing has to be opened for it. To keep it running after a restart of its machine, use the service unit that comes with the package.</p></div></li>
    </ol>${made.warnings.map((warning) => html`<p class="once"><${Mark} shape="warn" />${warning}</p>`)}<//>`;
}

export function AgentSheet({ agents, onClose }) {
  const [form, setForm] = useState({ name: '', groups: '', expires: '' });
  const [problem, setProblem] = useState(null);
  const [made, setMade] = useState(null);
  const set = (part) => (value) => setForm({ ...form, [part]: value });
  const add = async () => {
    setProblem(null);
    const groups = listOf(form.groups);
    try {
      return await post('/v1/agents', { name: form.name, groups: groups.length ? groups : ['*'], ...(form.expires ? { expires: form.expires } : {}) });
    } catch (error) {
      setProblem(error);
      throw new Error('Nothing was changed.');
    }
  };
  const close = () => {
    onClose();
    refreshNow();
  };
  if (made) return html`<${JoinSheet} key="join" made=${made} title=${`Join ${made.name}`} agents=${agents} isNew onClose=${close} />`;
  const isAtField = ['name', 'groups', 'expires'].some((member) => at(problem, member));
  const known = [...new Set((agents?.isGone ? [] : agents || []).flatMap((agent) => agent.groups))].filter((group) => group !== '*');
  const foot = html`<div class="right"><button class="button" onClick=${onClose}>Cancel</button><${Action} text="Add agent" busy="Adding…" className="main" action=${add} onDone=${setMade} /></div>`;
  return html`<${Sheet} key="form" title="Add agent" onClose=${onClose} foot=${foot} wrong=${problem}>
    <${Field} id="agent-name" label="Name" value=${form.name} placeholder="web1" onInput=${set('name')} problem=${at(problem, 'name')} />
    <${Field} id="agent-groups" label="Groups" value=${form.groups} placeholder="web" list="agent-known-groups" hint="It may serve the services of these groups, as far as its own rules permit. Empty: of every group." onInput=${set('groups')} problem=${at(problem, 'groups')} />
    <datalist id="agent-known-groups">${known.map((group) => html`<option value=${group} />`)}</datalist>
    <div class="form-line"><label for="agent-expires">Credential expires</label>
      <select id="agent-expires" value=${form.expires} onChange=${(event) => set('expires')(event.target.value)}>${EXPIRIES.map(([span, text]) => html`<option value=${span}>${text}</option>`)}</select></div>
    ${problem && !isAtField && html`<${Wrong} id="agent-wrong" text=${problem.message} />`}
    <p class="hint">A credential for it is added to the agents file. The join code that follows is shown once.</p><//>`;
}

export function RotateSheet({ agent, agents, onClose }) {
  const [made, setMade] = useState(null);
  if (made) return html`<${JoinSheet} key="join" made=${made} title=${`New credential of ${made.name}`} agents=${agents} onClose=${onClose} />`;
  const foot = html`<div class="right"><button class="button" onClick=${onClose}>Cancel</button><${Action} text="Rotate credential" busy="Rotating…" className="main" action=${() => post(`/v1/agents/${segment(agent.credential)}/rotate`)} onDone=${setMade} /></div>`;
  return html`<${Sheet} key="ask" title=${`Rotate ${agent.credential}`} className="small" onClose=${onClose} foot=${foot}>
    <p>${agent.credential} gets a new credential. The present one stays valid for 7 days; no relay ends.</p><//>`;
}
