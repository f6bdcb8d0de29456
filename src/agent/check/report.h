/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * report: the table of hops that --check prints: each with its result, its time and, if it failed, what to do; and one
 * line that sums them up.
 * Runs on: the main thread. Owns: its rows.
 */
#ifndef MUNNEL_AGENT_CHECK_REPORT_H
#define MUNNEL_AGENT_CHECK_REPORT_H

#include "lib/base/format.h"
#include "lib/display/display.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* R(name, label) */
#define HOP_RESULTS(R)                                                                                                 \
    R(PASS, "pass")                                                                                                    \
    R(FAIL, "fail")                                                                                                    \
    R(SKIP, "skip") /* was not tried, or is nothing that could be right or wrong */
enum hop_result {
#define HOP_RESULT_ENUM(name, label) HOP_##name,
    HOP_RESULTS(HOP_RESULT_ENUM)
#undef HOP_RESULT_ENUM
        HOP_RESULT_COUNT
};

struct report {
    json_t *hops; /* as docs/openapi.yaml has those of a check */
    unsigned counts[HOP_RESULT_COUNT];
    uint64_t begun_us;
    bool lacks_memory;
};

struct hop {
    const char *server; /* "host:port"; NULL: of none */
    const char *name;   /* "dns" */
    enum hop_result result;
    uint64_t begun_us;  /* 0: it took no time worth telling */
    const char *remedy; /* NULL: none */
};

struct report report_begin(void);
void report_done(struct report *report);

void report_add(struct report *report, const struct hop *hop, const char *format, ...) PRINTF_LIKE(3, 4);
void report_add_list(struct report *report, const struct hop *hop, const char *format, va_list arguments)
    PRINTF_LIKE(3, 0);

/* A table for each server. 0 or -1: out of memory. */
int report_print(const struct report *report, const struct display *display);
int report_print_json(const struct report *report, FILE *file);

#endif
