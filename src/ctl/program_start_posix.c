/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * program_start_posix: see program_start.h. program_start_windows.c is its counterpart.
 */
#include "config.h"

#include "ctl/program_start.h"

#include "ctl/subcommand.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/path.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

char *program_beside(const char *self, const char *program) {
    if (!path_folder_length(self)) /* PATH finds both */
        return NULL;
    char *real = file_real_path(self); /* munnel may be a link to where they all are */
    char *path = file_beside(real ? real : self, program);
    free(real);
    if (path && access(path, X_OK) == 0)
        return path;
    free(path);
    path = file_beside(self, program);
    if (path && access(path, X_OK) == 0)
        return path;
    free(path);
    return NULL;
}

int program_become(const char *self, const char *program, char **argv) {
    char *beside = program_beside(self, program);
    if (beside)
        execv(beside, argv);
    else
        execvp(program, argv);
    fprintf(stderr, "munnel: cannot start %s: %s; it is looked for beside munnel, then in PATH\n",
            beside ? beside : program, error_text(errno));
    free(beside);
    return SUBCOMMAND_FAILED;
}
