/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * check_fixture: a service that is checked: POST /v1/services/NAME/check is sent to a server over a fake data plane,
 * and the test is the agent that answers. Runs on: one thread, one test process.
 */
#ifndef MUNNEL_TESTS_CHECK_FIXTURE_H
#define MUNNEL_TESTS_CHECK_FIXTURE_H

#include "server/admin/admin_fixture.h"

extern const char check_path[];
extern struct fake_order served; /* the check's client, once it has come to its agent */

void begin_ready(void); /* begin, with an agent that can take clients */
int ask_check(void);    /* the socket of who asks */
int ask_and_serve(void);

/* What the agent does. */
void open_destination(unsigned dial_ms, unsigned lookup_ms);
void refuse(enum refusal refusal, const char *detail);
void end_client(void);
void end_opened(enum relay_reason reason, const char *detail);

/* What is answered. */
void take_report(int fd, const char *result);
const json_t *hop(const char *name, const char *member);
void expect_hop(const char *name, const char *result, const char *detail); /* detail: a part of it; NULL: any */
void expect_agent_blamed(int fd, const char *detail);                      /* it was disconnected meanwhile */

#endif
