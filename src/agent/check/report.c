/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * report: see report.h.
 */
#include "config.h"

#include "agent/check/report.h"

#include "lib/base/clock.h"
#include "lib/base/utf8.h"
#include "lib/display/hop_table.h"

#include <stdlib.h>
#include <string.h>

enum { DETAIL = 700, SUMMARY = 160 };

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

/* Texts of servers and of files: JSON has to be UTF-8. */
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

static const char *result_of(const struct report *report) {
    return labels[report->counts[HOP_FAIL] ? HOP_FAIL : HOP_PASS];
}

static void summarize(const struct report *report, char *text, size_t size) {
    snprintf(text, size, "%u passed, %u failed, %u skipped, in %.1f s", report->counts[HOP_PASS],
             report->counts[HOP_FAIL], report->counts[HOP_SKIP], (double)(clock_us() - report->begun_us) / 1e6);
}

static const char *server_of(const json_t *hop) {
    const char *server = json_string_value(json_object_get(hop, "server"));

    return server ? server : "";
}

/* Those from *at on that are of the same server, with its name above them. */
static int print_server(const struct display *display, const json_t *hops, size_t *at) {
    const char *server = server_of(json_array_get(hops, *at));
    json_t *part = json_array();
    int result = part ? 0 : -1;

    for (; *at < json_array_size(hops) && strcmp(server_of(json_array_get(hops, *at)), server) == 0; ++*at)
        result |= json_array_append(part, json_array_get(hops, *at));
    fputc('\n', display->file);
    if (*server)
        display_tone(display, TONE_TITLE, "%s\n", server);
    if (result == 0)
        result = hop_table_print(display, part);
    json_decref(part);
    return result;
}

int report_print(const struct report *report, const struct display *display) {
    json_t *hops = report->lacks_memory ? NULL : display_clean_json(json_incref(report->hops));
    char summary[SUMMARY];
    int result = hops ? 0 : -1;

    for (size_t at = 0; result == 0 && at < json_array_size(hops);)
        result = print_server(display, hops, &at);
    json_decref(hops);
    if (result)
        return -1;
    summarize(report, summary, sizeof summary);
    hop_table_print_summary(display, result_of(report), summary);
    return 0;
}

int report_print_json(const struct report *report, FILE *file) {
    char summary[SUMMARY];

    if (report->lacks_memory)
        return -1;
    summarize(report, summary, sizeof summary);
    json_t *json = json_pack("{s:s,s:s,s:s,s:O,s:s}", "program", "munnel-agent", "version", PACKAGE_VERSION, "result",
                             result_of(report), "hops", report->hops, "summary", summary);
    int result = json ? json_dumpf(json, file, JSON_INDENT(2) | JSON_REAL_PRECISION(6)) : -1;
    json_decref(json);
    fputc('\n', file);
    return result;
}
