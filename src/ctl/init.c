/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * init: "munnel init": the files of a new server, and what to do with them.
 * Runs on: the tool's only thread. Owns: nothing.
 */
#include "config.h"

#include "conf/agents_file.h"
#include "conf/managed_file.h"
#include "conf/places.h"
#include "conf/provision.h"
#include "conf/server_config.h"
#include "conf/validators.h"
#include "ctl/commands.h"
#include "ctl/subcommand.h"
#include "lib/base/file.h"
#include "lib/base/secret.h"
#include "lib/net/addr.h"
#include "lib/tls/certificate.h"
#include "lib/tls/tls.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PIN_TEXT = 72, TOKENS_MOST = 4096 };

struct init_arguments {
    struct strlist names;
    char *listen, *agents, *http;
};

/* What a certificate can be for. */
static int check_name(const char *text, struct error *error) {
    struct endpoint endpoint = {.port = 1};
    struct addr addr;
    snprintf(endpoint.host, sizeof endpoint.host, "%s", text);
    size_t allowed =
        strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_*"); /* names, and IPv4 */
    if (strchr(text, '%'))
        return error_set(error, "\"%.80s\" has an interface; a certificate is for the address alone, \"%.*s\"", text,
                         (int)strcspn(text, "%"), text);
    if (*text && (text[allowed] == '\0' || (!strchr(text, '.') && addr_from_endpoint(&addr, &endpoint))))
        return strlen(text) < sizeof endpoint.host ? 0 : error_set(error, "it is too long");
    return error_set(error,
                     "\"%.80s\" is neither a host's name nor an address; write \"munnel.example\" or "
                     "\"10.0.0.143\", without a port",
                     text);
}

static const struct option_spec specs[] = {
    {"name", OPTION_TEXTS, offsetof(struct init_arguments, names), "null", .check = check_name,
     .wanted = "a name or an address", .flag = "name", .argument = "NAME",
     .help = "a name or address of this server; may be repeated [all of this machine's]"},
    {"listen", OPTION_TEXT, offsetof(struct init_arguments, listen), "null", .check = validate_listen,
     .wanted = "an address like \"0.0.0.0:10001\"", .flag = "listen", .argument = "ADDR:PORT",
     .help = "where agents connect [0.0.0.0:10001]"},
    {"agents", OPTION_TEXT, offsetof(struct init_arguments, agents), "null", .check = agents_file_check,
     .wanted = "a path like \"" PLACES_AGENTS_FILE "\"", .flag = "agents", .argument = "FILE",
     .help = "the agents file, where the server's user may write [agents.json in DIR; if that is " PLACES_READ_ONLY
             ", in the state folder]"},
    {"http", OPTION_TEXT, offsetof(struct init_arguments, http), "null", .check = validate_loopback,
     .wanted = "a loopback address like \"127.0.0.1:10002\"", .flag = "http", .argument = "ADDR:PORT",
     .help = "where the page and the API are over HTTP, with a token [nowhere]"},
};
static const struct option_table table = {specs, sizeof specs / sizeof *specs, sizeof(struct init_arguments)};

static const struct cmdline_spec command = {
    .program = "munnel init",
    .usage = "munnel init makes what a server needs: a CA, its certificate, the first agent's\n"
             "token, munnel.json. What is there already stays as it is.\n\n"
             "usage: munnel init [OPTION]... [DIR]\n"
             "  DIR is made if it is not there; without it, the state folder is taken\n",
    .table = &table,
};

static const struct {
    const char *name, *what;
} files[] = {
    {"ca.pem", "the authority's certificate: every agent gets a copy"},
    {"ca.key", "the authority's key: needed only to sign, better kept elsewhere"},
    {"server.pem", "the server's certificate"},
    {"server.key", "the server's key"},
    {AGENTS_FILE, "the agents that may join: the server changes it"},
    {"agent.token", "the first agent's secret: move it to the agent"},
    {"munnel.json", "the configuration: edit the example service"},
    {PROVISION_TOKENS, "the tokens of those who may manage the server over HTTP"},
    {MANAGED_FOLDER, "services that are added while the server runs; its user has to be able to write there"},
};
enum { AGENTS = 4, CONFIGURATION = 6, TOKENS = 7, FILE_COUNT = sizeof files / sizeof files[0] };

/* NULL: out of memory. */
static char *path_of(const struct provision *setup, int file) {
    return file == AGENTS ? strdup(setup->agents) : file_in(setup->folder, files[file].name);
}

static void find_existing(const struct provision *setup, bool there[FILE_COUNT]) {
    for (int i = 0; i < FILE_COUNT; i++) {
        char *path = path_of(setup, i);
        there[i] = path && file_exists(path);
        free(path);
    }
}

static void report(const struct provision *setup, const bool before[FILE_COUNT]) {
    bool after[FILE_COUNT];
    find_existing(setup, after);
    printf("%s:\n", setup->folder);
    for (int i = 0; i < FILE_COUNT; i++)
        if (after[i] || strcmp(files[i].name, PROVISION_TOKENS) != 0) /* made only if it is asked for */
            printf("  %-7s %-12s %s\n",
                   before[i]  ? "found"
                   : after[i] ? "made"
                              : "absent",
                   i == AGENTS ? agents_file_shown(setup->agents, setup->folder) : files[i].name, files[i].what);
}

