/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * source: "munnel source list" and "forgive": addresses that the agent port refuses for a time.
 * Runs on: the tool's only thread. Owns: nothing.
 */
#include "config.h"

#include "ctl/admin_command.h"
#include "ctl/answer.h"
#include "ctl/commands.h"
#include "ctl/lists.h"

static int print_sources(const struct display *display, const json_t *answer, struct error *error) {
    return list_sources(display, answer_at(answer, "sources"), error);
}

static int list(struct admin_context *context, void *arguments, struct error *error) {
    (void)arguments;
    return admin_show(context, "/v1/sources", print_sources, error);
}

static int forgive(struct admin_context *context, void *arguments, struct error *error) {
    (void)arguments;
    return admin_do(context, "DELETE", "/v1/sources/", "", "is no longer refused", error);
}

const struct admin_command source_list_command = {
    .spec = {.program = "munnel source list",
             .usage = "munnel source list prints the addresses that the agent port refuses for a time,\n"
                      "because attempts from there have failed.\n\n"
                      "usage: munnel source list [OPTION]...\n"},
    .run = list};

const struct admin_command source_forgive_command = {
    .spec = {.program = "munnel source forgive",
             .usage = "munnel source forgive lets an address that is refused connect at once.\n\n"
                      "usage: munnel source forgive [OPTION]... ADDR\n"},
    .fewest = 1,
    .most = 1,
    .run = forgive};
