/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * cmdline: a program's command line by its option table, and its --help from the same table.
 *
 * Runs on: start. Owns: what it notes of argv, until cmdline_done(); the texts stay argv's.
 */
#ifndef MUNNEL_CONF_CMDLINE_H
#define MUNNEL_CONF_CMDLINE_H

#include "conf/option.h"

#include <stdbool.h>
#include <stdio.h>

enum { CMDLINE_FLAGS = 32, CMDLINE_USAGE_ERROR = 2 };

struct cmdline_flag { /* what only a command line can say */
    const char *name;
    char letter;          /* 0: none */
    const char *argument; /* what --help calls its value; NULL: it takes none */
    const char *help;     /* NULL: --help keeps silent about it */
    const char *refusal;  /* not taken; what to do instead */
};

/* Secrets are never arguments: everybody on the machine can read those. For the flags of every program. */
#define CMDLINE_REFUSES_SECRETS(instead)                                                                               \
    {"token", .argument = "", .refusal = CMDLINE_SECRET instead},                                                      \
        {"password", .argument = "", .refusal = CMDLINE_SECRET instead}, {                                             \
        "secret", .argument = "", .refusal = CMDLINE_SECRET instead                                                    \
    }
#define CMDLINE_SECRET "a secret is no argument, since everybody on this machine could read it; "

struct cmdline_spec {
    const char *program;
    const char *usage;                /* the lines of --help above the options */
    const struct option_table *table; /* its specs with a flag can be written */
    const struct cmdline_flag *flags; /* ends with name NULL */
    size_t flag_count;
    const struct option_table *settable; /* its specs can be written by --set NAME=VALUE; NULL: none can */
};

struct cmdline {
    struct cmdline_given {
        const struct option_spec *spec; /* one of these two */
        const struct cmdline_flag *flag;
        const char *value;
    } * given; /* in the order in which they were written */
    size_t count;
    char **words; /* what is no option: part of argv, which is sorted for it */
    int word_count;
};

/* Returns -1 to go on, else the exit code: 0 after --help or --version, 2 after a line on stderr. */
int cmdline_read(struct cmdline *line, const struct cmdline_spec *command, int argc, char **argv);
void cmdline_done(struct cmdline *line);

bool cmdline_has(const struct cmdline *line, const char *name);
const char *cmdline_value(const struct cmdline *line, const char *name); /* the last one's; NULL: not written */
/* Puts what was written over what `base` holds; a list is replaced by all that was written of it. 0 or -1. */
int cmdline_apply(const struct cmdline *line, void *base, struct error *error);

struct text_buffer;
void cmdline_add_version(struct text_buffer *text, const char *program); /* "PROGRAM 0.1.0", and each library's */
void cmdline_print_version(const char *program);                         /* the same on standard output */
/* One line on stderr, with the program in front unless `text` begins with `file` (may be NULL). Returns 2. */
int cmdline_complain(const struct cmdline_spec *command, const char *file, const char *text);

#endif
