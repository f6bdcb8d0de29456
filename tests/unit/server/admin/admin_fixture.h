/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * admin_fixture: a server over a fake data plane that is asked over its Unix socket, as an administrator does.
 * Runs on: one thread, one test process.
 */
#ifndef MUNNEL_TESTS_ADMIN_FIXTURE_H
#define MUNNEL_TESTS_ADMIN_FIXTURE_H

#include "admin_client.h"
#include "server/server_fixture.h"

extern struct server_fixture fixture;

void prepare(void); /* for server_fixture_open, once its configuration is changed */
void begin(void);
void finish(void);

#endif
