/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * server_cmdline: munneld's command line laid over its file, or instead of one.
 * Runs on: start. Owns: the configuration, until server_options_done().
 */
#include "config.h"

#include "conf/cmdline.h"
#include "conf/places.h"
#include "conf/server_check.h"
#include "conf/server_cmdline.h"
#include "lib/base/path.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct cmdline_flag flags[] = {
    {"config", 0, "FILE", "read FILE [" PLACES_CONFIGURATION "]", NULL},
    {"check", 0, NULL, "check the configuration and exit", NULL},
    {"verbose", 'v', NULL, "log details too", NULL},
    CMDLINE_REFUSES_SECRETS("keys and tokens are in the files that munnel.json names"),
};

static const struct cmdline_spec munneld = {
    .program = "munneld",
    .usage = "munneld relays clients of its services to destinations behind firewalls.\n\n"
             "usage: munneld [OPTION]... [SERVICE]...\n"
             "  SERVICE is one argument: \"NAME [GROUP] LISTEN:PORT DEST:PORT\", for example\n"
             "  munneld --listen 0.0.0.0:10001 \"WinVNC 0.0.0.0:5900 localhost:5900\"\n",
    .table = &server_option_table,
    .flags = flags,
    .flag_count = sizeof flags / sizeof *flags,
};

/* Does the line say what to serve, as the original's did, so that no file is looked for? */
static bool says_all(const struct cmdline *line) {
    for (size_t i = 0; i < line->count; i++)
        if (line->given[i].spec && strcmp(line->given[i].spec->name, "agents.listen") == 0)
            return true;
    return line->word_count > 0;
}

/* Which file to read; NULL: none. */
static const char *choose_file(struct server_options *options) {
    const char *named = cmdline_value(&options->line, "config");
    if (named || says_all(&options->line))
        return named;
    return options->found = places_configuration();
}

/* Other programs take their configuration as an argument; a service has spaces in it. */
static bool names_file(const char *word) {
    size_t length = strlen(word);
    bool has_folder = false;
    for (const char *at = word; *at; at++)
        has_folder = has_folder || path_is_separator(*at);
    return !strpbrk(word, " \t\r\n") && (has_folder || (length > 5 && strcmp(word + length - 5, ".json") == 0));
}

static int add_service(struct server_config *conf, const char *word, struct error *error) {
    if (names_file(word))
        return error_set(error, "\"%s\" is no service; to read it as the configuration, write --config %s", word, word);
    return server_config_add_service(conf, word, error);
}

static int apply(struct server_config *conf, const struct cmdline *line, struct option_fault *fault,
                 struct error *error) {
    if (cmdline_apply(line, conf, error))
        return -1;
    if (cmdline_has(line, "verbose"))
        conf->log.level = LOG_LEVEL_DEBUG;
    for (int i = 0; i < line->word_count; i++)
        if (add_service(conf, line->words[i], error))
            return -1;
    return server_config_check_at(conf, fault, error);
}

struct server_config *server_options_read_again(const struct server_options *options, const struct config_edit *edit,
                                                struct option_fault *fault, struct error *error) {
    struct server_config *conf =
        options->file ? server_config_load_edited(options->file, edit, fault, error) : server_config_default(error);
    if (conf && apply(conf, &options->line, fault, error) == 0)
        return conf;
    server_config_free(conf);
    return NULL;
}

static const char *plural(size_t count) {
    return count == 1 ? "" : "s";
}

/* --check; nothing is printed but what is known to be true. */
static int report(const struct server_options *options, struct error *error) {
    const struct server_config *conf = options->conf;
    size_t agents = 0;
    if (!options->needs_setup && server_check_secrets(conf, &agents, error))
        return -1;
    struct error warning = {""};
    if (server_check_dates(conf, &warning))
        fprintf(stderr, "%s: warning: %s\n", munneld.program, warning.text);
    printf("%s: configuration OK: %zu service%s, agents on ", conf->path ? conf->path : munneld.program,
           conf->service_count, plural(conf->service_count));
    for (size_t i = 0; i < conf->agents.listen.count; i++)
        printf("%s%s", i ? ", " : "", conf->agents.listen.items[i]);
    if (options->needs_setup)
        printf(", certificate and token in %s\n", conf->state);
    else if (conf->agents.auth_none)
        printf(", any agent may join\n");
    else
        printf(", %zu agent%s may join\n", agents, plural(agents));
    return fflush(stdout) ? error_set(error, "cannot write to standard output") : 0;
}

static int read_line(struct server_options *options) {
    struct error error = {"out of memory"};
    const struct cmdline *line = &options->line;
    const char *file = options->file = choose_file(options);
    if (!file && !says_all(line))
        return cmdline_complain(&munneld, NULL,
                                PLACES_NO_CONFIGURATION
                                "; \"munnel init " PLACES_FOLDER
                                "\" makes one, --config FILE names another, or name a service, like "
                                "\"WinVNC 0.0.0.0:5900 localhost:5900\"");
    options->needs_setup = !file;
    options->conf = server_options_read_again(options, NULL, NULL, &error);
    bool check = cmdline_has(line, "check");
    if (!options->conf || (check && report(options, &error)))
        return cmdline_complain(&munneld, file, error.text);
    return check ? 0 : -1;
}

int server_options_read(struct server_options *options, int argc, char **argv) {
    *options = (struct server_options){0};
    int code = cmdline_read(&options->line, &munneld, argc, argv);
    if (code >= 0)
        return code;
    code = read_line(options);
    if (code >= 0)
        server_options_done(options);
    return code;
}

void server_options_done(struct server_options *options) {
    server_config_free(options->conf);
    options->conf = NULL;
    free(options->found);
    options->found = NULL;
    cmdline_done(&options->line);
}
