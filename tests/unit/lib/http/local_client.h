/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * local_client: where programs of this machine meet, a Unix socket or a pipe of Windows, and a client of it.
 */
#ifndef MUNNEL_TESTS_LOCAL_CLIENT_H
#define MUNNEL_TESTS_LOCAL_CLIENT_H

#include "lib/net/addr.h"

#include "unit.h"

/* Of a Unix socket in the test's folder, or of a pipe that this test has for itself; valid for some calls. */
const char *local_path(const char *name);

struct addr local_addr(const char *name);

/* The server of a pipe learns of a client only by its first byte, and a connection costs more descriptors. */
bool local_is_pipe(void);

/* Connects to what listens at a local_addr(): a socket that does not block, the caller's. */
evutil_socket_t local_connect(const struct addr *addr);

#endif
