/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * program_start_windows: see program_start.h. program_start_posix.c is its counterpart. The job ends the program with
 * this one, however that ends.
 */
#include "config.h"

#include "ctl/program_start.h"

#include "ctl/child.h"
#include "ctl/subcommand.h"

#include <stdio.h>
#include <stdlib.h>

char *program_beside(const char *self, const char *program) {
    (void)self; /* the system knows better */
    return child_find(program, CHILD_BESIDE);
}

/* Ctrl-C is for the program, which gets it, too; its exit code is still to be passed on. */
static BOOL WINAPI leave_to_child(DWORD event) {
    (void)event;
    return TRUE;
}

static int run_to_end(const char *path, char **argv, struct error *error) {
    struct child child;
    const struct child_streams own = {GetStdHandle(STD_INPUT_HANDLE), GetStdHandle(STD_OUTPUT_HANDLE),
                                      GetStdHandle(STD_ERROR_HANDLE)};
    if (child_start(&child, path, argv, &own, error))
        return -1;
    (void)SetConsoleCtrlHandler(leave_to_child, TRUE);
    int code = child_wait(&child, INFINITE);
    (void)SetConsoleCtrlHandler(leave_to_child, FALSE);
    child_done(&child);
    return code;
}

int program_become(const char *self, const char *program, char **argv) {
    struct error error = {""};
    char *path = program_beside(self, program);
    int code = path ? run_to_end(path, argv, &error) : error_set(&error, "it is not in the folder of munnel");
    if (code < 0)
        fprintf(stderr, "munnel: cannot start %s: %s\n", path ? path : program, error.text);
    free(path);
    return code < 0 ? SUBCOMMAND_FAILED : code;
}
