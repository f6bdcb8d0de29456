/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * head: see head.h.
 */
#include "config.h"

#include "ctl/top/head.h"

#include "ctl/answer.h"
#include "ctl/top/figure.h"
#include "ctl/top/grid.h"

#include <stdio.h>
#include <string.h>

/* ---- the sentence ---- */

static size_t count_severity(const json_t *status, const char *severity) {
    const json_t *problems = json_object_get(status, "problems");
    size_t count = 0;

    for (size_t i = 0; i < json_array_size(problems); i++)
        count += strcmp(answer_text(json_array_get(problems, i), "severity", ""), severity) == 0;
    return count;
}

/* Several unreachable services are one sentence; else the worst problem is the first of the list. */
static void write_worst(char *text, size_t size, const json_t *status, double now) {
    const json_t *worst = json_array_get(json_object_get(status, "problems"), 0);
    bool is_agent = json_object_get(status, "servers");
    double unreachable = is_agent ? 0 : answer_number(status, "services.unreachable");
    double since = figure_time(worst, "since");
    char clock[FIGURE_TEXT];

    if (unreachable > 1)
        snprintf(text, size, "◆ %.0f services are unreachable", unreachable);
    else if (since > 0)
        snprintf(text, size, "◆ %s since %s", answer_text(worst, "what", ""), figure_minute(clock, since, now));
    else
        snprintf(text, size, "◆ %s", answer_text(worst, "what", ""));
}

/* An agent is well when it is connected. */
static void write_connected(char *text, size_t size, const json_t *servers) {
    size_t count = json_array_size(servers), connected = 0;

    for (size_t i = 0; i < count; i++)
        connected += answer_is(json_array_get(servers, i), "state", "connected") ||
                     answer_is(json_array_get(servers, i), "state", "standby");
    if (count == 1 && connected)
        snprintf(text, size, "Connected to %s", answer_text(json_array_get(servers, 0), "address", ""));
    else if (count > 0 && connected == count)
        snprintf(text, size, "All %zu servers connected", count);
    else
        snprintf(text, size, "%zu of %zu servers connected", connected, count);
}

static void write_reachable(char *text, size_t size, const json_t *status) {
    double count = answer_number(status, "services.count");
    double able = answer_number(status, "services.reachable") + answer_number(status, "services.limited");

    if (json_object_get(status, "servers"))
        write_connected(text, size, json_object_get(status, "servers"));
    else if (count <= 0)
        snprintf(text, size, "Ready: no service yet");
    else if (able >= count)
        snprintf(text, size, count == 1 ? "The service is reachable" : "All %.0f services reachable", count);
    else
        snprintf(text, size, "%.0f of %.0f services reachable", able < 0 ? 0 : able, count);
}

static bool is_down(const json_t *status) {
    return strcmp(answer_text(status, "state", ""), "ok") != 0;
}

unsigned head_lead(char *text, size_t size, const json_t *status, double now) {
    size_t warnings = count_severity(status, "warn");
    char reachable[HEAD_TEXT / 2];

    if (!status) {
        snprintf(text, size, "○ No answer yet");
        return STYLE_FAINT;
    }
    if (json_is_true(json_object_get(status, "stopping"))) {
        snprintf(text, size, "◐ %s is stopping",
                 *answer_text(status, "program", "") ? answer_text(status, "program", "") : "munneld");
        return STYLE_WARN;
    }
    if (count_severity(status, "bad")) {
        write_worst(text, size, status, now);
        return STYLE_BAD;
    }
    write_reachable(reachable, sizeof reachable, status);
    if (warnings)
        snprintf(text, size, "▲ %s, %zu warning%s", reachable, warnings, warnings == 1 ? "" : "s");
    else
        snprintf(text, size, "%s %s", is_down(status) ? "▲" : "●", reachable);
    return warnings || is_down(status) ? STYLE_WARN : STYLE_OK;
}

static void write_services(char *text, size_t size, const json_t *status) {
    *text = '\0';
    if (count_severity(status, "bad"))
        write_reachable(text, size, status);
}

/* Of an agent, behind its services: what it visits and publishes, if it does. */
static void add_visits(char *text, size_t size, const json_t *status) {
    const json_t *visits = json_object_get(status, "visits");
    size_t count = json_array_size(visits), open = 0, used = strlen(text);
    double published = answer_number(status, "published.count");

    for (size_t i = 0; i < count; i++)
        open += answer_is(json_array_get(visits, i), "state", "open");
    if (count > 0)
        snprintf(text + used, size - used, ", %zu of %zu visit%s open", open, count, count == 1 ? "" : "s");
    used = strlen(text);
    if (published > 0)
        snprintf(text + used, size - used, ", %.0f of %.0f published", answer_number(status, "published.published"),
                 published);
}

