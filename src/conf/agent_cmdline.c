/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * agent_cmdline: every option of munnel-agent, for its file and its command line alike.
 * Runs on: start. Owns: the options' strings, until agent_options_done().
 */
#include "config.h"

#include "conf/admin_places.h"
#include "conf/agent_cmdline.h"
#include "conf/cmdline.h"
#include "conf/publish_spec.h"
#include "conf/validators.h"
#include "conf/visit_spec.h"
#include "lib/base/file.h"
#include "lib/base/json.h"
#include "lib/base/path.h"
#include "proto/visits.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AT(member) offsetof(struct agent_options, member)

enum { FILE_MAX = 1 << 20, CHECK_S = 15, CHECK_MOST_S = 3600 };

static const char *const log_formats[] = {"auto", "text", "json", NULL};
static const char *const log_levels[] = {"error", "warning", "info", "debug", NULL};

static const struct option_spec agent_specs[] = {
    {"servers", OPTION_TEXTS, AT(servers), "null", .check = validate_server,
     .wanted = "a server like \"example.org:10001\", or a list of them", .help = "the servers to serve"},
    {"group", OPTION_TEXT, AT(group), "null", .check = validate_name, .wanted = "a group's name",
     .help = "the group to serve; null: all that the credential carries"},
    {"name", OPTION_TEXT, AT(name), "null", .check = validate_name, .wanted = "a name like \"web1\"", .flag = "name",
     .argument = "NAME", .help = "what the agent calls itself [host name]"},
    {"ca", OPTION_TEXT, AT(ca), "null", .resolve = option_resolve_path, .wanted = "a PEM file's path", .flag = "ca",
     .argument = "FILE", .help = "who signs the server's certificate [system's]"},
    {"pins", OPTION_TEXTS, AT(pins), "null", .check = validate_pin,
     .wanted = "a pin like \"sha256:HEX\", or a list of them", .flag = "pin", .argument = "sha256:HEX",
     .help = "the server's public key; again for more"},
    {"token_file", OPTION_TEXT, AT(token_file), "null", .resolve = option_resolve_path, .wanted = "a file's path",
     .flag = "token-file", .argument = "FILE", .help = "the token [agent.token beside the CA file]"},
    {"cert", OPTION_TEXT, AT(certificate), "null", .resolve = option_resolve_path, .wanted = "a PEM file's path",
     .flag = "cert", .argument = "FILE", .help = "the agent's own certificate chain ..."},
    {"key", OPTION_TEXT, AT(key), "null", .resolve = option_resolve_path, .wanted = "a PEM file's path", .flag = "key",
     .argument = "FILE", .help = "... and its private key"},
    {"proxy", OPTION_TEXT, AT(proxy), "null", .check = validate_proxy,
     .wanted = "a proxy like \"http://proxy.example.org:3128\", or \"none\"", .flag = "proxy", .argument = "URL",
     .help = "the way to the servers, or none [environment's]"},
    {"proxy_password_file", OPTION_TEXT, AT(proxy_password_file), "null", .resolve = option_resolve_path,
     .wanted = "a file's path", .flag = "proxy-password-file", .argument = "FILE",
     .help = "the password of the proxy's user"},
    {"end_to_end_keys", OPTION_TEXT, AT(end_to_end_keys), "null", .resolve = option_resolve_path,
     .wanted = "a file's path", .flag = "end-to-end-keys", .argument = "FILE",
     .help = "keys of end-to-end services, by munnel key new"},
    {"allow", OPTION_TEXTS, AT(allow), "null", .check = validate_rule,
     .wanted = "a destination like \"localhost:5900\" or \"10.0.0.0/8\", or a list of them", .flag = "allow",
     .argument = "HOST:PORT", .help = "connect nowhere else; again for more"},
    {"publish", OPTION_TEXTS, AT(publish), "null", .check = publish_spec_check,
     .wanted = "a service like \"web=localhost:8080\", or a list of them", .flag = "publish",
     .argument = "NAME=HOST:PORT", .help = "a service of our own; again for more"},
    {"visit", OPTION_TEXTS, AT(visits), "null", .check = visit_spec_check,
     .wanted = "a service and an address like \"vnc=127.0.0.1:5900\", or a list of them", .flag = "visit",
     .argument = "NAME=ADDR:PORT", .help = "open a private service here; again for more"},
    {"retry", OPTION_NUMBER, AT(retry_s), "5", 1, 3600, .flag = "retry", .argument = "SECONDS",
     .help = "the longest pause before a new attempt [5]"},
    {"threads", OPTION_NUMBER, AT(threads), "0", 0, CONF_THREADS_MAX, .flag = "threads", .argument = "N",
     .help = "relay threads [0: one for two cores]"},
    {"admin.socket", OPTION_TEXT, AT(admin_socket), ADMIN_AGENT_QUOTED, .check = validate_socket,
     .resolve = option_resolve_socket, .nullable = true, .wanted = "a path",
     .help = "the socket on which it answers munnel; null or \"\": none"},
    {"log.format", OPTION_CHOICE, AT(log.format), "\"auto\"", .words = log_formats, .flag = "log-format",
     .argument = "auto|text|json", .help = "how log lines look [auto]"},
    {"log.level", OPTION_CHOICE, AT(log.level), "\"info\"", .words = log_levels, .help = "the least that is logged"},
    {"log.to", OPTION_TEXT, AT(log.to), "\"stderr\"", .resolve = option_resolve_log,
     .wanted = "\"stderr\", \"stdout\", \"syslog\", \"journal\" or a path", .help = "where the log goes"},
};

