/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * log_level: GET and PUT /v1/log: what is logged, until the program starts anew, or for a time.
 * Runs on: the control thread. Owns: its timer. States: as configured -> changed -> as configured.
 */
#ifndef MUNNEL_ADMIN_LOG_LEVEL_H
#define MUNNEL_ADMIN_LOG_LEVEL_H

#include "lib/http/request.h"
#include "lib/log/log.h"

#include <event2/event.h>

struct level_change;

struct level_options { /* copied; what it points to must outlive the level_change */
    struct event_base *base;
    struct log *log;
    const char *who;                                   /* in front of log lines: "server" */
    enum log_level (*configured)(const void *context); /* after a time that is over */
    const void *context;
};

struct level_change *level_change_new(const struct level_options *options); /* NULL: out of memory */
void level_change_free(struct level_change *change);                        /* NULL is fine */

void level_change_get(const struct level_change *change, struct http_request *request);
void level_change_put(struct level_change *change, struct http_request *request);

#endif
