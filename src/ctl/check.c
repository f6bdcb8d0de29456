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
#include "lib/display/hop_table.h"

enum { CHECK_MS = 30000 /* the server takes 15 s at most */, CHECK_FAILED = 1, CHECK_UNTRIED = 3 };

static int print_check(const struct display *display, const json_t *check, struct error *error) {
    if (hop_table_print(display, answer_at(check, "hops")))
        return error_set(error, "out of memory");
    hop_table_print_summary(display, answer_text(check, "result", ""), answer_text(check, "summary", ""));
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
        code = answer_is(reply.json, "result", "skip") ? CHECK_UNTRIED : CHECK_FAILED;
    http_reply_done(&reply);
    return code;
}

const struct admin_command check_command = {
    .spec = {.program = "munnel check",
             .usage = "munnel check opens a connection through a service: its port, an agent, the\n"
                      "link, the destination. Each hop is PASS, FAIL or SKIP, with what to do where it\n"
                      "failed.\n"
                      "Exit status: 0 it works, 1 it does not, 3 it cannot be tried from the server.\n\n"
                      "usage: munnel check [OPTION]... SERVICE\n"},
    .fewest = 1,
    .most = 1,
    .run = run,
    .timeout_ms = CHECK_MS};
