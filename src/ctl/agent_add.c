/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * agent_add: "munnel agent add" and "munnel agent rotate": a token and its join code, or a certificate, for a new agent
 * or a known one.
 * Runs on: the tool's only thread. Owns: nothing.
 */
#include "config.h"

#include "conf/credential_issue.h"
#include "conf/provision.h"
#include "conf/publish_permit.h"
#include "conf/validators.h"
#include "ctl/agent_certificate.h"
#include "ctl/agent_store.h"
#include "ctl/commands.h"
#include "ctl/subcommand.h"
#include "proto/host_name.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

struct add_arguments {
    struct agent_place place;
    struct strlist groups, servers;
    struct publish_permit publish;
    char *expires, *keep, *token_file;
    char *folder, *ca_key, *certificate_name; /* --certificate, --ca-key, --certificate-name */
    bool drops_old;
};

/* ---- the command lines ---- */

static int check_date(const char *text, struct error *error) {
    time_t moment;
    return credential_parse_end(&moment, text, error);
}

#define AT(member) offsetof(struct add_arguments, member)
#define SERVER_SPEC                                                                                                    \
    {                                                                                                                  \
        "server", OPTION_TEXTS, AT(servers), "null",                                                                   \
            .check = validate_server, .wanted = "an address like \"host:10001\"", .flag = "server",                    \
            .argument = "HOST:PORT", .help = "where the agent finds the server; may be repeated, for several servers"  \
    }

#define CERTIFICATE_SPECS                                                                                              \
    {"certificate",        OPTION_TEXT,                                                                                \
     AT(folder),           "null",                                                                                     \
     .wanted = "a folder", .flag = "certificate",                                                                      \
     .argument = "DIR",    .help = "sign a certificate for it and put it into DIR"},                                   \
    {                                                                                                                  \
        "ca_key", OPTION_TEXT, AT(ca_key), "null", .wanted = "a PEM file's path", .flag = "ca-key",                    \
                                                   .argument = "FILE",                                                 \
                                                   .help = "the key to sign with [ca.key beside the CA]"               \
    }

static const struct option_spec add_specs[] = {
    {"group", OPTION_TEXTS, AT(groups), "null", .check = validate_name, .wanted = "a group's name", .flag = "group",
     .argument = "GROUP", .help = "a group that it may serve; may be repeated [every one]"},
    {"expires", OPTION_TEXT, AT(expires), "null", .check = check_date, .wanted = "a span or a date", .flag = "expires",
     .argument = "90d", .help = "how long it may join, or until which date [for ever]"},
    {"publish_ports", OPTION_TEXTS, AT(publish.ports), "null", .check = publish_ports_check,
     .wanted = "ports like \"20000-20099\"", .flag = "publish-ports", .argument = "PORTS",
     .help = "ports for services of its own, like 20000-20099"},
    {"publish_hosts", OPTION_TEXTS, AT(publish.hosts), "null", .check = host_name_check,
     .wanted = "a name like \"*.dev.example.org\"", .flag = "publish-hosts", .argument = "HOST",
     .help = "hosts for them, like *.dev.example.org"},
    CERTIFICATE_SPECS,
    {"certificate_name", OPTION_TEXT, AT(certificate_name), "null", .check = certificate_check_name,
     .wanted = "a certificate's name", .flag = "certificate-name", .argument = "NAME",
     .help = "accept the certificate it already has: DNS name, URI, common name or sha256:HEX"},
    SERVER_SPEC,
    AGENT_PLACE_SPECS(struct add_arguments, place),
};
static const struct option_table add_table = {add_specs, sizeof add_specs / sizeof *add_specs,
                                              sizeof(struct add_arguments)};
static const struct cmdline_spec add_command = {
    .program = "munnel agent add",
    .usage = "munnel agent add lets an agent in and prints its join code, all that the agent\n"
             "must be told; with --certificate or --certificate-name it is let in by its\n"
             "certificate, and by a token only where the server requires both.\n\n"
             "usage: munnel agent add [OPTION]... NAME\n",
    .table = &add_table,
};

