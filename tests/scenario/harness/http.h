/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * http: one request to the administration, as it is, and its whole answer.
 * Runs on: any thread. Owns: nothing.
 */
#ifndef MUNNEL_SCENARIO_HTTP_H
#define MUNNEL_SCENARIO_HTTP_H

#include "harness/socket.h"

/* The status of the answer to a request that closes; 0: there is none. `answer` is terminated. Closes fd. */
unsigned http_converse(int fd, const char *request, char *answer, size_t size, unsigned ms);

#endif
