/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * log_level: "munnel log-level": what a running program logs.
 * Runs on: the tool's only thread. Owns: nothing.
 */
#include "config.h"

#include "ctl/admin_command.h"
#include "ctl/answer.h"
#include "ctl/commands.h"
#include "lib/base/date.h"

#include <stdio.h>
#include <string.h>

enum { LONGEST_S = 86400 };

struct log_level_arguments {
    struct admin_place place;
    char *span;
};

static int check_span(const char *text, struct error *error) {
    time_t seconds;

    if (date_parse_span(&seconds, text) && seconds <= LONGEST_S)
        return 0;
    return error_set(error, "\"%.40s\" is no time up to a day; write 5m, 2h or 90s", text);
}

static const struct option_spec specs[] = {
    ADMIN_PLACE_SPECS(struct log_level_arguments, place),
    {"for", OPTION_TEXT, offsetof(struct log_level_arguments, span), "null", .check = check_span,
     .wanted = "a time like \"5m\"", .flag = "for", .argument = "SPAN",
     .help = "then the configured level again, at most 24h [until the program starts anew]"},
};
static const struct option_table table = {specs, sizeof specs / sizeof *specs, sizeof(struct log_level_arguments)};

static int print_level(const struct display *display, const json_t *answer, struct error *error) {
    double left_s = answer_number(answer, "for_s");
    char span[NUMBER_TEXT];

    (void)error;
    fputs(answer_text(answer, "level", "unknown"), display->file);
    if (left_s > 0)
        fprintf(display->file, ", for %s; then the configured level again", number_span(span, left_s));
    fputc('\n', display->file);
    return 0;
}

static int set_level(struct admin_context *context, const char *span, struct error *error) {
    time_t seconds = 0;
    struct http_reply reply = {0};
    json_t *body = json_pack("{s:s}", "level", context->line->words[0]);
    int result = -1;

    if (span && date_parse_span(&seconds, span))
        json_object_set_new(body, "for_s", json_integer((json_int_t)seconds));
    if (!body)
        error_set(error, "out of memory");
    else
        result = admin_ask(context->client, &(struct http_ask){"PUT", "/v1/log", .body = body}, &reply, error);
    if (result == 0)
        result =
            context->is_json ? admin_print_json(context, &reply) : print_level(&context->display, reply.json, error);
    http_reply_done(&reply);
    json_decref(body);
    return result;
}

static int check(const struct cmdline *line, const void *arguments) {
    static const char *const levels[] = {"error", "warning", "info", "debug"};
    const struct log_level_arguments *given = arguments;

    if (line->word_count == 0)
        return given->span ? admin_refuse("munnel log-level",
                                          "--for goes with a level: munnel log-level debug --for %.40s", given->span)
                           : 0;
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++)
        if (strcmp(line->words[0], levels[i]) == 0)
            return 0;
    return admin_refuse("munnel log-level", "\"%.40s\" is no level; write error, warning, info or debug",
                        line->words[0]);
}

static int run(struct admin_context *context, void *arguments, struct error *error) {
    const struct log_level_arguments *given = arguments;

    if (context->line->word_count > 0)
        return set_level(context, given->span, error);
    return admin_show(context, "/v1/log", print_level, error);
}

const struct admin_command log_level_command = {
    .spec = {.program = "munnel log-level",
             .usage = "munnel log-level prints what a running program logs, or changes it: error,\n"
                      "warning, info or debug. Its configuration stays as it is.\n\n"
                      "usage: munnel log-level [OPTION]... [LEVEL]\n",
             .table = &table},
    .most = 1,
    .check = check,
    .run = run};
