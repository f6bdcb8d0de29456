/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * event_log: the Event Log of Windows, in which administrators look for what services have to say. Only files of
 * Windows include it. An entry's text stands alone in it where munnel service install has named the program's message
 * table, else behind a remark that a description is missing.
 * Runs on: any thread. Owns: the handle.
 */
#ifndef MUNNEL_LIB_OS_EVENT_LOG_H
#define MUNNEL_LIB_OS_EVENT_LOG_H

#include "lib/base/error.h"

#include <stdbool.h>

/* Their order is that of the log's levels. */
enum event_log_level { EVENT_LOG_ERROR, EVENT_LOG_WARNING, EVENT_LOG_INFO, EVENT_LOG_DEBUG };

struct event_log;

struct event_log *event_log_open(const char *source, struct error *error); /* "munneld"; NULL with `error` */
void event_log_close(struct event_log *log);                               /* NULL is fine */

/* A UTF-8 text as an entry of its own; it waits for the system's log. False: it is not taken, with GetLastError. */
bool event_log_write(const struct event_log *log, enum event_log_level level, const char *text);

#endif