const struct option_table agent_option_table = {agent_specs, sizeof agent_specs / sizeof *agent_specs,
                                                sizeof(struct agent_options)};

static const struct cmdline_flag flags[] = {
    {"config", 0, "FILE", "read FILE, which can say all of this", NULL},
    {"check", 0, NULL, "try each hop to servers and destinations, and exit", NULL},
    {"check-config", 0, NULL, "check the configuration only, and exit", NULL},
    {"json", 0, NULL, NULL, NULL},         /* of --check, as the next; the manual has them: */
    {"timeout", 0, "SECONDS", NULL, NULL}, /* the help has to fit a screen */
    {"join", 0, "FILE|-", "take a join code, in place of SERVER", NULL},
    {"join-only", 0, "FILE|-", "store what a join code holds, and exit", NULL},
    {"share", 0, NULL, NULL, NULL}, /* for munnel share; the manual has it */
    {"verbose", 'v', NULL, "log details too", NULL},
    CMDLINE_REFUSES_SECRETS("put it into a file and write --token-file FILE"),
};

static const struct cmdline_spec munnel_agent = {
    .program = "munnel-agent",
    .usage = "usage: munnel-agent [OPTION]... [SERVER:PORT[,SERVER:PORT...] [GROUP]]",
    .table = &agent_option_table,
    .flags = flags,
    .flag_count = sizeof flags / sizeof *flags,
};

/* Without what is behind its last dot: names of hosts have dots, too. */
static size_t stem_length(const char *name) {
    const char *dot = name ? strrchr(name, '.') : NULL;
    return dot ? (size_t)(dot - name) : name ? strlen(name) : 0;
}

/* An agent's socket is named after its file, as that is after the unit: munnel-agent@web1 reads web1.json. */
static char *default_socket(const char *file) {
    const char *name = file ? path_name(file) : NULL;
    size_t length = stem_length(name), size = sizeof ADMIN_AGENT_PLACE_OF + length;
    char *path = length > 0 ? malloc(size) : strdup(ADMIN_AGENT_PLACE);
    if (path && length > 0)
        snprintf(path, size, ADMIN_AGENT_PLACE_OF, (int)length, name);
    return path;
}

static bool names_socket(const json_t *json) {
    return json_object_get(json_object_get(json, "admin"), "socket");
}

