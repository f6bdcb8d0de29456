/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * route_answer: what a connection that no service is for is told, in the protocol that it speaks.
 * Runs on: any thread. Owns: nothing.
 */
#ifndef MUNNEL_SERVER_SERVICE_ROUTE_ANSWER_H
#define MUNNEL_SERVER_SERVICE_ROUTE_ANSWER_H

#include "server/service/first_bytes.h"
#include "server/service/host_router.h"

/* A TLS alert, an answer of HTTP or a GOAWAY; NULL: there is none, and it is reset. */
const void *route_answer(enum route_result result, const struct first_bytes *found, size_t *length);

#endif
