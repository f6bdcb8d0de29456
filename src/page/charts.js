/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * Charts of the last 10 minutes or 24 hours, drawn by uPlot (vendor), with marks where warnings came. Each has its numbers
 * in a table for screen readers, too.
 */

import { html, useEffect, useLayoutEffect, useRef, useState } from './htm-preact.js';
import { clock, cut, megabits, oneDecimal, whole } from './format.js';
import { Choice, Section } from './parts.js';

/* The server counts them by step. */
function perSecond(value, step) {
  return value / step;
}

const CHARTS = [
  { title: 'Throughput', unit: 'Mbit/s', series: [['in_rate', 'in', megabits], ['out_rate', 'out', megabits]] },
  { title: 'Relays', unit: '', series: [['relays', 'now']], isCount: true },
  { title: 'New relays', unit: 'per second', series: [['new_rate', 'now']] },
  { title: 'First byte', unit: 'ms', series: [['first_byte_p50_ms', 'p50'], ['first_byte_p99_ms', 'p99']] },
  { title: 'Refused and failed', unit: 'per second', series: [['refused', 'refused', perSecond], ['failed', 'failed', perSecond]] },
  { title: 'Datagrams', unit: 'per second', series: [['datagram_rate', 'all'], ['dropped_rate', 'dropped']], isOfDatagrams: true },
  { title: 'Waiting', unit: 'clients', series: [['waiting', 'now']], isCount: true, isOfService: true },
  { title: 'Loop lag', unit: 'ms', series: [['loop_lag_ms', 'most']] },
];
const DOTTED = ['p99', 'failed', 'dropped'];
const HEIGHT = 150;
const COUNTS = [1, 10, 100, 1000, 10000, 100000].flatMap((power) => [power, 2 * power, 5 * power]);
const TABLE_ROWS = 10;

/* A custom property is light-dark(...) still; as the colour of an element it is resolved. uPlot draws on a canvas. */
function colour(name, alpha = 1) {
  const probe = document.createElement('i');
  probe.className = `probe probe${name}`;
  document.body.append(probe);
  const [red, green, blue] = getComputedStyle(probe).color.match(/[\d.]+/g);
  probe.remove();
  return `rgb(${red} ${green} ${blue} / ${alpha})`;
}

/* Of a relay that is shown; `history` has times of its own, and the curve a minute at least. */
const CURVE = { title: 'Rate', unit: 'Mbit/s', series: CHARTS[0].series };
const CURVE_S = 60;

/* A single line is ink; of two the first is in (blue) or p50 (ink), and p99 is dotted. */
function line(chart, index) {
  const [key, label] = chart.series[index];
  const name = key === 'in_rate' ? '--in' : '--out';
  const isFilled = index === 0 && (chart.series.length === 1 || key === 'in_rate');
  return {
    label,
    stroke: colour(name),
    width: 1.5,
    dash: DOTTED.includes(label) ? [2, 3] : undefined,
    fill: isFilled ? colour(name, 0.09) : undefined,
    points: { show: false },
    spanGaps: key.endsWith('_ms'),
  };
}

const textIn = (chart) => (chart.isCount ? whole : oneDecimal);

const axisText = (mark) => (mark >= 1000 ? `${+(mark / 1000).toPrecision(3)}k` : String(+mark.toPrecision(3)));

/* Upright lines where warnings came, the last with its words. */
function drawMarks(u, marks, hasWords) {
  const { ctx, bbox } = u;
  const ratio = devicePixelRatio;
  const shown = marks.filter(([time]) => time >= u.scales.x.min && time <= u.scales.x.max);
  ctx.save();
  ctx.strokeStyle = ctx.fillStyle = colour('--warn');
  ctx.lineWidth = ratio;
  ctx.setLineDash([2 * ratio, 3 * ratio]);
  ctx.font = `${11 * ratio}px system-ui`;
  shown.forEach(([time, text], index) => {
    const x = Math.round(u.valToPos(time, 'x', true));
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    if (!hasWords || index > 0) return;
    const isLate = x > bbox.left + bbox.width / 2;
    ctx.textAlign = isLate ? 'right' : 'left';
    ctx.fillText(text, x + (isLate ? -6 : 6) * ratio, bbox.top + 9 * ratio);
  });
  ctx.restore();
}

function options(chart, width, isFirst, marksOf) {
  const isCurve = chart === CURVE;
  const axis = { stroke: colour('--faint'), font: '11px system-ui', grid: { stroke: colour('--line'), width: 1 }, ticks: { show: false } };
  return {
    width,
    height: HEIGHT,
    cursor: { y: false, sync: { key: 'munnel' }, points: { size: 5 } },
    legend: { show: false },
    padding: [8, 16, 0, 0],
    scales: { ...(isCurve ? { x: { range: (_u, from, to) => [from, Math.max(to, from + CURVE_S)] } } : {}), y: { range: (_u, _low, high) => [0, high > 0 ? high * 1.1 : 1] } },
    hooks: { draw: [(u) => drawMarks(u, marksOf(), isFirst)] },
    axes: [
      { ...axis, size: 26, grid: { show: false }, values: [[3600, '{HH}:{mm}'], [60, '{HH}:{mm}'], [1, '{HH}:{mm}:{ss}']] },
      { ...axis, size: 40, space: 28, ...(chart.isCount ? { incrs: COUNTS } : {}), values: (_u, marks) => marks.map(axisText) },
    ],
    series: [{}, ...chart.series.map((_series, index) => line(chart, index))],
  };
}

