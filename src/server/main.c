/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * main: munneld from its command line to its exit code.
 * Runs on: the control thread. Owns: options, log and server.
 */
#include "config.h"

#include "conf/server_cmdline.h"
#include "lib/log/log.h"
#include "lib/os/malloc.h"
#include "lib/os/program.h"
#include "server/bootstrap.h"
#include "server/server.h"

#include <stdio.h>
#include <stdlib.h>

static int fail(const struct error *error) {
    fprintf(stderr, "munneld: %s\n", error->text);
    return EXIT_FAILURE;
}

static struct server_config *read_again(void *context, const struct config_edit *edit, struct option_fault *fault,
                                        struct error *error) {
    return server_options_read_again(context, edit, fault, error);
}

static int serve(struct server_options *options, struct log *log, struct error *error) {
    struct server *server = server_new(options->conf, log, error);

    if (server)
        server_set_reader(server, read_again, options);
    int result = server ? server_run(server, error) : -1;
    server_free(server);
    return result;
}

static int run_with(struct server_options *options) {
    struct server_config *conf = options->conf;
    struct error error = {""};

    if (options->needs_setup && bootstrap(conf, &error))
        return fail(&error);
    struct log *log = log_new("munneld", conf->log.format, conf->log.level, conf->log.to, &error);
    if (!log)
        return fail(&error);
    int result = serve(options, log, &error);
    log_free(log);
    return result ? fail(&error) : EXIT_SUCCESS;
}

static int run(int argc, char **argv) {
    struct server_options options;

    malloc_tune();
    int done = server_options_read(&options, argc, argv);
    if (done >= 0)
        return done;
    int result = run_with(&options);
    server_options_done(&options);
    return result;
}

int main(int argc, char **argv) {
    return program_run(&(struct program){.name = "munneld", .is_daemon = true, .run = run}, argc, argv);
}
