/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * one_harness: the harness that all tests of a program use, and how it is set up, for tcase_add_checked_fixture.
 */
#ifndef MUNNEL_TESTS_AGENT_ONE_HARNESS_H
#define MUNNEL_TESTS_AGENT_ONE_HARNESS_H

#include "agent/harness.h"

extern struct harness harness;

extern const char *const NUMERIC[];   /* for harness_make: one server, 127.0.0.1:10001 */
extern const char *const ADDRESSES[]; /* for fake_answer: three of them */

void set_up_numeric(void);
void set_up_named(void); /* one server, relay.example:10001 */
void set_up_two(void);   /* 127.0.0.1:10001 and 127.0.0.2:10001 */
void tear_down(void);

#endif
