/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * command_line: a program's command line by its option table, and its --help from the same table.
 *
 * Runs on: start. Owns: what it notes of argv, until command_line_done(); the texts stay argv's.
 */
#ifndef MUNNEL_CONF_COMMAND_LINE_H
#define MUNNEL_CONF_COMMAND_LINE_H

#include "conf/option.h"

#include <stdbool.h>
#include <stdio.h>

enum { COMMAND_FLAGS = 32, COMMAND_USAGE_ERROR = 2 };

struct command_flag { /* what only a command line can say */
    const char *name;
    char letter;          /* 0: none */
    const char *argument; /* what --help calls its value; NULL: it takes none */
    const char *help;     /* NULL: --help keeps silent about it */
    const char *refusal;  /* not taken; this says what to do instead */
};

/* Secrets are never arguments: everybody on the machine can read those. For the flags of every program. */
#define COMMAND_REFUSES_SECRETS(instead)                                                                               \
    {"token", .argument = "", .refusal = COMMAND_SECRET instead},                                                      \
        {"password", .argument = "", .refusal = COMMAND_SECRET instead}, {                                             \
        "secret", .argument = "", .refusal = COMMAND_SECRET instead                                                    \
    }
#define COMMAND_SECRET "a secret is no argument, since everybody on this machine could read it; "

struct command {
    const char *program;
    const char *usage;                /* the lines of --help above the options */
    const struct option_table *table; /* its specs with a flag can be written */
    const struct command_flag *flags; /* ends with name NULL */
    size_t flag_count;
};

struct command_line {
    struct command_given {
        const struct option_spec *spec; /* one of these two */
        const struct command_flag *flag;
        const char *value;
    } * given; /* in the order in which they were written */
    size_t count;
    char **words; /* what is no option: part of argv, which is sorted for it */
    int word_count;
};

/* Returns -1 to go on, else the exit code: 0 after --help or --version, 2 after a line on stderr. */
int command_line_read(struct command_line *line, const struct command *command, int argc, char **argv);
void command_line_done(struct command_line *line);

bool command_line_has(const struct command_line *line, const char *name);
const char *command_line_value(const struct command_line *line,
                               const char *name); /* the last one's; NULL: not written */
/* Puts what was written over what `base` holds; a list is replaced by all that was written of it. 0 or -1. */
int command_line_apply(const struct command_line *line, void *base, struct error *error);

void command_print_help(const struct command *command, FILE *file);
/* One line on stderr, with the program in front unless `text` begins with `file` (may be NULL). Returns 2. */
int command_complain(const struct command *command, const char *file, const char *text);

#endif
