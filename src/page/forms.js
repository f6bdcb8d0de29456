/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/* What forms are made of: fields with the server's own errors, and the difference that a change makes. */

import { html } from './htm-preact.js';
import { count } from './format.js';
import { Mark } from './parts.js';

export const Wrong = ({ id, text }) => html`<p class="wrong" id=${id} role="alert"><${Mark} shape="bad" /><span>${text}</span></p>`;

export function Field({ id, label, hint, value, onInput, problem, list, placeholder }) {
  const describedBy = [problem && `${id}-wrong`, hint && `${id}-hint`].filter(Boolean).join(' ');
  return html`<div class="form-line"><label for=${id}>${label}</label>
    <input type="text" id=${id} value=${value} placeholder=${placeholder} autocomplete="off" spellcheck=${false} list=${list} aria-invalid=${problem ? 'true' : undefined}
      aria-describedby=${describedBy || undefined} onInput=${(event) => onInput(event.target.value)} />
    ${problem && html`<${Wrong} id=${`${id}-wrong`} text=${problem.message} />`}
    ${hint && html`<p class="hint" id=${`${id}-hint`}>${hint}</p>`}</div>`;
}

export const listOf = (text) => text.split(/[,\s]+/).filter(Boolean);

/* The problem if its pointer names this member. */
export const at = (problem, member) => (problem?.pointer?.split('/').includes(member) ? problem : null);

/* ---- the difference ---- */

const PARTS = ['added', 'removed', 'changed', 'options', 'needs_restart'];

const valueText = (value) => (value === undefined || value === null ? 'null' : JSON.stringify(value));

const Change = ({ name, from, to }) => html`<span class="removed">- ${name}: ${valueText(from)}${'\n'}</span><span class="added">+ ${name}: ${valueText(to)}${'\n'}</span>`;

const whole = (difference) => Object.fromEntries(PARTS.map((part) => [part, difference?.[part] || []]));

export const isSame = (difference) => Object.values(whole(difference)).every((part) => part.length === 0);

export function DifferenceText({ difference }) {
  const { added, removed, changed, options, needs_restart: restart } = whole(difference);
  if (isSame(difference)) return html`<p class="quiet">Nothing would change.</p>`;
  return html`<pre class="code" tabindex="0" aria-label="Difference">${added.map((name) => html`<span class="added">+ service ${name}${'\n'}</span>`)}${removed.map((name) => html`<span class="removed">- service ${name}${'\n'}</span>`)}${changed.map(
    (change) => html`service ${change.service}${'\n'}${change.fields.map((field) => html`<${Change} ...${field} />`)}`,
  )}${options.map((option) => html`<${Change} ...${option} />`)}</pre>
    ${restart.length > 0 && html`<p class="wrong">These take effect when munneld starts anew: ${restart.join(', ')}.</p>`}`;
}

export function summary(difference) {
  const { added, changed, removed, options } = whole(difference);
  const texts = [
    added.length && `${count(added.length, 'service')} added`,
    changed.length && `${count(changed.length, 'service')} changed`,
    removed.length && `${count(removed.length, 'service')} removed`,
    options.length && `${count(options.length, 'other option')} changed`,
  ];
  return texts.filter(Boolean).join(', ') || 'No change';
}
