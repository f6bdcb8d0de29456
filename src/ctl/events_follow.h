/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * events_follow: events as they come, over the restarts of the program that has them.
 *
 * When the stream of events ends or falls silent, it is opened again, first after a second, then after twice as long
 * each time, and goes on behind the newest event that was seen. Standard error tells why it ended, that it is there
 * again, and how many events are lost, if the program keeps fewer than came meanwhile.
 * Runs on: the tool's only thread, until it is interrupted. Owns: nothing.
 */
#ifndef MUNNEL_CTL_EVENTS_FOLLOW_H
#define MUNNEL_CTL_EVENTS_FOLLOW_H

#include "ctl/admin_command.h"

#include <stdint.h>

struct events_follow {
    struct admin_context *context;
    const char *target;
    bool is_filtered; /* then numbers are missing that others have */
    /* `event` is clean for a terminal; `text` is as it came. */
    void (*show)(const struct admin_context *context, const json_t *event, const char *text);
};

/* From the event behind `last` on. Returns only -1 with error: the first stream cannot be opened, or what came cannot
 * be read or written. */
int events_follow(const struct events_follow *follow, uint64_t last, struct error *error);

#endif