static const struct option_spec rotate_specs[] = {
    {"keep", OPTION_TEXT, AT(keep), "\"7d\"", .check = check_date, .wanted = "a span or a date", .flag = "keep",
     .argument = "7d", .help = "how long the old token stays valid [7d]"},
    {"token_file", OPTION_TEXT, AT(token_file), "null", .wanted = "a file's path", .flag = "token-file",
     .argument = "FILE", .help = "write the token to FILE, over what is there, and print no join code"},
    CERTIFICATE_SPECS,
    SERVER_SPEC,
    AGENT_PLACE_SPECS(struct add_arguments, place),
};
static const struct option_table rotate_table = {rotate_specs, sizeof rotate_specs / sizeof *rotate_specs,
                                                 sizeof(struct add_arguments)};
static const char drop_old[] = "drop-old";
static const struct cmdline_flag rotate_flags[] = {
    {drop_old, 0, NULL, "with --certificate: end those before the newest, which the agent uses by now", NULL}};
static const struct cmdline_spec rotate_command = {
    .program = "munnel agent rotate",
    .usage = "munnel agent rotate gives an agent a new token and prints its join code; the\n"
             "old one stays valid for --keep, and what earlier rotations kept until its own\n"
             "end. With --certificate it gets a new certificate instead, and the old one\n"
             "stays valid until the next rotation with --drop-old.\n\n"
             "usage: munnel agent rotate [OPTION]... NAME\n",
    .table = &rotate_table,
    .flags = rotate_flags,
    .flag_count = sizeof rotate_flags / sizeof *rotate_flags,
};

/* ---- tokens ---- */

/* Read from the code itself: a wrong guess is to be seen here, and not only by the agent. */
static void print_servers(const char *text) {
    struct join_code code;
    if (join_code_parse(&code, text, NULL) != 0)
        return;
    fprintf(stderr, "It tells the agent to find the server at ");
    for (size_t i = 0; i < code.server_count; i++)
        fprintf(stderr, "%s%s", i ? ", " : "", code.servers[i]);
    fprintf(stderr, " (--server changes that)\n");
    join_code_wipe(&code);
}

static int print_code(const char *code, const struct credential *credential) {
    fprintf(stderr,
            "The join code of %s; it holds the agent's secret. On the agent's machine:\n"
            "  munnel-agent --join -\n"
            "or, for the agent that systemd runs there:\n"
            "  STATE_DIRECTORY=/var/lib/munnel-agent munnel-agent --join-only -\n"
            "or, as a service of Windows:\n"
            "  munnel service install munnel-agent --join -\n"
            "and paste the line that is printed alone.\n",
            credential->name);
    print_servers(code);
    return printf("%s\n", code) > 0 && fflush(stdout) == 0 ? 0 : -1;
}

/* After the agents file is saved: before, an agent that reads the file again would prove a token that is not known. */
static int write_token_file(const char *path, const struct auth_token *token, struct error *error) {
    struct error detail = {{0}};
    if (provision_write_token(path, token, &detail) != 0)
        return error_set(error, "%s; the agent keeps its old token until then: run munnel agent rotate %s again",
                         detail.text, token->name);
    printf("the new token of %s is in %s, which is a secret: put it in place of the agent's agent.token\n", token->name,
           path);
    return fflush(stdout) == 0 ? 0 : error_set(error, "%s is written, but standard output cannot be", path);
}

/*
 * Gives `credential` (its name, groups and dates are set) a new key in front of those it has, saves the file and prints
 * the join code on stdout, alone, so that it can be piped; explanations go to stderr. Nothing is saved that cannot be
 * handed out. The token exists only here and in the code, or in the file that takes its place; the agents file keeps
 * its key.
 */
static int hand_out(struct agent_store *store, struct credential *credential, const struct add_arguments *arguments,
                    struct error *error) {
    struct auth_token token;
    char code[JOIN_CODE_TEXT] = "";
    int result = credential_add_token(credential, &token, error);
    if (result == 0 && !arguments->token_file)
        result = agent_store_join_code(store, &arguments->servers, &token, code, error);
    if (result == 0)
        result = credentials_put(store->credentials, credential, error);
    if (result == 0)
        result = agent_store_save(store, error);
    if (result == 0 && arguments->token_file)
        result = write_token_file(arguments->token_file, &token, error);
    else if (result == 0 && print_code(code, credential) != 0)
        result = error_set(error, "the join code could not be printed; munnel agent rotate %s makes another",
                           credential->name);
    secret_wipe(&token, sizeof token);
    secret_wipe(code, sizeof code);
    return result;
}

