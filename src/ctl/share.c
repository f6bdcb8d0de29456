/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * share: "munnel share": a port of this machine under an address of the server, for as long as the command runs. The
 * agent that runs here publishes it; where there is none, this process becomes one that does nothing else.
 * Runs on: the tool's only thread. Owns: nothing.
 */
#include "config.h"

#include "ctl/share.h"

#include "conf/cmdline.h"
#include "conf/publish_spec.h"
#include "conf/validators.h"
#include "ctl/admin_command.h"
#include "ctl/commands.h"
#include "ctl/program_start.h"
#include "ctl/subcommand.h"
#include "lib/base/file.h"
#include "lib/base/path.h"
#include "lib/os/host_name.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct share_arguments {
    struct admin_place place;
    char *name, *host, *config;
    unsigned port;
};

#define AT(member) offsetof(struct share_arguments, member)
static const struct option_spec specs[] = {
    {"name", OPTION_TEXT, AT(name), "null", .check = validate_name, .wanted = "a name like \"web\"", .flag = "name",
     .argument = "NAME", .help = "of the service [this machine's name, and the port]"},
    {"host", OPTION_TEXT, AT(host), "null", .wanted = "a host's name", .flag = "host", .argument = "NAME",
     .help = "by which it is to be reached [as the server chooses]"},
    {"port", OPTION_NUMBER, AT(port), "0", 0, UINT16_MAX, .flag = "port", .argument = "PORT",
     .help = "of the server, where it is to be reached [likewise]"},
    {"config", OPTION_TEXT, AT(config), "null", .wanted = "a file's path", .flag = "config", .argument = "FILE",
     .help = "be an agent of one's own, with this file of munnel-agent"},
    ADMIN_PLACE_SPECS(struct share_arguments, place),
};
static const struct option_table table = {specs, sizeof specs / sizeof *specs, sizeof(struct share_arguments)};
static const struct cmdline_flag flags[] = {{"json", 0, NULL, "a line of JSON for each change", NULL},
                                            {"verbose", 'v', NULL, "of an agent of one's own: log details", NULL}};
static const struct cmdline_spec spec = {
    .program = "munnel share",
    .usage = "munnel share lets a port of this machine be reached by an address of the server,\n"
             "which it prints, until Ctrl-C. The agent that runs here publishes it; without\n"
             "one it is an agent itself, of the servers that were joined.\n\n"
             "usage: munnel share [OPTION]... TARGET\n"
             "  TARGET is PORT, HOST:PORT or the path of a Unix socket; of TCP: UDP is not shared\n",
    .table = &table,
    .flags = flags,
    .flag_count = sizeof flags / sizeof *flags};

/* ---- what is shared ---- */

static bool is_number(const char *text) {
    return *text && strspn(text, "0123456789") == strlen(text);
}

static bool is_path(const char *text) {
    return *text == '.' || path_is_absolute(text) || (strchr(text, '/') && strncmp(text, "unix:", 5) != 0);
}

static bool is_udp(const char *text) {
    const char *slash = strrchr(text, '/');

    return slash && (strcmp(slash, "/udp") == 0 || strcmp(slash, "/UDP") == 0);
}

/* "8080", "localhost:8080" or "./socket" as a destination; malloc'ed. NULL with error. */
static char *read_target(const char *text, struct error *error) {
    char *real = is_path(text) ? file_real_path(text) : NULL;
    const char *before = is_number(text) ? "localhost:" : real ? "unix:" : "";
    size_t size = strlen(before) + strlen(real ? real : text) + 1;
    char *to = is_path(text) && !real ? NULL : malloc(size);

    if (to)
        snprintf(to, size, "%s%s", before, real ? real : text);
    else if (is_udp(text))
        error_set(error, "%.200s: UDP cannot be shared; an administrator of the server can add a service of UDP", text);
    else
        error_set(error, "%.200s: there is no such socket", text);
    free(real);
    if (to && publish_spec_check_to(to, error) == 0)
        return to;
    free(to);
    return NULL;
}

