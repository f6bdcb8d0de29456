/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * file_priv: what file.c asks of the system: what file_posix.c does.
 *
 * Descriptors are those of the C library, on Windows too. What returns -1 sets errno.
 */
#ifndef MUNNEL_LIB_BASE_FILE_PRIV_H
#define MUNNEL_LIB_BASE_FILE_PRIV_H

#include "lib/base/file.h"

#include <string.h>
#include <sys/types.h>

enum file_care { FILE_CARE_NONE, FILE_CARE_SECRET, FILE_CARE_TRUSTED };

/* Sets the text "cannot VERB PATH: " and the reason of the last failure, of which errno is kept. Returns -1. */
int file_fail(struct error *error, const char *verb, const char *path);

/* For reading; waits for the writer of a FIFO, unless it is opened with FILE_CARE_TRUSTED. */
int file_open(const char *path, enum file_care care);
/* Of the open file, so that it is the one that is read: may this program's user rely on it? 0, or -1 with `error`. */
int file_check(int fd, const char *path, enum file_care care, bool *is_foreign, struct error *error);
ssize_t file_get(int fd, void *bytes, size_t size);
ssize_t file_put(int fd, const void *bytes, size_t size);
void file_close(int fd);
enum file_kind file_kind_of(int fd);

/* An empty file, which others cannot open; `name` ends in XXXXXX, which are replaced. The owner is that of `path`. */
int file_create_staged(char *name, const char *path, unsigned mode);
int file_complete(int fd, unsigned mode); /* on the disk and with its mode; closes it in any case */
int file_rename(const char *from, const char *to, bool is_new);
int file_unlink(const char *path);

int file_make_one_folder(const char *path, unsigned mode);
bool file_is_folder(const char *path);

struct strlist;
/* Adds what the pattern matches, in any order; a name without wildcards that is not there matches nothing. 0 or -1 with
 * `error` */
int file_glob_find(const char *pattern, struct strlist *paths, struct error *error);

static inline bool file_is_staged_name(const char *name) {
    static const char unknown[] = "XXXXXX";
    size_t known = sizeof FILE_STAGED - sizeof unknown;

    return strlen(name) == sizeof FILE_STAGED - 1 && strncmp(name, FILE_STAGED, known) == 0 &&
           !strpbrk(name + known, ".-_~#"); /* mkstemp takes letters and digits */
}

#endif