static void print_pin(const struct provision *setup) {
    char *certificate = file_in(setup->folder, "server.pem"), pin[PIN_TEXT];
    if (certificate && certificate_read_pin(certificate, pin, NULL) == 0)
        printf("The server's key, for an agent's --pin instead of --ca:\n  %s\n", pin);
    free(certificate);
}

/* The last word of the file that was made just now; on a terminal alone, since output elsewhere is kept. */
static void print_page_with_token(const struct provision *setup, const char *tokens) {
    size_t length;
    char *text = isatty(STDOUT_FILENO) ? file_read_secret(tokens, TOKENS_MOST, &length, NULL) : NULL;
    const char *token = text ? strrchr(text, ' ') : NULL;
    if (token)
        printf("On this machine, with the token:\n  http://%s/#token=%s", setup->http, token + 1);
    if (text)
        secret_wipe(text, length);
    free(text);
}

/* configuration: one that was there before, or NULL. */
static void print_page_of(const struct provision *setup, const char *tokens, const char *configuration,
                          bool had_tokens) {
    if (configuration)
        printf("For the page add to %s, if it is not there:\n"
               "  \"admin\": { \"http\": \"%s\", \"tokens\": \"" PROVISION_TOKENS "\" }\n",
               configuration, setup->http);
    printf("The page, for a browser; its token is the last word of a line in %s:\n  http://%s/\n", tokens, setup->http);
    if (!had_tokens)
        print_page_with_token(setup, tokens);
}

static void print_page(const struct provision *setup, bool had_configuration, bool had_tokens) {
    char *tokens = file_in(setup->folder, PROVISION_TOKENS),
         *configuration = file_in(setup->folder, files[CONFIGURATION].name);
    if (setup->http && tokens && configuration)
        print_page_of(setup, tokens, had_configuration ? configuration : NULL, had_tokens);
    free(configuration);
    free(tokens);
}

/* One that was there before; NULL: there is none that can be used. */
static struct server_config *read_configuration(const char *folder) {
    struct error error = {{0}};
    char *path = file_in(folder, files[CONFIGURATION].name);
    struct server_config *conf = path && file_exists(path) ? server_config_read(path, &error) : NULL;
    free(path);
    return conf;
}

/* malloc'ed; NULL with an error. */
static char *agents_of(const struct init_arguments *arguments, const char *folder, const struct server_config *conf,
                       struct error *error) {
    const char *named = arguments->agents ? arguments->agents : conf ? conf->agents.tokens : NULL;
    return named ? strdup(named) : agents_file_for(folder, error);
}

static int print_next_steps(const struct provision *setup) {
    char *line = provision_agent_line(setup, NULL), *configuration = file_in(setup->folder, files[CONFIGURATION].name);
    if (!line || !configuration) {
        free(configuration);
        free(line);
        return -1;
    }
    printf("\nThe server:\n  munneld --config %s\n", configuration);
    if (provision_first_agent_can_join(setup))
        printf("The agent, here as it stands, elsewhere with copies of ca.pem and agent.token in one folder:\n  %s\n",
               line);
    else
        printf("An agent, with the join code that this prints:\n  munnel agent add --config %s NAME\n", configuration);
    free(configuration);
    free(line);
    print_pin(setup);
    return 0;
}

static int set_up(const struct provision *setup, const struct server_config *conf, struct error *error) {
    bool before[FILE_COUNT], made;
    find_existing(setup, before);
    if (provision_server(setup, &made, error) != 0)
        return -1;
    report(setup, before);
    if (!made)
        printf("\nAll of it was there, and nothing has been changed.\n");
    struct provision found = *setup;
    if (conf && conf->agents.listen.count > 0)
        found.listen = conf->agents.listen.items[0];
    bool is_printed = print_next_steps(&found) == 0;
    print_page(setup, before[CONFIGURATION], before[TOKENS]);
    return is_printed && fflush(stdout) == 0 ? 0 : error_set(error, "standard output cannot be written");
}

static int set_up_in(const char *folder, const struct init_arguments *arguments, struct error *error) {
    struct server_config *conf = read_configuration(folder);
    char *agents = agents_of(arguments, folder, conf, error);
    const struct provision setup = {.folder = folder,
                                    .names = arguments->names,
                                    .listen = arguments->listen,
                                    .agents = agents,
                                    .with_configuration = true,
                                    .http = arguments->http};
    int result = agents ? set_up(&setup, conf, error) : -1;
    free(agents);
    server_config_free(conf);
    return result;
}

int init_run(const char *self, int argc, char **argv) {
    (void)self;
    struct init_arguments arguments = {.listen = NULL};
    struct cmdline line;
    struct error error = {"out of memory"};
    int code = subcommand_read(&line, &command, &arguments, 0, 1, argc, argv);
    if (code < 0) {
        char *folder = line.word_count > 0 ? strdup(line.words[0]) : places_state_folder(&error);
        code = folder && set_up_in(folder, &arguments, &error) == 0 ? 0 : subcommand_fail(&command, &error);
        free(folder);
    }
    cmdline_done(&line);
    option_done(&table, &arguments);
    return code;
}
