/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * startup: what munnel-agent is made of, from its options to its exit code.
 * Runs on: the main thread, which becomes the control thread. Owns: log, rules, identities, loop, resolver, agent.
 * Parts are made in order and taken down in the opposite one; nothing here outlives startup_run.
 */
#include "config.h"

#include "agent/startup.h"

#include "agent/housekeeping.h"
#include "agent/identity/identity.h"
#include "agent/identity/join.h"
#include "conf/option.h"
#include "lib/base/file.h"
#include "lib/event/signals.h"
#include "lib/os/terminal.h"

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LIST_TEXT = 1024 };

_Static_assert((unsigned)CONF_THREADS_MAX <= (unsigned)PLANE_THREADS_MAX,
               "more threads can be asked for than there are");

struct process {
    const struct agent_options *options;
    char name[PROTO_NAME_MAX + 1];
    char who[PROTO_NAME_MAX + 8];
    char *state_folder;
    struct log *log;
    struct acl *rules;
    struct identity_set *identities;
    struct loop *loop;
    struct resolver *resolver;
    struct agent_settings settings;
    struct agent *agent;
    struct housekeeping *housekeeping;
    struct signals *signals;
    bool knows_no_server; /* neither named nor joined: a line that cannot be meant */
};

static int out_of_resources(struct error *error, const char *what) {
    return error_set(error, "not enough memory or descriptors for %s", what);
}

/* ---- making the parts ---- */

static int make_log(struct process *process, struct error *error) {
    const struct config_log *log = &process->options->log;

    process->log = log_new(log->format, log->level, log->to, error);
    return process->log ? 0 : -1;
}

static int find_names(struct process *process, struct error *error) {
    if (process->options->name)
        snprintf(process->name, sizeof process->name, "%s", process->options->name);
    else if (gethostname(process->name, sizeof process->name - 1) != 0 || process->name[0] == '\0')
        snprintf(process->name, sizeof process->name, "agent");
    snprintf(process->who, sizeof process->who, "agent %s", process->name);
    return identity_state_folder(process->options, &process->state_folder, error);
}

static int make_rules(struct process *process, struct error *error) {
    const struct strlist *allow = &process->options->allow;

    process->rules = acl_new();
    if (!process->rules)
        return out_of_resources(error, "rules");
    for (size_t i = 0; i < allow->count; i++)
        if (acl_add(process->rules, allow->items[i], error) != 0)
            return -1;
    return 0;
}

/* --join: the code is stored first, and then read like one that was stored earlier. */
static int take_join_code(const struct process *process, struct known_servers *joined, struct error *error) {
    const struct agent_options *options = process->options;

    if (!options->join)
        return 0;
    if (join_read(joined, options->join, &options->servers, error) != 0)
        return -1;
    return known_servers_write(joined, process->state_folder, error);
}

static int find_identities(struct process *process, const struct known_servers *joined, struct error *error) {
    identity_free(process->identities);
    process->identities = identity_make(process->options, joined, process->state_folder, error);
    return process->identities ? 0 : -1;
}

/* On a terminal: asks for the join code of each server with neither token nor certificate; Enter skips the rest. */
static int ask_for_codes(struct process *process, struct known_servers *joined, struct error *error) {
    const char *address;

    if (!process->state_folder)
        return 0; /* nowhere to keep a code */
    while ((address = identity_unproved(process->identities)) && terminal_is_there()) {
        if (join_ask(joined, address) == JOIN_DECLINED)
            return 0;
        if (known_servers_write(joined, process->state_folder, error) != 0 ||
            find_identities(process, joined, error) != 0)
            return -1;
    }
    return 0;
}

/* Before there is any other thread: a question keeps signals waiting. */
static int make_identities(struct process *process, struct error *error) {
    struct known_servers *joined = known_servers_read(process->state_folder, error);
    int result = -1;

    if (!joined)
        return -1;
    if (take_join_code(process, joined, error) == 0) {
        process->knows_no_server = process->options->servers.count == 0 && known_servers_count(joined) == 0;
        result = find_identities(process, joined, error);
    }
    if (result == 0)
        result = ask_for_codes(process, joined, error);
    known_servers_free(joined);
    return result;
}

static int make_loop(struct process *process, struct error *error) {
    if (loop_check_system(error) != 0)
        return -1;
    process->loop = loop_new("control");
    if (!process->loop)
        return out_of_resources(error, "the control loop");
    process->resolver = resolver_new();
    return process->resolver ? 0 : out_of_resources(error, "the resolver");
}

