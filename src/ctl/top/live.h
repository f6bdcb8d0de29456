/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * live: top on a terminal: asks, draws, takes keys, until it is to end.
 * Runs on: the main thread. Owns: nothing.
 */
#ifndef MUNNEL_CTL_TOP_LIVE_H
#define MUNNEL_CTL_TOP_LIVE_H

#include "ctl/top/top.h"
#include "lib/http/client.h"

/* `client` is taken over. 0; -1 with error: it could not begin, or the terminal is gone. A signal that ended it ends
 * the process, once the terminal is as it was. */
int live_run(struct top *top, struct http_client *client, unsigned interval_ms, struct error *error);

#endif