static int set_socket(struct agent_options *options, const char *file, const json_t *json, struct error *error) {
    options->admin_preset = default_socket(file);
    char *socket = options->admin_preset && !names_socket(json) ? strdup(options->admin_preset) : NULL;
    if (!options->admin_preset || (!socket && !names_socket(json)))
        return error_set(error, "out of memory");
    if (socket) {
        free(options->admin_socket);
        options->admin_socket = socket;
    }
    return 0;
}

static int read_file(struct agent_options *options, const char *path, struct error *error) {
    size_t length;
    struct option_place place = {.file = path, .beside = path, .error = error};
    char *text = file_read(path, FILE_MAX, &length, error);
    json_t *json = text ? json_parse_file_text(text, length, path, error) : NULL;
    int failed = json ? option_read(&agent_option_table, options, json, &place) : -1;
    if (!failed)
        failed = set_socket(options, path, json, error);
    json_decref(json);
    free(text);
    return failed;
}

/* "a:1,b:2" takes the place of the file's servers. */
static int set_servers(struct agent_options *options, const char *text, struct error *error) {
    const struct option_spec *spec = option_find(&agent_option_table, "servers");
    char *copy = strdup(text), *rest = copy;
    int failed = copy ? 0 : error_set(error, "out of memory");
    for (bool more = false; !failed && rest; more = true) {
        char *server = rest, *comma = strchr(rest, ',');
        rest = comma ? comma + 1 : NULL;
        if (comma)
            *comma = '\0';
        failed = option_set_text(spec, options, server, more, &(struct option_place){.path = "SERVER", .error = error});
    }
    free(copy);
    return failed;
}

/* SERVER:PORT[,SERVER:PORT...] [GROUP] */
static int set_words(struct agent_options *options, const struct cmdline *line, struct error *error) {
    char *const *words = line->words;
    if (line->word_count > 0 && set_servers(options, words[0], error))
        return -1;
    if (line->word_count < 2)
        return 0;
    if (strchr(words[1], ':'))
        return error_set(error, "\"%s\" is no group; write several servers as one argument, with commas: %s,%s",
                         words[1], words[0], words[1]);
    if (line->word_count > 2)
        return error_set(error,
                         "\"%s\" is one argument too many; write munnel-agent SERVER:PORT[,SERVER:PORT...] [GROUP]",
                         words[2]);
    return option_set_text(option_find(&agent_option_table, "group"), options, words[1], false,
                           &(struct option_place){.path = "GROUP", .error = error});
}

static int check_publish(const struct agent_options *options, bool is_by_flag, struct error *error) {
    struct error wrong;
    if (publish_spec_check_list(&options->publish, &wrong) == 0)
        return 0;
    return is_by_flag ? error_set(error, "--publish: %s", wrong.text)
                      : error_set(error, "%s: publish: %s", options->file, wrong.text);
}

static int check_whole(const struct agent_options *options, struct error *error) {
    if (visit_spec_check_list(&options->visits, error))
        return -1;
    bool lacks_key = options->certificate && !options->key;
    if (!options->certificate == !options->key)
        return 0;
    const char *reason =
        lacks_key ? "a certificate proves nothing without its key" : "a key is of no use without its certificate";
    if (lacks_key ? options->by_flag.certificate : options->by_flag.key)
        return error_set(error, "--%s: %s; name that with --%s FILE", lacks_key ? "cert" : "key", reason,
                         lacks_key ? "key" : "cert");
    return error_set(error, "%s: %s: %s; write \"%s\" too", options->file, lacks_key ? "cert" : "key", reason,
                     lacks_key ? "key" : "cert");
}

static int take_join(struct agent_options *options, const struct cmdline *line, struct error *error) {
    const char *join = cmdline_value(line, "join"), *join_only = cmdline_value(line, "join-only");
    if (join && join_only)
        return error_set(error, "--join serves the servers of the code, --join-only ends; write one of them");
    if (join_only && options->check)
        return error_set(error, "--check keeps nothing, --join-only does; write --check --join %s", join_only);
    options->join_only = join_only;
    if (join_only)
        join = join_only;
    if (join && !(options->join = strdup(join)))
        return error_set(error, "out of memory");
    return 0;
}

