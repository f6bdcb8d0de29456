/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/* What an agent is to a service, in marks and words. */

const RESULTS = {
  serves: ['ok', 'can serve'],
  ejected: ['warn', 'put off after failures'],
  unhealthy: ['warn', 'destination unhealthy'],
  silent: ['warn', 'does not answer'],
  draining: ['draining', 'takes no new clients'],
  refused: ['warn', 'cannot serve'],
  unanswered: ['waiting', 'has not answered yet'],
  unsupported: ['warn', 'too old'],
  offline: ['bad', 'offline'],
  more: ['note', 'in the table below'],
};

export const resultShape = (result) => RESULTS[result]?.[0] || 'note';
export const resultWords = (result) => RESULTS[result]?.[1] || result;
