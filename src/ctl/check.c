/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * check: "munnel check": a real connection through a service, hop by hop.
 * Runs on: the tool's only thread. Owns: nothing.
 */
#include "config.h"

#include "ctl/admin_command.h"
#include "ctl/answer.h"
#include "ctl/commands.h"
#include "ctl/table.h"

#include <string.h>

enum { CHECK_MS = 30000 /* the server takes 15 s at most */, CHECK_FAILED = 1, RESULT_TEXT = 8, INDENT = 2 };

static const char *result_of(const json_t *json) {
    return answer_is(json, "result", "pass") ? "PASS" : answer_is(json, "result", "skip") ? "SKIP" : "FAIL";
}

static enum tone tone_of(const json_t *json) {
    return answer_is(json, "result", "pass") ? TONE_GOOD : answer_is(json, "result", "skip") ? TONE_DIM : TONE_BAD;
}

static void add_hop(struct table *table, const json_t *hop) {
    char ms[NUMBER_TEXT];

    table_add(table, TONE_PLAIN, answer_text(hop, "hop", ""));
    table_add(table, tone_of(hop), result_of(hop));
    table_add(table, TONE_PLAIN, number_ms(ms, answer_number(hop, "ms")));
    table_add(table, TONE_PLAIN, answer_text(hop, "detail", ""));
}

static int print_hops(const struct display *display, const json_t *hops, struct error *error) {
    static const struct table_column columns[] = {{.title = "HOP", .is_whole = true},
                                                  {.title = "RESULT", .is_whole = true},
                                                  {.title = "TIME", .is_right = true},
                                                  {.title = "DETAIL"}};
    struct table table = table_begin(columns, sizeof columns / sizeof *columns);
    const json_t *hop;
    size_t i;

    json_array_foreach (hops, i, hop)
        add_hop(&table, hop);
    int result = table_print(&table, display) == 0 ? 0 : error_set(error, "out of memory");
    table_done(&table);
    return result;
}

/* Whole, as a narrow terminal's table would cut them. */
static void print_remedies(const struct display *display, const json_t *hops) {
    const json_t *hop;
    size_t i;

    json_array_foreach (hops, i, hop) {
        const char *name = answer_text(hop, "hop", ""), *remedy = answer_text(hop, "remedy", NULL);
        if (!remedy)
            continue;
        fputc('\n', display->file);
        display_tone(display, TONE_TITLE, "%s: ", name);
        display_fold(display, (unsigned)display_columns(name) + 2, INDENT, answer_text(hop, "detail", ""));
        fprintf(display->file, "%*sdo: ", INDENT, "");
        display_fold(display, INDENT + 4, INDENT + 4, remedy);
    }
}

static int print_check(const struct display *display, const json_t *check, struct error *error) {
    const json_t *hops = answer_at(check, "hops");

    if (print_hops(display, hops, error) != 0)
        return -1;
    print_remedies(display, hops);
    fputs("\nSUMMARY ", display->file);
    display_tone(display, tone_of(check), "%s", result_of(check));
    fputs(": ", display->file);
    display_fold(display, sizeof "SUMMARY PASS: " - 1, INDENT, answer_text(check, "summary", ""));
    return 0;
}

static int run(struct admin_context *context, void *arguments, struct error *error) {
    char target[ADMIN_TARGET];
    struct http_reply reply = {0};
    int code = -1;

    (void)arguments;
    if (admin_target(target, "/v1/services/", context->line->words[0], "/check", error))
        code = admin_call(context->client, "POST", target, &reply, error);
    if (code == 0)
        code = context->is_json ? admin_print_json(context, &reply) : print_check(&context->display, reply.json, error);
    if (code == 0 && !answer_is(reply.json, "result", "pass"))
        code = CHECK_FAILED;
    http_reply_done(&reply);
    return code;
}

const struct admin_command check_command = {
    .spec = {.program = "munnel check",
             .usage = "munnel check opens a connection through a service: its port, an agent, the\n"
                      "link, the destination. Each hop is PASS, FAIL or SKIP, with what to do where it\n"
                      "failed.\n"
                      "Exit status: 0 it works, 1 it does not.\n\n"
                      "usage: munnel check [OPTION]... SERVICE\n"},
    .fewest = 1,
    .most = 1,
    .run = run,
    .timeout_ms = CHECK_MS};
