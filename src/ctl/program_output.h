/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * program_output: runs another program and takes what it prints.
 * Runs on: the tool's only thread, until a deadline. Owns: nothing afterwards; the program has ended.
 */
#ifndef MUNNEL_CTL_PROGRAM_OUTPUT_H
#define MUNNEL_CTL_PROGRAM_OUTPUT_H

#include "lib/base/error.h"
#include "lib/base/posix_types.h"

#include <stddef.h>

enum { PROGRAM_OUTPUT_MOST = 4 * 1024 * 1024 };

struct program_user {
    uid_t user;
    gid_t group;
};

/*
 * argv[0] by path, or looked for in PATH; NULL last. Standard output and error, malloc'ed and terminated, cut at
 * PROGRAM_OUTPUT_MOST. *code: what it exited with, or 128 and the signal. NULL with error: it cannot be started, or
 * has not ended in time, and was killed.
 *
 * `user`: what the program becomes before it begins, which only root can do: with no other groups, no way back, no
 * terminal, and of the environment, which that user can read then, PATH alone. NULL: it is of our own user.
 */
char *program_output(char *const *argv, const struct program_user *user, unsigned timeout_ms, size_t *length, int *code,
                     struct error *error);

#endif
