/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * program: what each program does before and after its own work, by the system it runs on.
 * Runs on: the main thread; what the service manager of Windows starts gets a thread of its own. Owns: nothing.
 */
#ifndef MUNNEL_LIB_OS_PROGRAM_H
#define MUNNEL_LIB_OS_PROGRAM_H

#include <stdbool.h>

struct program {
    const char *name;                  /* in front of its errors; on Windows also the name of its service */
    bool is_daemon;                    /* serves until it is stopped, and holds secrets */
    int (*run)(int argc, char **argv); /* its work; the exit code */
};

/*
 * For main() to return: runs the program once standard streams are open (standard_streams.h). A daemon is sealed before
 * (privilege.h), and no write to a socket ends it. On Windows arguments are UTF-8 and so is the console, libraries come
 * from the system's folder only, sockets are ready, and a daemon takes --service as its first argument
 * (program_service.h): it is the service manager that starts it. Returns the exit code; after an error, which it
 * prints, EXIT_FAILURE.
 */
int program_run(const struct program *program, int argc, char **argv);

#endif