/* What would be ignored was meant for something. `has_code`: a join code will be printed. */
static int check_use(const struct add_arguments *arguments, bool has_code, struct error *error) {
    if (arguments->folder && arguments->token_file)
        return error_set(error, "--certificate makes no token for --token-file; leave one of them out");
    if (arguments->servers.count > 0 && !has_code)
        return error_set(error, "--server goes into a join code, and none is made here; leave it out, and start the "
                                "agent with the server's address");
    if (arguments->ca_key && !arguments->folder)
        return error_set(error, "--ca-key signs a certificate; name a folder for that with --certificate, or leave "
                                "--ca-key out");
    if (arguments->drops_old && !arguments->folder)
        return error_set(error,
                         "--drop-old is for certificates, and tokens end by their dates; name a folder for a new "
                         "certificate with --certificate, or leave --drop-old out");
    return 0;
}

/* ---- add ---- */

static int save(struct agent_store *store, const struct credential *credential, struct error *error) {
    return credentials_put(store->credentials, credential, error) == 0 ? agent_store_save(store, error) : -1;
}

static bool needs_token(const struct agent_store *store, const struct add_arguments *arguments) {
    return (!arguments->folder && !arguments->certificate_name) || store->asks_both;
}

static int add_made(struct agent_store *store, struct credential *made, const struct add_arguments *arguments,
                    struct error *error) {
    bool has_token = needs_token(store, arguments);
    int result = has_token ? hand_out(store, made, arguments, error) : save(store, made, error);
    if (result == 0 && arguments->folder)
        agent_certificate_explain(store, arguments->folder, has_token);
    else if (result == 0 && !has_token)
        printf("%s may join by its certificate\n", made->name);
    return result;
}

/* No error, since services come and go; but an agent of a mistyped group waits for ever. Without any service in the
 * configuration they are on munneld's command line, which cannot be read here. */
static void warn_of_unknown_groups(const struct agent_store *store, const struct strlist *groups) {
    for (size_t i = 0; store->knows_services && i < groups->count; i++) {
        if (strlist_has(&store->groups, groups->items[i]) || strlist_has(&store->groups, "*"))
            continue;
        fprintf(stderr, "%s: warning: no service has the group %s; ", add_command.program, groups->items[i]);
        for (size_t j = 0; j < store->groups.count; j++)
            fprintf(stderr, "%s%s", j ? ", " : "groups of services: ", store->groups.items[j]);
        fprintf(stderr, "%s\n", store->groups.count ? "" : "no service has a group");
    }
}

static int add(struct agent_store *store, const char *name, const struct add_arguments *arguments,
               struct error *error) {
    char star[] = "*", *every[] = {star}, pin[AGENT_PIN_TEXT], *certificates[2];
    struct credential made = {.name = (char *)name,
                              .groups = {every, 1},
                              .certificates = {certificates, 0},
                              .publish = arguments->publish};
    if (credentials_find(store->credentials, name))
        return error_set(error,
                         "agent %s exists already; \"munnel agent rotate %s\" gives it a new token, \"munnel agent "
                         "revoke %s\" removes it",
                         name, name, name);
    if (check_use(arguments, needs_token(store, arguments), error) != 0)
        return -1;
    if (arguments->groups.count > 0)
        made.groups = arguments->groups;
    if (arguments->expires && credential_parse_end(&made.expires, arguments->expires, error) != 0)
        return -1;
    if (arguments->certificate_name)
        certificates[made.certificates.count++] = arguments->certificate_name;
    if (arguments->folder) {
        if (agent_certificate_make(store, name, arguments->folder, arguments->ca_key, pin, error) != 0)
            return -1;
        certificates[made.certificates.count++] = pin;
    }
    int result = add_made(store, &made, arguments, error);
    if (result == 0)
        if (publish_permit_is_empty(&arguments->publish)) /* else it need not serve anything */
            warn_of_unknown_groups(store, &arguments->groups);
    secret_wipe(&made, sizeof made);
    return result;
}

