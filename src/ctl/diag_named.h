/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * diag_named: the parts that are files of a running server's choice: its log, and its configuration.
 *
 * They are read with the rights of the server's user, not with those of root. A server that was broken into could name
 * /etc/shadow as its log, put a link in the place of its log, or quote another file in a service of its own, and would
 * get it into an archive that is sent to others.
 * Runs on: the tool's only thread. Owns: nothing.
 */
#ifndef MUNNEL_CTL_DIAG_NAMED_H
#define MUNNEL_CTL_DIAG_NAMED_H

#include "ctl/diag_archive.h"
#include "ctl/program_output.h"

#include <event2/util.h>
#include <stdbool.h>

struct diag_named {
    const char *self;       /* munnel's own argv[0] */
    const char *config;     /* named by the user of this tool; NULL: none */
    bool is_server_there;   /* else nothing was named by it */
    evutil_socket_t socket; /* connected to it; -1: not any more */
    const char *file;       /* its configuration; NULL: it has none */
    const char *log;        /* where its log goes; NULL: unknown */
};

void diag_add_named(struct diag_archive *archive, const struct diag_named *named);

#endif
