/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * cells: what stands in a cell of a table, by the kind of its column. Zero and what does not apply are faint, so that
 * the eye finds what is not.
 * Runs on: any thread. Owns: nothing.
 */
#ifndef MUNNEL_CTL_TOP_CELLS_H
#define MUNNEL_CTL_TOP_CELLS_H

#include "ctl/top/tables.h"

typedef void cell_writer(struct top_cell *to, const json_t *item, const char *path, const struct top_look *look);

cell_writer cell_text, cell_texts, cell_places, cell_count, cell_rate, cell_per_s, cell_bytes, cell_ms;
cell_writer cell_age;                             /* since a time */
cell_writer cell_clock, cell_minute, cell_until;  /* a time; a time from now on, in its largest unit */
cell_writer cell_able, cell_links, cell_refused;  /* 2/3; 1+2; the sum of all reasons */
cell_writer cell_life;                            /* of a relay: its age, or how long it lasted */
cell_writer cell_state;                           /* any that needs no more than its mark and its word */
cell_writer cell_own_service;                     /* of an agent */
cell_writer cell_service, cell_agent, cell_relay; /* the state of one */
cell_writer cell_severity, cell_times;            /* of an event: its mark; how often, if more than once */

#endif