/* ---- rotate ---- */

static int rotate_token(struct agent_store *store, struct credential *changed, const struct add_arguments *arguments,
                        struct error *error) {
    if (changed->key_count == 0)
        return error_set(error, "%s joins by its certificate; name a folder for a new one with --certificate",
                         changed->name);
    time_t until;
    if (credential_parse_end(&until, arguments->keep, error) != 0 ||
        credential_make_room(changed, until, store->path, error) != 0 ||
        hand_out(store, changed, arguments, error) != 0)
        return -1;
    if (!arguments->token_file)
        fprintf(stderr, "Where agent.token lies beside the agent's --ca, it goes before the code: remove it there, or "
                        "make a new one with --token-file\n");
    return 0;
}

/* Only the agent knows by which of two it joins: that one must not be dropped for a third. */
static int refuse_certificate(const struct agent_store *store, const struct credential *credential,
                              struct error *error) {
    return error_set(error,
                     "%s may join by %zu certificates, and with one more the oldest would be dropped, which it perhaps "
                     "uses; once it uses the newest, give --drop-old too, or remove the others from %s",
                     credential->name, credential->certificates.count, store->path);
}

static int rotate_certificate(struct agent_store *store, struct credential *changed,
                              const struct add_arguments *arguments, struct error *error) {
    char pin[AGENT_PIN_TEXT], *both[2] = {pin};
    if (changed->certificates.count > 1 && !arguments->drops_old)
        return refuse_certificate(store, changed, error);
    if (agent_certificate_make(store, changed->name, arguments->folder, arguments->ca_key, pin, error) != 0)
        return -1;
    struct strlist before = changed->certificates;
    if (before.count > 0)
        both[1] = before.items[0];
    changed->certificates = (struct strlist){both, before.count > 0 ? 2 : 1};
    int result = save(store, changed, error);
    changed->certificates = before;
    if (result == 0)
        agent_certificate_explain(store, arguments->folder, false);
    return result;
}

/* On a copy: put() frees what it replaces. */
static int rotate(struct agent_store *store, const char *name, const struct add_arguments *arguments,
                  struct error *error) {
    const struct credential *found = agent_store_find(store, name, error);
    if (!found || check_use(arguments, !arguments->folder && !arguments->token_file, error) != 0)
        return -1;
    struct credential changed;
    if (credential_copy(&changed, found, error) != 0)
        return -1;
    int result = (arguments->folder ? rotate_certificate : rotate_token)(store, &changed, arguments, error);
    credential_done(&changed);
    return result;
}

/* ---- both ---- */

typedef int (*change)(struct agent_store *store, const char *name, const struct add_arguments *arguments,
                      struct error *error);

static int run(const struct cmdline_spec *command, change what, int argc, char **argv) {
    struct add_arguments arguments = {.expires = NULL};
    struct agent_store store = AGENT_STORE_NONE;
    struct cmdline line;
    struct error error = {{0}};
    int code = subcommand_read(&line, command, &arguments, 1, 1, argc, argv);
    arguments.drops_old = code < 0 && cmdline_has(&line, drop_old);
    if (code < 0 && validate_name(line.words[0], &error) != 0)
        code = cmdline_complain(command, NULL, error.text);
    if (code < 0)
        code = agent_store_open(&store, &arguments.place, AGENT_STORE_CHANGE, &error) == 0 &&
                       what(&store, line.words[0], &arguments, &error) == 0
                   ? 0
                   : subcommand_fail(command, &error);
    agent_store_close(&store);
    cmdline_done(&line);
    option_done(command->table, &arguments);
    return code;
}

int agent_add_run(const char *self, int argc, char **argv) {
    (void)self;
    return run(&add_command, add, argc, argv);
}

int agent_rotate_run(const char *self, int argc, char **argv) {
    (void)self;
    return run(&rotate_command, rotate, argc, argv);
}
