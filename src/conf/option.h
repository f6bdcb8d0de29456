/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * option: one table defines what can be configured, and everything else reads it: the parser of the file, the defaults,
 * the command line, --help, and the test that the manuals leave nothing out.
 *
 * Runs on: start, reload or a tool. Owns: nothing; what it stores in a struct is given back by option_done().
 */
#ifndef MUNNEL_CONF_OPTION_H
#define MUNNEL_CONF_OPTION_H

#include "lib/base/error.h"
#include "lib/base/format.h"
#include "lib/base/strlist.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

enum { /* what the programs have room for, so that nothing above it is taken and quietly not done */
       CONF_THREADS_MAX = 64,
       CONF_SERVICE_PORTS_MAX = 1000,
       CONF_BACKLOG_MAX = 65535,
       CONF_REPLY_FACTOR_MAX = 100000,
       CONF_KEEPALIVE_MAX = 32767,
       CONF_KEEPALIVE_PROBES_MAX = 127, /* as Linux has them */
       CONF_UNAUTHENTICATED_MAX = 8192
};

enum option_kind {
    OPTION_TEXT,   /* char *; NULL while it is null */
    OPTION_TEXTS,  /* struct strlist: a string or a list of them */
    OPTION_NUMBER, /* unsigned: a whole number from `minimum` to `maximum` */
    OPTION_SIZE,   /* the same of bytes, which may be a text with a unit: kB, MB, GB of 1000, KiB, MiB, GiB of 1024 */
    OPTION_CHOICE, /* an enum: the index in `words` */
    OPTION_FLAG,   /* bool: true or false */
    OPTION_WORD,   /* bool: true once the only word of `words` is written */
    OPTION_TABLES /* a list of objects, each read by the table `elements`: pointer at `offset`, size_t at `count_offset`
                   */
};

struct option_table {
    const struct option_spec *specs;
    size_t count;
    size_t size; /* of the struct that it fills */
};

struct option_spec {
    const char *name; /* with the objects around it: "agents.tls.cert" */
    enum option_kind kind;
    size_t offset;
    const char *preset; /* the default, as JSON; "null": nothing; NULL: it must be written */
    unsigned minimum, maximum;
    const char *const *words; /* ends with NULL */
    /* for errors; all but numbers, sizes, choices and flags have it: "an address like \"0.0.0.0:5900\"" */
    const char *wanted;
    int (*check)(const char *text, struct error *error);    /* of each text; NULL: anything */
    char *(*resolve)(const char *text, const char *beside); /* makes relative paths relative to a file */
    const struct option_table *elements;
    size_t count_offset;
    bool nullable;        /* null may be written although it is not the default */
    bool needs_restart;   /* a reload cannot change it */
    const char *flag;     /* --flag; NULL: only in the file */
    const char *argument; /* what --help calls its value */
    const char *help;     /* one line for --help and people */
};

enum { OPTION_POINTER_SIZE = 160, OPTION_FILE_SIZE = 256 };

struct option_fault {                  /* where an error is, for programs; all zero: not known */
    char file[OPTION_FILE_SIZE];       /* empty: in no file */
    char pointer[OPTION_POINTER_SIZE]; /* as RFC 6901 has it: "/services/2/listen" */
    unsigned line, column;             /* 0: not known */
};

struct option_place {   /* where the reading is, for errors and for relative paths */
    const char *file;   /* in front of every error; NULL on the command line */
    const char *beside; /* relative paths start from this file's folder; NULL: left as they are */
    struct error *error;
    struct option_fault *fault; /* set with `error`; NULL: not wanted */
    const json_t *written; /* the value there as it is written, before expand_parse(); NULL: nothing was expanded */
    json_t *expanded; /* collects what is written where a value was expanded: option_place_key(); NULL: not wanted */
    struct strlist *value_files;       /* collects the files that values were expanded from; NULL: not wanted */
    bool is_foreign;                   /* root reads a file that others may change: what its values name is not read */
    char path[160];                    /* "services[2].listen" */
    char pointer[OPTION_POINTER_SIZE]; /* the same as a JSON pointer: "/services/2/listen" */
};

/* All return 0, or -1 with place->error set. `base` is a struct of the table's size, all zero at first. */
int option_defaults(const struct option_table *table, void *base, const struct option_place *place);
int option_read(const struct option_table *table, void *base, json_t *object, const struct option_place *place);
/* One value as the command line writes it. With `append` it joins what a list holds, else it replaces it. */
int option_set_text(const struct option_spec *spec, void *base, const char *text, bool append,
                    const struct option_place *place);
void option_done(const struct option_table *table, void *base);
/* Into a struct that is all zero. 0, or -1 when out of memory: then option_done() of it is due all the same. */
int option_copy(const struct option_table *table, void *to, const void *from);

/* What `base` holds, as a file would have it: one option, or all of a table by their names ("agents.tls.cert"). NULL:
 * out of memory. */
json_t *option_value_json(const struct option_spec *spec, const void *base);
json_t *option_json(const struct option_table *table, const void *base);

const struct option_spec *option_find(const struct option_table *table, const char *name);
/* A new element of an OPTION_TABLES, with its defaults; the list owns it. NULL with place->error. */
void *option_add_element(const struct option_spec *spec, void *base, const struct option_place *place);

/* An error at the place: "FILE: services[2].listen: ...". Returns -1. */
int option_error(const struct option_place *place, const char *format, ...) PRINTF_LIKE(2, 3);
/*
 * Puts the option that names a file, with top->file that sets it, in front of the error of `top` about that file, for a
 * reader who did not choose its name: of the files in the text the first. An error that speaks of none of them stays as
 * it is.
 */
struct option_file {
    const char *option; /* "agents.tls.cert" */
    const char *path;   /* NULL: not set */
};
void option_name_file(const struct option_place *top, const struct option_file *files, size_t count);
/* "FILE#POINTER", by which place->expanded has what is written there; malloc'ed. NULL: out of memory. */
char *option_place_key(const struct option_place *place);
/* The place of a member of an object there, or of an element of a list. */
struct option_place option_member(const struct option_place *place, const char *key);
struct option_place option_element(const struct option_place *place, size_t index);
struct option_place option_below(const struct option_place *place, const char *path); /* "tls.cert" there */

/* For `resolve`: a path; one that may be empty, for none; a listening address, whose "unix:PATH" may be relative; where
 * the log goes. */
char *option_resolve_path(const char *text, const char *beside);
char *option_resolve_socket(const char *text, const char *beside);
char *option_resolve_listen(const char *text, const char *beside);
char *option_resolve_loopback(const char *text, const char *beside); /* "localhost:PORT" by its address */
char *option_resolve_log(const char *text, const char *beside);

#endif
