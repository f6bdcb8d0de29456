/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * feed: what is asked for what is shown, and what the answers change.
 *
 * A round is applied as a whole, so that the head and the rows below it are of the same moment.
 * Runs on: the main thread. Owns: nothing.
 */
#ifndef MUNNEL_CTL_TOP_FEED_H
#define MUNNEL_CTL_TOP_FEED_H

#include "ctl/top/ask.h"
#include "ctl/top/top.h"

enum { FEED_RELAYS_MOST = 1000 /* of one answer of the API */ };

/* The next round. `rows`: of the table that are wanted; 0: as many as are shown. */
struct ask_round feed_wanted(const struct top *top, size_t rows);
/* Takes the answers over and frees the round. `local`: the time of this machine, in seconds since 1970. */
void feed_apply(struct top *top, struct ask_round *round, double local);
/* The server has been asked and has not answered for so long that what is shown must not look like new. */
void feed_note_silence(struct top *top, double local);

/* "/v1/agents/web1/drain": an item's path, with `more` behind it. False: the key does not fit. */
bool feed_path(char target[ASK_TARGET], const struct top_table *table, const char *key, const char *more);

#endif