static int make_agent(struct process *process, struct error *error) {
    const struct agent_options *options = process->options;

    process->settings = (struct agent_settings){.loop = process->loop,
                                                .log = process->log,
                                                .resolver = process->resolver,
                                                .allow = process->rules,
                                                .name = process->name,
                                                .group = options->group ? options->group : "",
                                                .threads = plane_threads(options->threads),
                                                .servers = identity_servers(process->identities),
                                                .server_count = identity_count(process->identities),
                                                .times = AGENT_TIMES};
    process->settings.times.upstream.longest_ms = options->retry_s * 1000;
    process->agent = agent_new(&process->settings, error);
    return process->agent ? 0 : -1;
}

static int make_vitals(struct process *process, struct error *error) {
    process->housekeeping = housekeeping_new(process->loop, process->agent, process->identities, process->log);
    return process->housekeeping ? 0 : out_of_resources(error, "the service manager");
}

static void on_stop(void *context) {
    const struct process *process = context;

    housekeeping_stop(process->housekeeping);
    agent_end(process->agent);
}

static void on_reload(void *context) {
    const struct process *process = context;

    housekeeping_reload(process->housekeeping);
}

static void on_log_live(void *context) {
    const struct process *process = context;

    agent_log_live(process->agent);
}

static int take_signals(struct process *process, struct error *error) {
    static const struct signal_action actions[] = {{SIGTERM, on_stop},
                                                   {SIGINT, on_stop},
                                                   {SIGHUP, on_reload},
                                                   {SIGUSR1, on_log_live}};

    process->signals = signals_new(loop_base(process->loop), actions, sizeof actions / sizeof *actions, process);
    return process->signals ? 0 : out_of_resources(error, "signals");
}

static int make_parts(struct process *process, struct error *error) {
    static int (*const steps[])(struct process * process,
                                struct error * error) = {find_names, make_rules, make_identities, make_log,
                                                         make_loop,  make_agent, make_vitals,     take_signals};

    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++)
        if (steps[i](process, error) != 0)
            return -1;
    return 0;
}

static void take_down(struct process *process) {
    signals_free(process->signals);
    housekeeping_free(process->housekeeping);
    agent_free(process->agent);
    if (process->resolver)
        resolver_free(process->resolver);
    if (process->loop)
        loop_free(process->loop);
    identity_free(process->identities);
    if (process->rules)
        acl_free(process->rules);
    if (process->log)
        log_free(process->log);
    free(process->state_folder);
}

/* ---- serving ---- */

static const char *join_list(const struct strlist *list, char text[LIST_TEXT]) {
    size_t used = 0;

    text[0] = '\0';
    for (size_t i = 0; i < list->count && used < LIST_TEXT; i++)
        used += (size_t)snprintf(text + used, LIST_TEXT - used, "%s%s", i > 0 ? ", " : "", list->items[i]);
    return text;
}

/* How each server is verified, and to which destinations the servers may send this agent. */
static void log_start(const struct process *process) {
    const struct strlist *allow = &process->options->allow;
    char text[LIST_TEXT];

    log_event(process->log, LOG_LEVEL_INFO, process->who, "started",
              LOG_FIELDS(LOG_NUMBER("servers", process->settings.server_count),
                         LOG_NUMBER("threads", process->settings.threads)));
    log_event(process->log, LOG_LEVEL_INFO, process->who, "may be sent to",
              LOG_FIELDS(LOG_TEXT("destinations",
                                  allow->count > 0
                                      ? join_list(allow, text)
                                      : "anywhere the server asks for, except Unix sockets, link-local and metadata "
                                        "addresses")));
    identity_log(process->identities, process->log);
}

static void print_error(const char *why) {
    fprintf(stderr, "munnel-agent: %s\n", why);
}

static int serve(struct process *process) {
    char why[LIST_TEXT] = "";
    enum agent_exit result;

    log_start(process);
    agent_start(process->agent);
    housekeeping_start(process->housekeeping);
    if (loop_run(process->loop) != 0) {
        print_error("the event loop failed");
        return AGENT_EXIT_FAILED;
    }
    result = agent_result(process->agent, why, sizeof why);
    if (why[0] != '\0' && strcmp(process->options->log.to, "stderr") != 0)
        print_error(why); /* the log has it, too, but may be a file that is not watched */
    return result;
}

int startup_run(const struct agent_options *options) {
    struct process process = {.options = options};
    struct error error = {""};
    int result = AGENT_EXIT_FAILED;

    if (make_parts(&process, &error) == 0)
        result = serve(&process);
    else {
        print_error(error.text);
        result = process.knows_no_server ? AGENT_EXIT_USAGE : AGENT_EXIT_FAILED;
    }
    take_down(&process);
    return result;
}
