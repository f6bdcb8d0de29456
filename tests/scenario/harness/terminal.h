/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * terminal: a terminal of tmux's in a sandbox, with a shell in it, whose screen a test reads and on whose keys it
 * types. Runs on: a test's main thread. Owns: the text of the screen; tmux belongs to the sandbox and ends with it.
 */
#ifndef MUNNEL_SCENARIO_TERMINAL_H
#define MUNNEL_SCENARIO_TERMINAL_H

#include "harness/deadline.h"
#include "harness/sandbox.h"

#include <check.h>

enum { TERMINAL_SOON_MS = 15000 };

struct terminal {
    struct sandbox *sandbox;
    const char *tmux, *socket; /* tmux NULL: there is none here */
    char *seen;                /* what it has shown last, or the output of the last command */
};

/* Of so many columns and rows, and with a shell that prompts by "$"; false: the test is skipped. */
bool terminal_open(struct terminal *terminal, struct sandbox *sandbox, unsigned columns, unsigned rows);
void terminal_close(struct terminal *terminal); /* one that was never opened is fine */

/* A command of tmux with up to four arguments, NULL behind them. Fails the test unless it succeeds. */
void terminal_do(struct terminal *terminal, const char *command, const char *a, const char *b, const char *c,
                 const char *d);
void terminal_press(struct terminal *terminal, const char *key); /* "Down", "C-c", or letters */
void terminal_type(struct terminal *terminal, const char *line); /* and Enter */
bool terminal_sees(struct terminal *terminal, const char *text); /* the screen of now */
bool terminal_is_raw(struct terminal *terminal); /* a program gets each key, and the system echoes none */

#define TERMINAL_EXPECT(terminal, text)                                                                                \
    ck_assert_msg(HOLDS_WITHIN(TERMINAL_SOON_MS, terminal_sees((terminal), (text))), "line %d: no \"%s\" in\n%s",      \
                  __LINE__, (text), (terminal)->seen)

#endif
