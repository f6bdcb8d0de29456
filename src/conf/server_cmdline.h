/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * server_cmdline: munneld's command line, and the configuration that comes of it and of the file.
 */
#ifndef MUNNEL_CONF_SERVER_CMDLINE_H
#define MUNNEL_CONF_SERVER_CMDLINE_H

#include "conf/cmdline.h"
#include "conf/server_config.h"

struct server_options {
    struct server_config *conf; /* file and command line together */
    struct cmdline line;        /* of argv, which has to live as long */
    const char *file;           /* NULL: none is read */
    char *found;                /* that file, if the command line does not name it */
    bool needs_setup; /* no file and no certificate named: the state folder's are used, made at the first start */
};

/*
 * Reads the command line. Returns -1 to go on, else the exit code: 0 after --help, --version and a --check that found
 * everything right, which have printed to stdout; 2 after one line on stderr with the error.
 */
int server_options_read(struct server_options *options, int argc, char **argv);
/* The same once more for a server that runs: the file may have changed, or be about to (`edit`, which may be NULL).
 * NULL with `error` and, where it is known, the place in `fault`, which may be NULL. */
struct server_config *server_options_read_again(const struct server_options *options, const struct config_edit *edit,
                                                struct option_fault *fault, struct error *error);
void server_options_done(struct server_options *options);

#endif
