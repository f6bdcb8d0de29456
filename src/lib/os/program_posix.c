/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/* program_posix: see program.h. */
#include "config.h"

#include "lib/os/program.h"

#include "lib/os/privilege.h"
#include "lib/os/standard_streams.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

int program_run(const struct program *program, int argc, char **argv) {
    struct error error = {""};

    if (standard_streams_open(&error)) {
        fprintf(stderr, "%s: %s\n", program->name, error.text);
        return EXIT_FAILURE;
    }
    if (program->is_daemon) {
        signal(SIGPIPE, SIG_IGN); /* before anything can write to a socket */
        privilege_seal();
    }
    return program->run(argc, argv);
}
