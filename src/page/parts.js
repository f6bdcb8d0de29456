/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/* What every view is made of: marks, tables, sheets, menus. Text of the server only ever becomes text nodes. */

import { html, useEffect, useLayoutEffect, useRef, useState } from './htm-preact.js';
import { DASH, size } from './format.js';

/* ---- marks: shape and word, colour third ---- */

export const Mark = ({ shape, tone }) => html`<svg class=${`mark ${tone || shape}`} aria-hidden="true"><use href=${`#${shape}`} /></svg>`;

export const Icon = ({ name }) => html`<svg class="icon" aria-hidden="true"><use href=${`#i-${name}`} /></svg>`;

const TONES = { bad: 'bad', warn: 'warn' };

export const State = ({ shape, children }) =>
  html`<span class=${`state ${TONES[shape] || ''}`}><${Mark} shape=${shape} />${children}</span>`;

/* Zero and what does not apply are faint, so that the eye finds the rest. */
export const Number = ({ text }) => (text === '0' || text === DASH ? html`<span class="faint">${text}</span>` : text);

export function Size({ bytes }) {
  const [number, unit] = size(bytes);
  return html`<${Number} text=${number} /> <span class="unit">${unit}</span>`;
}

/* A line of the last 10 minutes, on a scale of its own; the numbers are beside it. */
export function Spark({ values }) {
  const width = 92;
  const most = Math.max(1, ...values);
  const step = width / Math.max(1, values.length - 1);
  const points = values.map((value, index) => (value === null ? '' : `${index && values[index - 1] !== null ? 'L' : 'M'}${(index * step).toFixed(1)} ${(17 - (value / most) * 15).toFixed(1)}`));
  return html`<svg class="spark" viewBox=${`0 0 ${width} 18`} aria-hidden="true"><path d=${points.join('')} /></svg>`;
}

/* ---- sections ---- */

export const Section = ({ id, title, total, note, tools, children }) => html`
  <section id=${id} aria-labelledby=${`${id}-title`}>
    <div class="section-head">
      <h2 id=${`${id}-title`}>${title}</h2>
      ${total !== undefined && html`<span class="faint">${total}</span>`}
      ${note && html`<span class="note">${note}</span>`}
      ${tools && html`<div class="right">${tools}</div>`}
    </div>
    ${children}
  </section>`;

/* One of few, as radio buttons. */
export const Choice = ({ name, label, value, options, onChange }) => html`
  <span class="choice" role="radiogroup" aria-label=${label}>
    ${options.map(
      ([key, text]) => html`<label><input type="radio" name=${name} value=${key} checked=${value === key}
        onChange=${() => onChange(key)} />${text}</label>`,
    )}
  </span>`;

export const Fact = ({ name, tone, children }) => html`<div><dt>${name}</dt><dd class=${tone || ''}>${children}</dd></div>`;

/* ---- tables ---- */

/* While pointer or focus is in a table its rows keep their places, until others are asked for; new ones come last. */
function useSteadyOrder(rows, keyOf, asked) {
  const isHeld = useRef(false);
  const order = useRef([]);
  const before = useRef(asked);
  if (before.current !== asked) order.current = [];
  before.current = asked;
  const keys = new Map(rows.map((row) => [keyOf(row), row]));
  const held = isHeld.current ? order.current.filter((key) => keys.has(key)) : [];
  const known = new Set(held);
  const sorted = [...held.map((key) => keys.get(key)), ...rows.filter((row) => !known.has(keyOf(row)))];
  order.current = sorted.map(keyOf);
  const hold = (on) => () => {
    isHeld.current = on;
  };
  return [sorted, { onPointerEnter: hold(true), onPointerLeave: hold(false), onFocusIn: hold(true), onFocusOut: hold(false) }];
}

/*
 * Roles are written out, since CSS turns rows into grids on narrow screens, which takes the meaning of the elements.
 * `head`: rows of <th>; `cells(row)`: the cells; `href(row)`: where Enter or a click leads; `asked`: what the rows answer.
 */
export function Table({ label, head, rows, keyOf, cells, href, className, asked }) {
  const [steady, holders] = useSteadyOrder(rows, keyOf, asked);
  return html`<table class=${className || ''} role="table" aria-label=${label} ...${holders}>
    <thead role="rowgroup">${head}</thead>
    <tbody role="rowgroup">
      ${steady.map((row) => html`<tr key=${keyOf(row)} role="row" class=${href ? 'leads' : ''}
        onClick=${href && ((event) => !event.target.closest('a, button') && (location.hash = href(row)))}>${cells(row)}</tr>`)}
    </tbody>
  </table>`;
}

export const Head = ({ children, num, wide, group, rows, first, sort, onSort }) => html`
  <th scope=${group ? 'colgroup' : 'col'} role="columnheader" class=${`${num ? 'num ' : ''}${group ? 'group' : ''}`} colspan=${wide}
    rowspan=${rows} aria-sort=${sort ? (sort === '-' ? 'descending' : 'ascending') : undefined}>
    ${onSort ? html`<button class="sort" onClick=${onSort}>${children}${sort ? (sort === '-' ? ' ↓' : ' ↑') : ''}</button>`
      : group ? html`<span>${children}</span>` : children}</th>`;

/* What is cut is there when it is pointed at. */
const wholeText = (children) => [children, children?.props?.children].find((text) => typeof text === 'string');

/* `at`: its place in the two lines of a narrow screen; `unit`: what stands behind it there; `long`: cut off at its column. */
export const Cell = ({ children, num, at, unit, tone, quiet, mono, name, long }) => html`
  <${name ? 'th' : 'td'} scope=${name ? 'row' : undefined} role=${name ? 'rowheader' : 'cell'} data-unit=${unit}
    class=${[num && 'num', at, tone, quiet && 'quiet', mono && 'mono', long && 'long', name && 'name'].filter(Boolean).join(' ')}>${long || name ? html`<span class="cut" title=${wholeText(children)}>${children}</span>` : children}<//>`;

