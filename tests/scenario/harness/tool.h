/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * tool: munnel's commands against a server with an agent and an echo behind it.
 *
 * Runs on: a test's main thread. Owns: nothing but the echo; the programs and all texts belong to the sandbox.
 */
#ifndef MUNNEL_SCENARIO_TOOL_H
#define MUNNEL_SCENARIO_TOOL_H

#include "harness/munnel.h"

#include <stdbool.h>
#include <stdint.h>

struct destination;

struct tooled {
    struct sandbox *sandbox;
    struct server server;
    struct process *agent; /* "alpha" */
    struct destination *echo;
    uint16_t port, more_port; /* of the service "echo"; a free one */
    unsigned runs;
    const char *output; /* of the last command */
};

/* The server is found by MUNNEL_SOCKET, admin.sock of the sandbox; services.d is its folder. */
struct tooled tooled_start(const char *name);
void tooled_end(struct tooled *tooled);

/* Runs "munnel WORD...", NULL last; its exit code. Only the sandbox has to be there. */
int tooled_run(struct tooled *tooled, ...) __attribute__((sentinel));
#define EXPECT(tooled, code, ...)                                                                                      \
    do {                                                                                                               \
        int got = tooled_run((tooled), __VA_ARGS__, NULL);                                                             \
        ck_assert_msg(got == (code), "line %d: exit code %d: %s", __LINE__, got, (tooled)->output);                    \
    } while (0)

/* Of the last command's output; they fail the test else. */
void prints(const struct tooled *tooled, const char *text);
void prints_not(const struct tooled *tooled, const char *text);

/* A client of the service. */
int tooled_converse(const struct tooled *tooled, const char *text);

#endif
