/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * reload: "munnel reload": the server reads its files again; what that changes is shown, before services are removed
 * it is asked, and with --confirm it goes back by itself.
 * Runs on: the tool's only thread. Owns: nothing.
 */
#include "config.h"

#include "ctl/admin_command.h"
#include "ctl/answer.h"
#include "ctl/commands.h"
#include "ctl/difference.h"
#include "ctl/question.h"
#include "lib/os/terminal.h"

#include <stdio.h>
#include <string.h>

enum { CONFIRM_LEAST_S = 5, CONFIRM_MOST_S = 3600, QUESTION_TEXT = 512 };

struct reload_arguments {
    struct admin_place place;
    unsigned confirm_s;
};

static const struct option_spec specs[] = {
    ADMIN_PLACE_SPECS(struct reload_arguments, place),
    {"confirm", OPTION_NUMBER, offsetof(struct reload_arguments, confirm_s), "60", .minimum = CONFIRM_LEAST_S,
     .maximum = CONFIRM_MOST_S, .flag = "confirm", .argument = "SECONDS",
     .help = "the configuration before comes back then, unless munnel reload confirm is run; 5 to 3600"},
};
static const struct option_table table = {specs, sizeof specs / sizeof *specs, sizeof(struct reload_arguments)};
static const struct cmdline_flag flags[] = {{"dry-run", 0, NULL,
                                             "check the files and show what would change; change nothing", NULL},
                                            {"yes", 'y', NULL, "do not ask, also if services are removed", NULL},
                                            ADMIN_JSON_FLAG};

/* ---- what came of it ---- */

static int print_applied(const struct display *display, const json_t *applied, struct error *error) {
    const char *until = answer_text(applied, "must_confirm_until", NULL);
    char when[NUMBER_TEXT];

    if (difference_print(display, answer_at(applied, "difference"), error) != 0)
        return -1;
    if (!json_is_true(answer_at(applied, "is_applied")))
        fprintf(display->file, "Nothing has been changed: this was a dry run.\n");
    else if (until)
        fprintf(display->file, "Applied. It is undone at %s, unless you run: munnel reload confirm\n",
                number_local_time(when, until, admin_now_ms()));
    else
        fprintf(display->file, "Applied.\n");
    return 0;
}

static int post(struct admin_context *context, const char *target, struct error *error) {
    struct http_reply reply = {0};
    int result = admin_call(context->client, "POST", target, &reply, error);

    if (result == 0)
        result =
            context->is_json ? admin_print_json(context, &reply) : print_applied(&context->display, reply.json, error);
    http_reply_done(&reply);
    return result;
}

/* ---- before services are removed ---- */

static int ask_about(const json_t *removed, struct error *error) {
    char question[QUESTION_TEXT];
    size_t used = (size_t)snprintf(question, sizeof question, "Remove");

    for (size_t i = 0; i < json_array_size(removed) && used < sizeof question; i++) {
        const char *name = json_string_value(json_array_get(removed, i));
        used += (size_t)snprintf(question + used, sizeof question - used, "%s %s", i ? "," : "", name ? name : "?");
    }
    if (used < sizeof question)
        snprintf(question + used, sizeof question - used, "?");
    return question_ask(question, error);
}

/* Only at a terminal: a script has decided already. */
static int ask_before(struct admin_context *context, struct error *error) {
    struct http_reply reply = {0};
    int result = admin_call(context->client, "POST", "/v1/reload?dry_run=true", &reply, error);
    const json_t *removed = answer_at(reply.json, "difference.removed");

    if (result == 0 && json_array_size(removed) > 0) {
        result = difference_print(&context->display, answer_at(reply.json, "difference"), error);
        fflush(context->display.file);
        if (result == 0)
            result = ask_about(removed, error);
    }
    http_reply_done(&reply);
    return result;
}

/* ---- the command ---- */

static int confirm(struct admin_context *context, struct error *error) {
    struct http_reply reply = {0};
    int result = admin_call(context->client, "POST", "/v1/reload/confirm", &reply, error);

    if (result == 0 && !context->is_json)
        fprintf(context->display.file, "Confirmed: the configuration stays.\n");
    http_reply_done(&reply);
    return result;
}

static int check(const struct cmdline *line, const void *arguments) {
    (void)arguments;
    if (line->word_count == 0 || strcmp(line->words[0], "confirm") == 0)
        return 0;
    return admin_refuse("munnel reload", "\"%.40s\" is no word here; munnel reload, or munnel reload confirm",
                        line->words[0]);
}

static int run(struct admin_context *context, void *arguments, struct error *error) {
    const struct reload_arguments *given = arguments;
    bool is_dry = cmdline_has(context->line, "dry-run"), is_sure = cmdline_has(context->line, "yes");
    const char *word = context->line->word_count > 0 ? context->line->words[0] : NULL;
    char target[64];

    if (word)
        return confirm(context, error);
    if (is_dry)
        return post(context, "/v1/reload?dry_run=true", error);
    if (!is_sure && !context->is_json && terminal_is_there() && ask_before(context, error) != 0)
        return -1;
    snprintf(target, sizeof target, cmdline_has(context->line, "confirm") ? "/v1/reload?confirm=%u" : "/v1/reload",
             given->confirm_s);
    return post(context, target, error);
}

const struct admin_command reload_command = {
    .spec = {.program = "munnel reload",
             .usage = "munnel reload lets the server read its files again, and shows what that\n"
                      "changes: all of it or, on any mistake, nothing. Clients of other services\n"
                      "notice nothing. \"munnel reload confirm\" keeps what --confirm has applied.\n\n"
                      "usage: munnel reload [OPTION]... [confirm]\n",
             .table = &table,
             .flags = flags,
             .flag_count = sizeof flags / sizeof *flags},
    .most = 1,
    .check = check,
    .run = run};
