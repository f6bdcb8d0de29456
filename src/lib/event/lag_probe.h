/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * lag_probe: measures by how much a loop is late: a timer that is due ten times a second, and how long after that time
 * its callback runs. It is late by what the callbacks before it in the same turn take, and by what the processor does
 * for other threads.
 * Runs on: the loop's thread; lag_probe_start before the loop runs. Owns: its event.
 */
#ifndef MUNNEL_LIB_EVENT_LAG_PROBE_H
#define MUNNEL_LIB_EVENT_LAG_PROBE_H

#include "lib/base/histogram.h"

#include <event2/event_struct.h>

enum { LAG_PROBE_MS = 100 };

struct lag_probe { /* all zero at first */
    struct event timer;
    struct histogram *lag;
    uint64_t due_us;
};

int lag_probe_start(struct lag_probe *probe, struct event_base *base, struct histogram *lag); /* 0; -1: out of memory */
void lag_probe_stop(struct lag_probe *probe); /* also of one that was not started */

#endif
