/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * agent_hand_out: a new token into the agents file, and its join code on stdout.
 * Runs on: the tool's only thread. Owns: nothing.
 */
#ifndef MUNNEL_CTL_AGENT_HAND_OUT_H
#define MUNNEL_CTL_AGENT_HAND_OUT_H

#include "ctl/agent_store.h"

#include <time.h>

/*
 * Gives `credential` (its name, groups and dates are set) a new key in front of those it has, saves the file and
 * prints the join code on stdout, alone, so that it can be piped; explanations go to stderr. Nothing is saved that
 * cannot be handed out. 0 or -1 with `error`.
 */
int agent_hand_out(struct agent_store *store, struct credential *credential, const struct strlist *servers,
                   struct error *error);

/* "90d" from now, or a date. 0 or -1. */
int agent_take_date(time_t *moment, const char *text, struct error *error);
int agent_check_date(const char *text, struct error *error); /* for option tables */

#endif
