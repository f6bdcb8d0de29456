/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * head: the state of a server or an agent as a sentence, and its totals, piece by piece.
 * Runs on: any thread. Owns: nothing.
 */
#ifndef MUNNEL_CTL_TOP_HEAD_H
#define MUNNEL_CTL_TOP_HEAD_H

#include "ctl/top/tables.h"

enum { HEAD_TEXT = 512 };

/* "◆ ssh is unreachable since 10:42". `status`: NULL: not known yet. Returns the style. */
unsigned head_lead(char *text, size_t size, const json_t *status, double now);
/* What follows: "4 of 6 services reachable", "11 of 12 agents"... False: there are no more. */
bool head_piece(char *text, size_t size, unsigned index, const json_t *status, double now);
/* "481 relays, most 688", "in 92.0 Mbit/s"...; is_wide: rates of all spans. */
bool head_total(char *text, size_t size, unsigned index, const json_t *status, enum table_span span, bool is_wide);

#endif
