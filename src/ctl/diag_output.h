/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * diag_output: a part of the archive that another program prints.
 * Runs on: the tool's only thread. Owns: nothing.
 */
#ifndef MUNNEL_CTL_DIAG_OUTPUT_H
#define MUNNEL_CTL_DIAG_OUTPUT_H

#include "ctl/diag_archive.h"
#include "ctl/program_output.h"

enum diag_failure {
    DIAG_FAILURE_TELLS, /* what it prints before another exit code than 0 is the part */
    DIAG_FAILURE_COUNTS /* it is the reason why there is no part */
};

/* `user`: as program_output() takes it. */
void diag_add_output(struct diag_archive *archive, const char *name, char *const *argv, const struct program_user *user,
                     enum diag_failure failure);

#endif