static void write_agents(char *text, size_t size, const json_t *status) {
    double connected = answer_number(status, "agents.connected"), known = answer_number(status, "agents.known");

    double permitted = answer_number(status, "services.permitted");

    *text = '\0';
    if (permitted >= 0) {
        snprintf(text, size, "%.0f of %.0f services permitted", permitted, answer_number(status, "services.count"));
        add_visits(text, size, status);
    }
    if (connected >= 0)
        snprintf(text, size, "%.0f of %.0f agent%s", connected, known, known == 1 ? "" : "s");
    if (connected >= 0 && connected >= known)
        snprintf(text, size, "%.0f agent%s", connected, connected == 1 ? "" : "s");
}

static void write_program(char *text, size_t size, const json_t *status) {
    const char *program = answer_text(status, "program", "");

    snprintf(text, size, "%s %s on %s", *program ? program : "munneld", answer_text(status, "version", ""),
             answer_text(status, "host", ""));
}

bool head_piece(char *text, size_t size, unsigned index, const json_t *status, double now) {
    char span[FIGURE_TEXT];
    double started = figure_time(status, "started");

    if (!status || index > 3)
        return false;
    if (index == 0)
        write_services(text, size, status);
    if (index == 1)
        write_agents(text, size, status);
    if (index == 2)
        write_program(text, size, status);
    if (index == 3)
        snprintf(text, size, "up %s", number_span(span, started < 0 ? FIGURE_NONE : now - started));
    return true;
}

/* ---- totals ---- */

/* "in 95.1  92.0  90.3 Mbit/s" */
static void write_rates(char *text, size_t size, const json_t *status, const char *name, enum table_span span,
                        bool is_wide) {
    char rates[TABLE_SPAN_COUNT][FIGURE_TEXT], path[TABLE_PATH], label[16];

    snprintf(label, sizeof label, "%.*s", (int)strcspn(name, "_"), name);
    for (unsigned i = 0; i < TABLE_SPAN_COUNT; i++)
        (void)figure_rate(rates[i], answer_number(status, tables_span_path(path, name, i)));
    if (is_wide)
        snprintf(text, size, "%s %s, %s, %s Mbit/s", label, rates[0], rates[1], rates[2]);
    else
        snprintf(text, size, "%s %s Mbit/s", label, rates[span]);
}

static void write_relays(char *text, size_t size, const json_t *status) {
    double now = answer_number(status, "relays.now"), peak = answer_number(status, "relays.peak");
    char count[FIGURE_TEXT], most[FIGURE_TEXT];

    snprintf(text, size, "%s relay%s%s%s", number_count(count, now), now == 1 ? "" : "s", peak < 0 ? "" : ", most ",
             peak < 0 ? "" : number_count(most, peak));
}

static void write_new(char *text, size_t size, const json_t *status, enum table_span span) {
    char path[TABLE_PATH], rate[FIGURE_TEXT];

    snprintf(text, size, "%s new/s",
             figure_per_s(rate, answer_number(status, tables_span_path(path, "new_rate", span))));
}

static void write_waiting(char *text, size_t size, const json_t *status) {
    char count[FIGURE_TEXT];

    if (answer_number(status, "waiting") < 0) /* on an agent no client waits */
        snprintf(text, size, "%.0f+%.0f data links", answer_number(status, "links.shared"),
                 answer_number(status, "links.exclusive"));
    else
        snprintf(text, size, "%s waiting", number_count(count, answer_number(status, "waiting")));
}

bool head_total(char *text, size_t size, unsigned index, const json_t *status, enum table_span span, bool is_wide) {
    if (!status || index > 5)
        return false;
    if (index == 0)
        write_relays(text, size, status);
    if (index == 1)
        write_rates(text, size, status, "in_rate", span, is_wide);
    if (index == 2)
        write_rates(text, size, status, "out_rate", span, is_wide);
    if (index == 3)
        write_new(text, size, status, span);
    if (index == 4)
        write_waiting(text, size, status);
    if (index == 5)
        snprintf(text, size, is_wide ? "means of 1, 10 and 60 s; new: of %s" : "means of %s", tables_span_label(span));
    return true;
}
