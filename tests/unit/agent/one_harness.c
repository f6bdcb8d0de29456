/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * one_harness: see one_harness.h.
 */
#include "config.h"

#include "agent/one_harness.h"

#include <stddef.h>

struct harness harness;

const char *const NUMERIC[] = {"127.0.0.1:10001", NULL};
const char *const ADDRESSES[] = {"[2001:db8::1]:10001", "192.0.2.1:10001", "192.0.2.2:10001", NULL};
static const char *const NAMED[] = {"relay.example:10001", NULL};
static const char *const TWO[] = {"127.0.0.1:10001", "127.0.0.2:10001", NULL};

void set_up_numeric(void) {
    harness_make(&harness, NUMERIC);
}

void set_up_named(void) {
    harness_make(&harness, NAMED);
}

void set_up_two(void) {
    harness_make(&harness, TWO);
}

void tear_down(void) {
    harness_done(&harness);
}