static int take_check(struct agent_options *options, const struct cmdline *line, struct error *error) {
    const char *timeout = cmdline_value(line, "timeout");
    bool is_full = cmdline_has(line, "check");
    options->check_config = cmdline_has(line, "check-config") && !is_full;
    options->check = is_full || options->check_config;
    options->is_json = cmdline_has(line, "json");
    options->check_s = CHECK_S;
    if (((options->is_json && !options->is_share) || timeout) && !is_full)
        return error_set(error, "--%s is for --check", options->is_json ? "json" : "timeout");
    if (!timeout)
        return 0;
    char *end;
    unsigned long seconds = strtoul(timeout, &end, 10);
    if (timeout[0] < '0' || timeout[0] > '9' || *end || seconds < 1 || seconds > CHECK_MOST_S)
        return error_set(error, "--timeout: \"%s\" is not right here; write a whole number from 1 to %d", timeout,
                         CHECK_MOST_S);
    options->check_s = (unsigned)seconds;
    return 0;
}

/* It serves nothing but what it publishes, and is no agent of this machine: no socket, and no log but of what fails. */
static int take_share(struct agent_options *options, const struct cmdline *line, struct error *error) {
    options->is_share = cmdline_has(line, "share");
    if (!options->is_share)
        return 0;
    if (!options->publish.count || cmdline_has(line, "check") || cmdline_has(line, "check-config"))
        return error_set(error, "--share is for --publish; write munnel share PORT");
    free(options->admin_socket);
    options->admin_socket = NULL;
    strlist_done(&options->visits); /* the agent of this machine opens them */
    if (!cmdline_has(line, "verbose"))
        options->log.level = LOG_LEVEL_WARNING;
    return 0;
}

static int note_places(struct agent_options *options, const struct cmdline *line, const char *file,
                       struct error *error) {
    options->by_flag.ca = cmdline_has(line, "ca");
    options->by_flag.token_file = cmdline_has(line, "token-file");
    options->by_flag.certificate = cmdline_has(line, "cert");
    options->by_flag.key = cmdline_has(line, "key");
    options->by_flag.proxy = cmdline_has(line, "proxy");
    options->by_flag.proxy_password_file = cmdline_has(line, "proxy-password-file");
    if (file && !(options->file = strdup(file)))
        return error_set(error, "out of memory");
    return 0;
}

static int read_line(struct agent_options *options, const struct cmdline *line, const char *file, struct error *error) {
    if (option_defaults(&agent_option_table, options, &(struct option_place){.error = error}))
        return -1;
    if (file ? read_file(options, file, error) : set_socket(options, NULL, NULL, error))
        return -1;
    if (cmdline_apply(line, options, error) || set_words(options, line, error))
        return -1;
    if (cmdline_has(line, "verbose"))
        options->log.level = LOG_LEVEL_DEBUG;
    return take_share(options, line, error) || take_check(options, line, error) ||
                   note_places(options, line, file, error) || take_join(options, line, error) ||
                   check_whole(options, error) || check_publish(options, cmdline_has(line, "publish"), error)
               ? -1
               : 0;
}

int agent_options_read(struct agent_options *options, int argc, char **argv) {
    struct cmdline line;
    struct error error;
    *options = (struct agent_options){0};
    int code = cmdline_read(&line, &munnel_agent, argc, argv);
    if (code >= 0)
        return code;
    const char *file = cmdline_value(&line, "config");
    if (read_line(options, &line, file, &error)) {
        code = cmdline_complain(&munnel_agent, file, error.text);
        agent_options_done(options);
    }
    cmdline_done(&line);
    return code;
}

void agent_options_done(struct agent_options *options) {
    option_done(&agent_option_table, options);
    free(options->file);
    free(options->join);
    free(options->admin_preset);
    options->file = options->join = options->admin_preset = NULL;
}
