/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * diag_parts: what "munnel diag" puts into its archive.
 * Runs on: the tool's only thread. Owns: nothing.
 */
#ifndef MUNNEL_CTL_DIAG_PARTS_H
#define MUNNEL_CTL_DIAG_PARTS_H

#include "ctl/admin_client.h"
#include "ctl/diag_archive.h"

#include <stdint.h>

struct diag_source {
    const char *self;           /* munnel's own argv[0] */
    const char *config;         /* --config, or NULL */
    struct http_client *client; /* NULL: there is no program to ask, for the reason of `why` */
    struct error why;
    uint64_t waited_ms; /* for answers that have not come */
};

void diag_add_parts(struct diag_archive *archive, struct diag_source *source);

#endif
