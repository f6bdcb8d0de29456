/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * diag_archive: the file that "munnel diag" makes: parts, and a MANIFEST that tells which of them failed and why.
 * Runs on: the tool's only thread. Owns: the archive's parts until they are written.
 */
#ifndef MUNNEL_CTL_DIAG_ARCHIVE_H
#define MUNNEL_CTL_DIAG_ARCHIVE_H

#include "lib/base/error.h"
#include "lib/base/text_buffer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <time.h>

struct diag_archive {
    FILE *file;
    const char *path; /* for errors */
    char folder[80];  /* in which all is: "munnel-diag-HOST-DATE" */
    time_t now;
    struct text_buffer manifest;
    unsigned count, failed;
    bool is_broken; /* the file cannot be written: errno is in `cause` */
    int cause;
};

/* `path`, of the file, has to stay until the end. */
void diag_archive_begin(struct diag_archive *archive, FILE *file, const char *path, const char *folder);
/* A part; with `bytes` NULL one that failed, for the reason of `why`. */
void diag_archive_add(struct diag_archive *archive, const char *name, const char *bytes, size_t length,
                      const struct error *why);
/* The MANIFEST and the end. 0 or -1 with error. */
int diag_archive_end(struct diag_archive *archive, struct error *error);
/* "cannot write PATH: ...", by this errno, with what to do. Returns -1. */
int diag_archive_refuse(const char *path, int cause, struct error *error);

/* Overwrites what is a join code or a token, in a text of unknown content: a log, or another program's output. */
void diag_redact(char *bytes, size_t length);

#endif