function columns(history, chart) {
  const end = Math.floor(new Date(history.end) / 1000);
  const length = Math.max(...chart.series.map(([key]) => history.series[key]?.length || 0));
  const times = history.times || Array.from({ length }, (_, index) => end - (length - 1 - index) * history.step_s);
  const values = ([key, , convert]) =>
    Array.from({ length }, (_, index) => {
      const value = history.series[key]?.[index] ?? null;
      return value === null || !convert ? value : convert(value, history.step_s);
    });
  return [times, ...chart.series.map(values)];
}

function useScheme() {
  const [, redraw] = useState(0);
  const scheme = useRef(0);
  useEffect(() => {
    const query = matchMedia('(prefers-color-scheme: dark)');
    const change = () => redraw(++scheme.current);
    query.addEventListener('change', change);
    addEventListener('munnel-theme', change);
    return () => {
      query.removeEventListener('change', change);
      removeEventListener('munnel-theme', change);
    };
  }, []);
  return scheme.current;
}

/* [time, words] of what the charts mark: warnings, of one service only its own. */
const marksIn = (events, subject) =>
  events.filter((event) => event.severity !== 'info' && event.kind !== 'source' && (!subject || event.subject === subject))
    .map((event) => [new Date(event.time) / 1000, cut(subject ? event.text : `${event.subject} ${event.text}`, 48)]);

function Numbers({ chart, data }) {
  const step = Math.max(1, Math.floor(data[0].length / TABLE_ROWS));
  const rows = data[0].map((time, index) => [time, index]).filter(([, index]) => index % step === step - 1);
  return html`<div class="unseen"><table><caption>${chart.title}, ${chart.unit}</caption><tr><th scope="col">Time</th>${chart.series.map(([, label]) => html`<th scope="col">${label}</th>`)}</tr>
    ${rows.map(([time, index]) => html`<tr><th scope="row">${clock(time * 1000, new Date(time * 1000))}</th>${chart.series.map((_series, at) => html`<td>${textIn(chart)(data[at + 1][index])}</td>`)}</tr>`)}</table></div>`;
}

function Plot({ chart, history, scheme, marks, isFirst }) {
  const box = useRef();
  const plot = useRef(null);
  const latest = useRef(marks);
  latest.current = marks;
  const data = columns(history, chart);
  const [shown, setShown] = useState(null);
  useLayoutEffect(() => {
    const made = options(chart, box.current.clientWidth, isFirst, () => latest.current);
    made.hooks.setCursor = [(u) => setShown(u.cursor.idx ?? null)];
    plot.current = new window.uPlot(made, data, box.current);
    const observer = new ResizeObserver(() => plot.current.setSize({ width: box.current.clientWidth, height: HEIGHT }));
    observer.observe(box.current);
    return () => {
      observer.disconnect();
      plot.current.destroy();
    };
  }, [scheme]);
  useEffect(() => plot.current?.setData(data), [history]);
  const at = shown === null ? data[0].length - 1 : Math.min(shown, data[0].length - 1);
  const legend = chart.series.map(([key, label], index) => [label, data[index + 1][at] ?? null, key]);
  const words = legend.map(([label, value]) => `${label} ${textIn(chart)(value)}`).join(', ');
  return html`<figure class="chart">
    <figcaption><h3>${chart.title} <span class="faint">${chart.unit}</span></h3>
      <span class="key">${legend.map(([label, value, key]) => html`<span class=${`${key === 'in_rate' ? 'key-in' : ''}${DOTTED.includes(label) ? ' dotted' : ''}`}>${label} <b>${textIn(chart)(value)}</b></span>`)}</span></figcaption>
    <div class="plot" ref=${box} role="img" aria-label=${`${chart.title}, ${chart.unit}: ${words}`}></div>
    <${Numbers} chart=${chart} data=${data} />
  </figure>`;
}

/* The rates of one relay. */
export function Curve({ trace }) {
  const column = (index) => trace.map((point) => point[index]);
  const history = { times: column(0), series: { in_rate: column(1), out_rate: column(2) } };
  const scheme = useScheme();
  return html`<${Plot} chart=${CURVE} history=${history} scheme=${scheme} marks=${[]} />`;
}

const hasData = (history) => (chart) => chart.series.every(([key]) => history.series[key]);

export function Charts({ history, events, subject, hasDatagrams, span, onSpan }) {
  const scheme = useScheme();
  const marks = marksIn(events, subject);
  const tools = html`<${Choice} name="span" label="Span" value=${span} options=${[['10m', '10 min'], ['24h', '24 h']]} onChange=${onSpan} />`;
  const charts = history?.series ? CHARTS.filter((chart) => (!chart.isOfService || subject) && (!chart.isOfDatagrams || hasDatagrams)).filter(hasData(history)) : [];
  return html`<${Section} id="charts" title="Charts" tools=${tools}>
    ${charts.length ? html`<div class="charts" key=${span}>${charts.map((chart, index) => html`<${Plot} key=${chart.title} chart=${chart} history=${history} scheme=${scheme} marks=${marks} isFirst=${index === 0} />`)}</div>`
      : html`<p class="quiet">–</p>`}
  <//>`;
}
