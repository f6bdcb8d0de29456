/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * blame: puts the option that named a file in front of an error about the file, for a reader who did not choose its
 * name. Runs on: any thread. Owns: nothing.
 */
#ifndef MUNNEL_CONF_BLAME_H
#define MUNNEL_CONF_BLAME_H

#include "lib/base/error.h"

#include <stddef.h>

struct blame {
    const char *option; /* "agents.tls.cert" */
    const char *file;   /* what it says; NULL: nothing */
};

/* The first of the files that the error speaks of is to blame; an error that names none stays as it is. */
void blame_option(struct error *error, const struct blame *rows, size_t count);

#endif
