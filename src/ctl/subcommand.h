/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * subcommand: tables of words that a command line may begin with, and what all of them need.
 * Runs on: the tool's only thread. Owns: nothing.
 */
#ifndef MUNNEL_CTL_SUBCOMMAND_H
#define MUNNEL_CTL_SUBCOMMAND_H

#include "conf/cmdline.h"

#include <stdbool.h>
#include <stddef.h>

enum { SUBCOMMAND_FAILED = 1, SUBCOMMAND_USAGE = 2 /* a wrong command line */ };

struct subcommand_table;
struct admin_command;

/* One of run, admin and below. */
struct subcommand {
    const char *name;
    int (*run)(const char *self, int argc, char **argv); /* munnel's own argv[0]; argv[0] is the name; exit code */
    const char *arguments;                               /* for help: "ADDR:PORT [GROUP]" */
    const char *help;                                    /* one line */
    const struct admin_command *admin;                   /* asks a running program */
    const struct subcommand_table *below;                /* a word more follows */
    const char *words;   /* for completion: "a|b|c", or what a server is asked for, "@agents"; NULL: nothing */
    const char *heading; /* in the help, above it; NULL: none */
    bool is_beside;      /* in the general help it is on the line of the one before */
};

struct subcommand_table {
    const char *path;  /* "munnel relay" */
    const char *about; /* what its --help begins with */
    const struct subcommand *commands;
    size_t count;
};

const struct subcommand *subcommand_find(const struct subcommand *table, size_t count, const char *name);
/* The closest name to a mistyped one; NULL: none is near. */
const char *subcommand_nearest(const struct subcommand *table, size_t count, const char *name);
/* "munnel: there is no command x; did you mean y?" Returns 2. */
int subcommand_complain(const struct subcommand *table, size_t count, const char *program, const char *name);

/*
 * Reads a subcommand's options into `base` (a struct of the table's size, all zero) and counts its words. Returns -1 to
 * go on, else the exit code. In both cases cmdline_done() and option_done() are the caller's.
 */
int subcommand_read(struct cmdline *line, const struct cmdline_spec *command, void *base, int fewest, int most,
                    int argc, char **argv);

/* "munnel init: WHY" on stderr. Returns 1. */
int subcommand_fail(const struct cmdline_spec *command, const struct error *error);

#endif
