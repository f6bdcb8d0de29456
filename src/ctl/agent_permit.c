/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * agent_permit: "munnel agent permit": by which ports and hosts a known agent may publish services of its own. The
 * server watches the file: what the permit has no longer ends within a second.
 * Runs on: the tool's only thread. Owns: nothing.
 */
#include "config.h"

#include "conf/publish_permit.h"
#include "ctl/agent_store.h"
#include "ctl/commands.h"
#include "ctl/subcommand.h"
#include "proto/host_name.h"

#include <stdio.h>

struct permit_arguments {
    struct agent_place place;
    struct publish_permit publish;
};

#define AT(member) offsetof(struct permit_arguments, member)

static const struct option_spec specs[] = {
    {"publish_ports", OPTION_TEXTS, AT(publish.ports), "null", .check = publish_ports_check,
     .wanted = "ports like \"20000-20099\"", .flag = "publish-ports", .argument = "PORTS",
     .help = "ports for services of its own, like 20000-20099"},
    {"publish_hosts", OPTION_TEXTS, AT(publish.hosts), "null", .check = host_name_check,
     .wanted = "a name like \"*.dev.example.org\"", .flag = "publish-hosts", .argument = "HOST",
     .help = "hosts for them, like *.dev.example.org"},
    AGENT_PLACE_SPECS(struct permit_arguments, place),
};
static const struct option_table table = {specs, sizeof specs / sizeof *specs, sizeof(struct permit_arguments)};
static const char none[] = "none";
static const struct cmdline_flag flags[] = {{none, 0, NULL, "it may publish nothing", NULL}};
static const struct cmdline_spec command = {
    .program = "munnel agent permit",
    .usage = "munnel agent permit says by which ports and hosts an agent may publish services\n"
             "of its own, instead of those that it had. What it loses ends within a second.\n\n"
             "usage: munnel agent permit [OPTION]... NAME\n",
    .table = &table,
    .flags = flags,
    .flag_count = sizeof flags / sizeof *flags,
};

static int check_use(const struct permit_arguments *arguments, bool has_none, struct error *error) {
    bool is_empty = publish_permit_is_empty(&arguments->publish);

    if (has_none && !is_empty)
        return error_set(error, "--none permits nothing; leave it or the ports and hosts out");
    return has_none || !is_empty
               ? 0
               : error_set(error, "name what it may have, by --publish-ports or --publish-hosts, or write --none");
}

static void print_texts(const struct strlist *texts, const char *separator) {
    for (size_t i = 0; i < texts->count; i++)
        printf("%s%s", i ? ", " : separator, texts->items[i]);
}

static void print_permit(const char *name, const struct publish_permit *publish) {
    printf("%s may publish %s", name, publish_permit_is_empty(publish) ? "nothing" : "by ");
    print_texts(&publish->ports, "");
    print_texts(&publish->hosts, publish->ports.count ? ", " : "");
    printf("\n");
}

/* On a copy: put() frees what it replaces. */
static int permit(struct agent_store *store, const char *name, const struct permit_arguments *arguments,
                  struct error *error) {
    const struct credential *found = agent_store_find(store, name, error);
    struct credential changed;

    if (!found || credential_copy(&changed, found, error))
        return -1;
    publish_permit_done(&changed.publish);
    int result = publish_permit_copy(&changed.publish, &arguments->publish) ? error_set(error, "out of memory") : 0;
    if (!result)
        result = credentials_put(store->credentials, &changed, error);
    if (!result)
        result = agent_store_save(store, error);
    credential_done(&changed);
    if (result)
        return -1;
    print_permit(name, &arguments->publish);
    return fflush(stdout) == 0 ? 0 : error_set(error, "the permit is changed, but standard output cannot be written");
}

int agent_permit_run(const char *self, int argc, char **argv) {
    struct permit_arguments arguments = {.place = {NULL, NULL}};
    struct agent_store store = AGENT_STORE_NONE;
    struct cmdline line;
    struct error error = {{0}};

    (void)self;
    int code = subcommand_read(&line, &command, &arguments, 1, 1, argc, argv);
    if (code < 0 && check_use(&arguments, cmdline_has(&line, none), &error))
        code = cmdline_complain(&command, NULL, error.text);
    if (code < 0)
        code = agent_store_open(&store, &arguments.place, AGENT_STORE_CHANGE, &error) == 0 &&
                       permit(&store, line.words[0], &arguments, &error) == 0
                   ? 0
                   : subcommand_fail(&command, &error);
    agent_store_close(&store);
    cmdline_done(&line);
    option_done(&table, &arguments);
    return code;
}