void share_make_name(char name[SHARE_NAME], const char *host, const char *to) {
    const char *slash = strrchr(to, '/'), *colon = strrchr(to, ':');
    const char *end = slash ? slash + 1 : colon ? colon + 1 : to;
    int host_length = (int)strcspn(host, ".");

    if (host_length > SHARE_NAME / 2)
        host_length = SHARE_NAME / 2;
    snprintf(name, SHARE_NAME, "%.*s%s%.*s", host_length, host, host_length ? "-" : "", SHARE_NAME / 2 - 2, end);
    for (char *at = name; *at; at++)
        if (!strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-", *at))
            *at = '-';
}

static int make_share(struct share *share, const struct share_arguments *given, const char *target,
                      struct error *error) {
    char host[HOST_NAME_SIZE];

    share->to = read_target(target, error);
    share->host = given->host;
    share->port = given->port;
    if (!share->to || publish_spec_check_wishes(given->host ? given->host : "", given->port, error) != 0)
        return -1;
    host_name(host, sizeof host);
    share_make_name(share->name, host, share->to);
    if (given->name)
        snprintf(share->name, sizeof share->name, "%s", given->name);
    return 0;
}

/* ---- an agent of one's own ---- */

static char *format_publish(const struct share *share) {
    size_t size = sizeof share->name + strlen(share->to) + (share->host ? strlen(share->host) : 0) + 32;
    char *text = malloc(size);
    int length = text ? snprintf(text, size, "%s=%s", share->name, share->to) : 0;

    if (text && share->host)
        length += snprintf(text + length, size - (size_t)length, ",host=%s", share->host);
    if (text && share->port)
        snprintf(text + length, size - (size_t)length, ",port=%u", share->port);
    return text;
}

static int become_agent(const char *self, const struct share *share, const struct share_arguments *given,
                        bool is_verbose, struct error *error) {
    char program[] = "munnel-agent", share_flag[] = "--share", publish_flag[] = "--publish", config_flag[] = "--config",
         json_flag[] = "--json", verbose_flag[] = "--verbose";
    char *publish = format_publish(share), *argv[9] = {program, share_flag, publish_flag, publish};
    int count = 4;

    if (!publish)
        return error_set(error, "out of memory");
    if (given->config) {
        argv[count++] = config_flag;
        argv[count++] = given->config;
    }
    if (share->is_json)
        argv[count++] = json_flag;
    if (is_verbose)
        argv[count++] = verbose_flag;
    int code = program_become(self, program, argv);
    free(publish);
    return code;
}

/* ---- all of it ---- */

/* Where none was named there may be none. */
static int share_anyhow(const char *self, const struct cmdline *line, const struct share *share,
                        const struct share_arguments *given, struct error *error) {
    int code = given->config ? SHARE_NO_AGENT : share_by_agent(share, &given->place, error);

    if (code != SHARE_NO_AGENT)
        return code;
    if (!given->config && admin_chosen_socket(&given->place))
        return -1;
    if (*error->text)
        fprintf(stderr, "munnel share: the agent that runs here cannot be asked: %s\n", error->text);
    return become_agent(self, share, given, cmdline_has(line, "verbose"), error);
}

static int run(const char *self, const struct cmdline *line, const struct share_arguments *given, struct error *error) {
    struct share share = {.is_json = cmdline_has(line, "json")};
    int code = SUBCOMMAND_USAGE;

    if (make_share(&share, given, line->words[0], error) == 0)
        code = share_anyhow(self, line, &share, given, error);
    else
        (void)subcommand_fail(&spec, error);
    free((char *)share.to);
    return code;
}

int share_run(const char *self, int argc, char **argv) {
    struct cmdline line;
    struct share_arguments given = {.port = 0};
    struct error error = {{0}};
    int code = subcommand_read(&line, &spec, &given, 1, 1, argc, argv);

    if (code < 0)
        code = run(self, &line, &given, &error);
    if (code < 0)
        code = subcommand_fail(&spec, &error);
    cmdline_done(&line);
    option_done(&table, &given);
    return code;
}
