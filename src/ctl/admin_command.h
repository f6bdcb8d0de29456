/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * admin_command: what all commands share that ask a running program: options, the connection, exit codes.
 * Runs on: the tool's only thread. Owns: nothing.
 */
#ifndef MUNNEL_CTL_ADMIN_COMMAND_H
#define MUNNEL_CTL_ADMIN_COMMAND_H

#include "conf/cmdline.h"
#include "ctl/admin_client.h"
#include "lib/base/format.h"
#include "lib/display/display.h"

#include <stdint.h>

struct admin_context {
    struct http_client *client;
    const struct cmdline *line;
    struct display display; /* standard output */
    bool is_json;           /* --json */
};

struct admin_command {
    struct cmdline_spec spec; /* without flags: --json; without a table: --socket */
    int fewest, most;         /* words beside the options */
    /* What is wrong with them together, told on standard error; NULL: nothing can be. 0 or the exit code. */
    int (*check)(const struct cmdline *line, const void *arguments);
    /* 0, another exit code, or -1 with error. `arguments`: what spec.table fills. */
    int (*run)(struct admin_context *context, void *arguments, struct error *error);
    int failure;         /* the exit code after an error; 0: 1, as everywhere */
    unsigned timeout_ms; /* of a question; 0: ADMIN_WAIT_MS */
};

#define ADMIN_JSON_FLAG                                                                                                \
    { "json", 0, NULL, "print the answer as the program gave it", NULL }

/* The struct of spec.table begins with a struct admin_place. Returns the exit code. */
int admin_command_main(const struct admin_command *command, int argc, char **argv);

/* GET of the target; with --json the answer is printed, else `print` gets it. 0, or -1 with error. */
typedef int admin_print(const struct display *display, const json_t *answer, struct error *error);
int admin_show(struct admin_context *context, const char *target, admin_print *print, struct error *error);
/* POST, or another method, of BEFORE/NAME/AFTER with the first word as name, and "NAME: DONE" for people. 0 or -1. */
int admin_do(struct admin_context *context, const char *method, const char *before, const char *after, const char *done,
             struct error *error);

/* The answer as it came, and a line end. Returns 0. */
int admin_print_json(const struct admin_context *context, const struct http_reply *reply);
/* "munnel reload: TEXT" on standard error, of a wrong command line. Returns 2. */
int admin_refuse(const char *program, const char *format, ...) PRINTF_LIKE(2, 3);
int64_t admin_now_ms(void); /* since 1970 */

#endif
