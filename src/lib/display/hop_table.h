/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * hop_table: the hops of a check as people read them: a row for each, what to do where one failed, and the summary.
 * Runs on: the main thread, which is the only one to print. Owns: nothing.
 */
#ifndef MUNNEL_LIB_DISPLAY_HOP_TABLE_H
#define MUNNEL_LIB_DISPLAY_HOP_TABLE_H

#include "lib/display/display.h"

#include <jansson.h>

/* `hops` as docs/openapi.yaml has them, with clean texts. 0, or -1: out of memory. */
int hop_table_print(const struct display *display, const json_t *hops);
/* The last line. `result`: "pass", "fail" or "skip". */
void hop_table_print_summary(const struct display *display, const char *result, const char *summary);

#endif
