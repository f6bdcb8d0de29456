/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * http_status: the status of an HTTP/1 answer, as strictly as RFC 9112 (4) writes the status line. Answers with 1xx,
 * which others follow, are passed over; of the last one nothing behind the status line is looked at.
 * Runs on: any thread. Owns: nothing.
 */
#ifndef MUNNEL_RELAY_HEALTH_HTTP_STATUS_H
#define MUNNEL_RELAY_HEALTH_HTTP_STATUS_H

#include <stddef.h>

enum { HTTP_STATUS_BYTES_MAX = 8192 /* within which it has to be */ };

/* All that has come so far. 1 with *status; 0: it is not complete; -1: this is no HTTP/1, or too much. */
int http_status_find(const char *bytes, size_t length, unsigned *status);

#endif
