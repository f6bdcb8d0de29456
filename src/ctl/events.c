/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * events: "munnel events": what happened last, and with --follow what happens.
 * Runs on: the tool's only thread. Owns: nothing.
 */
#include "config.h"

#include "ctl/admin_command.h"
#include "ctl/answer.h"
#include "ctl/commands.h"
#include "ctl/events_follow.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EVENTS_MOST = 1000 };

struct events_arguments {
    struct admin_place place;
    char *kind;
    unsigned limit;
};

static const struct option_spec specs[] = {
    ADMIN_PLACE_SPECS(struct events_arguments, place),
    {"kind", OPTION_TEXT, offsetof(struct events_arguments, kind), "null", .wanted = "a kind of event", .flag = "kind",
     .argument = "server|agent|service|certificate|source", .help = "only events of this kind"},
    {"limit", OPTION_NUMBER, offsetof(struct events_arguments, limit), "50", .minimum = 1, .maximum = EVENTS_MOST,
     .flag = "limit", .argument = "COUNT", .help = "at most so many of the last ones, up to 1000 [50]"},
};
static const struct option_table table = {specs, sizeof specs / sizeof *specs, sizeof(struct events_arguments)};
static const struct cmdline_flag flags[] = {{"follow", 'f', NULL, "go on with what comes, until Ctrl-C", NULL},
                                            ADMIN_JSON_FLAG};

/* ---- one event ---- */

static void print_event(const struct display *display, const json_t *event) {
    char when[NUMBER_TEXT], text[1024];
    bool is_bad = answer_is(event, "severity", "bad"), is_warning = answer_is(event, "severity", "warn");
    const char *kind = answer_text(event, "kind", "");
    double count = answer_number(event, "count");
    unsigned at;

    number_local_time(when, answer_text(event, "time", NULL), admin_now_ms());
    at = (unsigned)strlen(when) + 8;
    bool is_own = answer_is(event, "subject", kind); /* "server server" */
    snprintf(text, sizeof text, "%s%s%s: %s", kind, is_own ? "" : " ", is_own ? "" : answer_text(event, "subject", ""),
             answer_text(event, "text", ""));
    if (count > 1)
        snprintf(text + strlen(text), sizeof text - strlen(text), " (%.0f times)", count);
    fprintf(display->file, "%s  ", when);
    display_tone(display,
                 is_bad       ? TONE_BAD
                 : is_warning ? TONE_WARN
                              : TONE_DIM,
                 "%-4s",
                 is_bad       ? "BAD"
                 : is_warning ? "WARN"
                              : "info");
    fputs("  ", display->file);
    display_fold(display, at, at, text);
}

static int print_events(const struct display *display, const json_t *answer, struct error *error) {
    const json_t *events = answer_at(answer, "events"), *event;
    size_t i;

    (void)error;
    json_array_foreach (events, i, event)
        print_event(display, event);
    if (json_array_size(events) == 0)
        fprintf(display->file, "Nothing has happened since the start.\n");
    return 0;
}

/* ---- what comes ---- */

static void show_event(const struct admin_context *context, const json_t *event, const char *text) {
    if (!context->is_json)
        print_event(&context->display, event);
    else
        fprintf(context->display.file, "%s\n", text);
}

/* As a line of its own, like those that follow. */
static void show_listed(const struct admin_context *context, const json_t *event) {
    char *text = json_dumps(event, JSON_COMPACT);

    if (text)
        show_event(context, event, text);
    free(text);
}

/* The last ones as a list, then from the last of them on, so that none is missed between. */
static int list_and_follow(struct admin_context *context, const char *target, bool is_filtered, struct error *error) {
    const struct events_follow follow = {context, target, is_filtered, show_event};
    struct http_reply reply = {0};
    uint64_t last = 0;
    int result = admin_call(context->client, "GET", target, &reply, error);

    if (result == 0) {
        const json_t *events = answer_at(reply.json, "events"), *event;
        size_t i;
        json_array_foreach (events, i, event) {
            show_listed(context, event);
            last = (uint64_t)json_integer_value(answer_at(event, "id"));
        }
        fflush(context->display.file);
    }
    http_reply_done(&reply);
    return result == 0 ? events_follow(&follow, last, error) : -1;
}

static int run(struct admin_context *context, void *arguments, struct error *error) {
    const struct events_arguments *given = arguments;
    char before[64], target[ADMIN_TARGET];

    snprintf(before, sizeof before, "/v1/events?limit=%u%s", given->limit, given->kind ? "&kind=" : "");
    if (!admin_target(target, before, given->kind ? given->kind : "", "", error))
        return -1;
    return cmdline_has(context->line, "follow") ? list_and_follow(context, target, given->kind, error)
                                                : admin_show(context, target, print_events, error);
}

const struct admin_command events_command = {
    .spec = {.program = "munnel events",
             .usage = "munnel events prints what happened last: agents that came and went, services\n"
                      "that became unreachable, reloads, certificates, refused addresses.\n\n"
                      "usage: munnel events [OPTION]...\n",
             .table = &table,
             .flags = flags,
             .flag_count = sizeof flags / sizeof *flags},
    .run = run};
