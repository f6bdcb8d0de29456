/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/* Numbers, sizes and times as people read them. Units always; a dash does not apply, 0 is zero. */

export const DASH = '–';

/* Where clients come to a service. */
export const placesOf = ({ listen, visitors, protocol }) => (listen.join(', ') || `visitors: ${visitors.join(', ')}`) + (protocol === 'udp' ? ' udp' : '');

const figures = (value) => (value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2));

/* [number, unit], so that tables can align and dim the unit. */
export function size(bytes) {
  if (bytes === null || bytes === undefined) return [DASH, ''];
  if (bytes < 1000) return [String(bytes), 'B'];
  const units = ['kB', 'MB', 'GB', 'TB', 'PB'];
  let value = bytes / 1000;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return [figures(value), units[unit]];
}

export const sizeText = (bytes) => size(bytes).join(' ').trim();

export const megabits = (bytesPerSecond) => (bytesPerSecond * 8) / 1e6;

export const oneDecimal = (value) =>
  value === null || value === undefined ? DASH : value === 0 ? '0' : value >= 100 ? value.toFixed(0) : value.toFixed(1);

export const cut = (text, most) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);

export const whole = (value) => (value === null || value === undefined ? DASH : String(value));

export const milliseconds = (value) =>
  value === null || value === undefined ? DASH : `${value >= 100 ? value.toFixed(0) : value.toFixed(1)} ms`;

/* Two units at most: "14 min 49 s", "3 h 12 min", "12 d". */
export function duration(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min${whole % 60 ? ` ${whole % 60} s` : ''}`;
  if (whole < 86400) {
    const minutes = Math.floor((whole % 3600) / 60);
    return `${Math.floor(whole / 3600)} h${minutes ? ` ${minutes} min` : ''}`;
  }
  return `${Math.floor(whole / 86400)} d`;
}

/* Without seconds from an hour on, for what is looked at, not measured. */
export function roughDuration(seconds) {
  return seconds < 3600 ? (seconds < 60 ? duration(seconds) : `${Math.floor(seconds / 60)} min`) : duration(seconds);
}

const two = (number) => String(number).padStart(2, '0');

const dateText = (date) => `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;

/* Local, 24 hours; over a day the date. */
export function clock(text, now, withSeconds) {
  if (!text) return DASH;
  const date = new Date(text);
  if (Math.abs(now - date) > 86400e3) return dateText(date);
  const time = `${two(date.getHours())}:${two(date.getMinutes())}`;
  return withSeconds ? `${time}:${two(date.getSeconds())}` : time;
}

export const sinceSeconds = (text, now) => Math.max(0, (now - new Date(text)) / 1000);

/* "365 d", "expired", "never" */
export function expiry(text, now) {
  if (!text) return 'never';
  const seconds = (new Date(text) - now) / 1000;
  return seconds <= 0 ? 'expired' : roughDuration(seconds);
}

export const expiresSoon = (text, now) => Boolean(text) && new Date(text) - now < 14 * 86400e3;

export const count = (number, one, many) => `${number} ${number === 1 ? one : many || `${one}s`}`;