/*
 * Of a long list the first, with a field to filter it by and a button for the rest. `textOf`: of a row, what is looked in.
 */
export function useShort(rows, most, label, textOf) {
  const [text, setText] = useState('');
  const [isAll, setAll] = useState(false);
  const word = text.trim().toLowerCase();
  const found = word ? rows.filter((row) => textOf(row).toLowerCase().includes(word)) : rows;
  const filter = textOf && rows.length > most && html`<input class="field" type="search" placeholder="Filter" aria-label=${`Filter ${label}`} value=${text} onInput=${(event) => setText(event.target.value)} />`;
  const more = found.length > most && html`<div class="pages"><button class="button flat" aria-expanded=${isAll} onClick=${() => setAll(!isAll)}>${isAll ? 'Show fewer' : `Show all ${found.length} ${label}`}</button></div>`;
  const none = word && found.length === 0 && html`<p class="quiet">None has this.</p>`;
  return { shown: isAll ? found : found.slice(0, most), asked: `${word} ${isAll}`, filter, more: more || none };
}

/* ---- menus ---- */

/* `items`: [text, action, tone, key]; null: a line between. The key works while focus is in the row. */
export function Menu({ label, items }) {
  const menu = useRef();
  const button = useRef();
  const place = () => {
    const box = button.current.getBoundingClientRect();
    const element = menu.current;
    element.style.left = `${Math.max(8, Math.min(box.right - element.offsetWidth, innerWidth - element.offsetWidth - 8))}px`;
    element.style.top = `${Math.min(box.bottom + 4, innerHeight - element.offsetHeight - 8)}px`;
  };
  const toggle = () => {
    menu.current.togglePopover();
    if (menu.current.matches(':popover-open')) {
      place();
      menu.current.querySelector('button')?.focus();
    }
  };
  const choose = (action) => () => {
    if (menu.current.matches(':popover-open')) menu.current.hidePopover();
    button.current.focus();
    action();
  };
  const move = (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const buttons = [...menu.current.querySelectorAll('button')];
    buttons[(buttons.indexOf(document.activeElement) + step + buttons.length) % buttons.length].focus();
  };
  return html`<button class="button flat icon-only" ref=${button} aria-label=${label} aria-haspopup="menu" onClick=${toggle}><${Icon} name="more" /></button>
    <div class="menu" popover="auto" ref=${menu} role="menu" aria-label=${label} onKeyDown=${move}>
      ${items.map((item) => (item === null ? html`<hr />` : html`<button role="menuitem" class=${item[2] || ''} data-key=${item[3]} onClick=${choose(item[1])}>${item[0]}</button>`))}
    </div>`;
}

/* ---- sheets ---- */

/* A dialog at the side. Focus goes to its first field, and to the first wrong one after a problem; Escape closes it. */
export function Sheet({ title, onClose, children, foot, className, wrong }) {
  const dialog = useRef();
  useLayoutEffect(() => {
    const before = document.activeElement;
    dialog.current.showModal();
    (dialog.current.querySelector('.sheet-body input, .sheet-body select') || dialog.current.querySelector('footer button, button')).focus();
    return () => before && before.isConnected && before.focus();
  }, []);
  useEffect(() => {
    if (wrong) dialog.current.querySelector('[aria-invalid=true]')?.focus();
  }, [wrong]);
  const cancel = (event) => {
    event.preventDefault();
    onClose();
  };
  return html`<dialog class=${`sheet ${className || ''}`} ref=${dialog} aria-labelledby="sheet-title" onCancel=${cancel}>
    <header><h2 id="sheet-title">${title}</h2>
      <button class="button flat icon-only" aria-label="Close" onClick=${onClose}><${Icon} name="close" /></button></header>
    <div class="sheet-body">${children}</div>
    ${foot && html`<footer>${foot}</footer>`}
  </dialog>`;
}

/* The action's button tells what goes on; a failure stands beside it. */
export function Action({ text, busy, className, action, onDone }) {
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState(null);
  const run = async () => {
    setBusy(true);
    setProblem(null);
    try {
      const result = await action();
      setBusy(false);
      onDone?.(result);
    } catch (error) {
      setProblem(error instanceof TypeError || error instanceof DOMException ? new Error('The server does not answer.') : error);
      setBusy(false);
    }
  };
  return html`${problem?.message && html`<span class="bad" role="alert">${problem.message}</span>`}
    <button class=${`button ${className || ''}`} disabled=${isBusy} onClick=${run}>${isBusy ? busy : text}</button>`;
}

/* Asks before something ends. */
export const Confirm = ({ title, text, verb, busy, danger, action, onClose, onDone }) => html`
  <${Sheet} title=${title} className="small" onClose=${onClose} foot=${html`<div class="right">
      <button class="button" onClick=${onClose}>Cancel</button>
      <${Action} text=${verb} busy=${busy} className=${danger ? 'danger' : 'main'} action=${action} onDone=${(result) => { onClose(); onDone?.(result); }} /></div>`}>
    <p>${text}</p>
  <//>`;

export function Copy({ text, onCopied }) {
  const [isCopied, setCopied] = useState(false);
  useEffect(() => {
    if (!isCopied) return undefined;
    const timer = setTimeout(() => setCopied(false), 2000);
    return () => clearTimeout(timer);
  }, [isCopied]);
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    setCopied(true);
    onCopied?.();
  };
  return html`<div class="copy"><code>${text}</code><button class="button" onClick=${copy}>${isCopied ? 'Copied' : 'Copy'}</button></div>`;
}
