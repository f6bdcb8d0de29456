/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * report: see report.h.
 */
#include "config.h"

#include "agent/check/report.h"

#include "lib/base/clock.h"
#include "lib/base/utf8.h"

#include <stdlib.h>
#include <string.h>

enum { DETAIL = 700, HOP_WIDTH = 13, MS_WIDTH = 9 };

static const char *const labels[HOP_RESULT_COUNT] = {
#define HOP_RESULT_LABEL(name, label) label,
    HOP_RESULTS(HOP_RESULT_LABEL)
#undef HOP_RESULT_LABEL
};

struct report report_begin(void) {
    struct report report = {.hops = json_array(), .begun_us = clock_us()};

    report.lacks_memory = !report.hops;
    return report;
}

void report_done(struct report *report) {
    json_decref(report->hops);
}

/* ---- rows ---- */

/* Texts of servers and of files are shown on a terminal: nothing in them may move its cursor. */
static void clean(char *text) {
    while (*text) {
        size_t length = utf8_length(text), step = length ? length : 1;
        if (!length || utf8_is_control(text))
            memset(text, '?', step);
        text += step;
    }
}

static json_t *milliseconds(uint64_t begun_us) {
    return begun_us ? json_real((double)(clock_us() - begun_us) / 1000) : json_null();
}

void report_add_list(struct report *report, const struct hop *hop, const char *format, va_list arguments) {
    char detail[DETAIL];

    vsnprintf(detail, sizeof detail, format, arguments);
    clean(detail);
    report->counts[hop->result]++;
    json_t *row =
        json_pack("{s:s?,s:s,s:s,s:o,s:s,s:s?}", "server", hop->server, "hop", hop->name, "result", labels[hop->result],
                  "ms", milliseconds(hop->begun_us), "detail", detail, "remedy", hop->remedy);
    if (json_array_append_new(report->hops, row))
        report->lacks_memory = true;
}

void report_add(struct report *report, const struct hop *hop, const char *format, ...) {
    va_list arguments;

    va_start(arguments, format);
    report_add_list(report, hop, format, arguments);
    va_end(arguments);
}

/* ---- printing ---- */

static void summarize(const struct report *report, char *text, size_t size) {
    snprintf(text, size, "%s: %u passed, %u failed, %u skipped, in %.1f s", report->counts[HOP_FAIL] ? "FAIL" : "PASS",
             report->counts[HOP_PASS], report->counts[HOP_FAIL], report->counts[HOP_SKIP],
             (double)(clock_us() - report->begun_us) / 1e6);
}

static const char *text_of(const json_t *row, const char *key) {
    const char *text = json_string_value(json_object_get(row, key));

    return text ? text : "";
}

static void print_result(FILE *file, const char *result, bool is_coloured) {
    bool is_pass = strcmp(result, labels[HOP_PASS]) == 0, is_fail = strcmp(result, labels[HOP_FAIL]) == 0;
    const char *word = is_pass ? "PASS" : is_fail ? "FAIL" : "SKIP";

    if (is_coloured)
        fprintf(file, "\033[%sm%s\033[0m", is_pass ? "32" : is_fail ? "1;31" : "2", word);
    else
        fputs(word, file);
}

static void print_row(FILE *file, const json_t *row, bool is_coloured) {
    const json_t *ms = json_object_get(row, "ms");

    print_result(file, text_of(row, "result"), is_coloured);
    fprintf(file, "  %-*s", HOP_WIDTH, text_of(row, "hop"));
    if (json_is_real(ms))
        fprintf(file, "%*.1f ms", MS_WIDTH - 3, json_real_value(ms));
    else
        fprintf(file, "%*s", MS_WIDTH, "");
    fprintf(file, "  %s\n", text_of(row, "detail"));
    if (*text_of(row, "remedy"))
        fprintf(file, "%*s-> %s\n", 6 + HOP_WIDTH + MS_WIDTH + 2, "", text_of(row, "remedy"));
}

int report_print(const struct report *report, FILE *file, bool is_coloured) {
    const char *server = "";
    char summary[160];
    const json_t *row;
    size_t i;

    if (report->lacks_memory)
        return -1;
    json_array_foreach (report->hops, i, row) {
        if (strcmp(text_of(row, "server"), server) != 0)
            fprintf(file, "\n%s\n", text_of(row, "server"));
        server = text_of(row, "server");
        print_row(file, row, is_coloured);
    }
    summarize(report, summary, sizeof summary);
    fprintf(file, "\nSUMMARY %s\n", summary);
    return 0;
}

int report_print_json(const struct report *report, FILE *file) {
    char summary[160];

    if (report->lacks_memory)
        return -1;
    summarize(report, summary, sizeof summary);
    json_t *json =
        json_pack("{s:s,s:s,s:s,s:O,s:s}", "program", "munnel-agent", "version", PACKAGE_VERSION, "result",
                  labels[report->counts[HOP_FAIL] ? HOP_FAIL : HOP_PASS], "hops", report->hops, "summary", summary);
    int result = json ? json_dumpf(json, file, JSON_INDENT(2) | JSON_REAL_PRECISION(6)) : -1;
    json_decref(json);
    fputc('\n', file);
    return result;
}
