/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * startup: see startup.h. Owns: log, rules, identities, loop, resolver, recent events, agent, administration.
 * Parts are made in order and taken down in the opposite one; nothing here outlives startup_run.
 */
#include "config.h"

#include "agent/startup.h"

#include "admin/recent_events.h"
#include "agent/admin/agent_admin.h"
#include "agent/housekeeping.h"
#include "agent/identity/identity.h"
#include "agent/identity/join.h"
#include "agent/identity/service_keys.h"
#include "agent/publish_output.h"
#include "conf/option.h"
#include "conf/publish_spec.h"
#include "lib/base/file.h"
#include "lib/event/signals.h"
#include "lib/os/terminal.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { LIST_TEXT = 1024 };

_Static_assert((unsigned)CONF_THREADS_MAX <= (unsigned)PLANE_THREADS_MAX, "--threads may exceed what the plane has");

struct startup {
    const struct agent_options *options;
    char name[PROTO_NAME_MAX + 1];
    char who[PROTO_NAME_MAX + 8];
    char *state_folder;
    struct log *log;
    struct acl *rules;
    struct service_keys *keys;
    struct identity_set *identities;
    struct loop *loop;
    struct resolver *resolver;
    struct agent_settings settings;
    struct publish_spec *specs; /* of options->publish */
    struct publication_order *published;
    bool has_failed; /* --share: it is refused */
    struct recent_events *events;
    struct agent *agent;
    struct agent_admin *admin;
    struct housekeeping *housekeeping;
    struct network_watch *network_watch;
    struct signals *signals;
    bool knows_no_server; /* neither named nor joined: a line that cannot be meant */
};

static int out_of_resources(struct error *error, const char *what) {
    return error_set(error, "not enough memory or descriptors for %s", what);
}

/* ---- making the parts ---- */

static int make_log(struct startup *startup, struct error *error) {
    const struct config_log *log = &startup->options->log;

    startup->log = log_new("munnel-agent", log->format, log->level, log->to, error);
    return startup->log ? 0 : -1;
}

static int find_names(struct startup *startup, struct error *error) {
    identity_agent_name(startup->options, startup->name);
    snprintf(startup->who, sizeof startup->who, "agent %s", startup->name);
    return identity_state_folder(startup->options, &startup->state_folder, error);
}

static int make_rules(struct startup *startup, struct error *error) {
    const struct strlist *allow = &startup->options->allow;

    startup->rules = acl_new();
    if (!startup->rules)
        return out_of_resources(error, "rules");
    for (size_t i = 0; i < allow->count; i++)
        if (acl_add(startup->rules, allow->items[i], error) != 0)
            return -1;
    return 0;
}

static int read_keys(struct startup *startup, struct error *error) {
    startup->keys = service_keys_new(startup->options->end_to_end_keys, error);
    return startup->keys ? 0 : -1;
}

/* --join: the code is stored first, and then read like one that was stored earlier. */
static int take_join_code(const struct startup *startup, struct known_servers *joined, struct error *error) {
    const struct agent_options *options = startup->options;

    if (!options->join)
        return 0;
    if (join_read(joined, options->join, &options->servers, error) != 0)
        return -1;
    return known_servers_write(joined, startup->state_folder, error);
}

static int find_identities(struct startup *startup, const struct known_servers *joined, struct error *error) {
    identity_free(startup->identities);
    startup->identities = identity_make(startup->options, joined, startup->state_folder, error);
    return startup->identities ? 0 : -1;
}

/* On a terminal: asks for the join code of each server with neither token nor certificate; Enter skips the rest. */
static int ask_for_codes(struct startup *startup, struct known_servers *joined, struct error *error) {
    const char *address;

    if (!startup->state_folder)
        return 0; /* nowhere to keep a code */
    while ((address = identity_unproved(startup->identities)) && terminal_is_there()) {
        if (join_ask(joined, address) == JOIN_DECLINED)
            return 0;
        if (known_servers_write(joined, startup->state_folder, error) != 0 ||
            find_identities(startup, joined, error) != 0)
            return -1;
    }
    return 0;
}

/* Before there is any other thread: a question keeps signals waiting. */
static int make_identities(struct startup *startup, struct error *error) {
    struct known_servers *joined = known_servers_read(startup->state_folder, error);
    int result = -1;

    if (!joined)
        return -1;
    if (take_join_code(startup, joined, error) == 0) {
        startup->knows_no_server = startup->options->servers.count == 0 && known_servers_count(joined) == 0;
        result = find_identities(startup, joined, error);
    }
    if (result == 0)
        result = ask_for_codes(startup, joined, error);
    known_servers_free(joined);
    return result;
}

static int make_loop(struct startup *startup, struct error *error) {
    if (loop_check_system(error) != 0)
        return -1;
    startup->loop = loop_new("control");
    if (!startup->loop)
        return out_of_resources(error, "the control loop");
    startup->events = recent_events_new();
    if (!startup->events)
        return out_of_resources(error, "recent events");
    startup->resolver = resolver_new();
    return startup->resolver ? 0 : out_of_resources(error, "the resolver");
}

static void on_relay_views(void *context, const struct relay_answer *answer) {
    const struct startup *startup = context;

    agent_admin_on_relay_views(startup->admin, answer);
}

static void on_relay_ended(void *context, uint64_t ticket, bool found) {
    const struct startup *startup = context;

    agent_admin_on_relay_ended(startup->admin, ticket, found);
}

static int make_orders(struct startup *startup, struct error *error) {
    const struct strlist *publish = &startup->options->publish;

    startup->specs = calloc(publish->count + 1, sizeof *startup->specs);
    startup->published = calloc(publish->count + 1, sizeof *startup->published);
    if (!startup->specs || !startup->published)
        return out_of_resources(error, "what is published");
    for (size_t i = 0; i < publish->count; i++) {
        struct publish_spec *spec = &startup->specs[i];
        if (publish_spec_read(spec, publish->items[i], error) != 0)
            return -1;
        startup->published[i] =
            (struct publication_order){.name = spec->name, .to = spec->to, .host = spec->host, .port = spec->port};
    }
    return 0;
}

static void on_answer(void *context, const struct publication *entry, const struct publication_at *at) {
    struct startup *startup = context;
    const struct publications *list = agent_publications(startup->agent);
    size_t server = (size_t)(at - entry->at);

    publish_output_print(startup->options, list, entry, at, startup->settings.servers[server].text, stdout, stderr);
    if (!startup->options->is_share || startup->has_failed || !publish_output_is_hopeless(list))
        return;
    startup->has_failed = true;
    agent_end(startup->agent);
}

static int make_agent(struct startup *startup, struct error *error) {
    const struct agent_options *options = startup->options;

    startup->settings = (struct agent_settings){.loop = startup->loop,
                                                .log = startup->log,
                                                .events = startup->events,
                                                .resolver = startup->resolver,
                                                .allow = startup->rules,
                                                .keys = startup->keys,
                                                .name = startup->name,
                                                .group = options->group ? options->group : "",
                                                .visits = &options->visits,
                                                .threads = plane_threads(options->threads),
                                                .servers = identity_servers(startup->identities),
                                                .server_count = identity_count(startup->identities),
                                                .published = startup->published,
                                                .published_count = options->publish.count,
                                                .only_published = options->is_share,
                                                .times = AGENT_TIMES,
                                                .on_relay_views = on_relay_views,
                                                .on_relay_ended = on_relay_ended,
                                                .on_answer = on_answer,
                                                .context = startup};
    startup->settings.times.upstream.longest_ms = options->retry_s * 1000;
    startup->agent = agent_new(&startup->settings, error);
    return startup->agent ? 0 : -1;
}

static int make_admin(struct startup *startup, struct error *error) {
    struct agent_admin_options options = {.loop = startup->loop,
                                          .log = startup->log,
                                          .events = startup->events,
                                          .agent = startup->agent,
                                          .configuration = startup->options,
                                          .settings = &startup->settings,
                                          .started_at = time(NULL)};

    if (!startup->options->admin_socket || !*startup->options->admin_socket)
        return 0;
    startup->admin = agent_admin_new(&options, error);
    return startup->admin ? agent_admin_listen(startup->admin, error) : -1;
}

static int make_housekeeping(struct startup *startup, struct error *error) {
    startup->housekeeping =
        housekeeping_new(startup->loop, startup->agent, startup->identities, startup->keys, startup->log);
    return startup->housekeeping ? 0 : out_of_resources(error, "the service manager");
}

static void on_network_event(void *context, enum network_event event) {
    const struct startup *startup = context;

    agent_check_paths(startup->agent, event);
}

static int make_network_watch(struct startup *startup, struct error *error) {
    struct network_watch_options options = {.base = loop_base(startup->loop),
                                            .on_event = on_network_event,
                                            .context = startup};
    struct error lack = {""};

    startup->network_watch = network_watch_new(&options, &lack);
    if (!startup->network_watch)
        return out_of_resources(error, "watching the network");
    if (lack.text[0] != '\0')
        log_event(startup->log, LOG_LEVEL_INFO, startup->who, "a lost network is noticed only by its silence",
                  LOG_FIELDS(LOG_TEXT("detail", lack.text)));
    return 0;
}

static void print_withdrawn(const struct startup *startup) {
    bool is_told = publications_are_told(agent_publications(startup->agent));

    fprintf(stderr, "munnel share: %s\n",
            is_told ? "withdrawn"
                    : "no connection to withdraw it by: the server keeps it for a minute, or for its publish.linger");
}

static void on_stop(void *context) {
    const struct startup *startup = context;
    bool is_first = !agent_is_draining(startup->agent);

    housekeeping_stop(startup->housekeeping);
    agent_end(startup->agent);
    if (startup->options->is_share && is_first)
        print_withdrawn(startup);
}

/* For --share the signal says that its terminal is gone. */
static void on_reload(void *context) {
    const struct startup *startup = context;

    if (startup->options->is_share) {
        on_stop(context);
        return;
    }
    housekeeping_reload(startup->housekeeping);
}

/* The log file may have been rotated. */
static void on_rotated(void *context) {
    const struct startup *startup = context;

    log_reopen(startup->log);
    agent_log_statistics(startup->agent);
}

static int take_signals(struct startup *startup, struct error *error) {
    static const struct signal_actions actions = {on_stop, on_reload, on_rotated};

    startup->signals = signals_new(loop_base(startup->loop), &actions, startup);
    return startup->signals ? 0 : out_of_resources(error, "signals");
}

static int make_parts(struct startup *startup, struct error *error) {
    static int (*const steps[])(struct startup * startup,
                                struct error * error) = {find_names,        make_rules,         read_keys,
                                                         make_identities,   make_log,           make_loop,
                                                         make_orders,       make_agent,         make_admin,
                                                         make_housekeeping, make_network_watch, take_signals};

    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++)
        if (steps[i](startup, error) != 0)
            return -1;
    return 0;
}

static void take_down(struct startup *startup) {
    signals_free(startup->signals);
    network_watch_free(startup->network_watch);
    housekeeping_free(startup->housekeeping);
    agent_admin_free(startup->admin); /* before what it looks at */
    startup->admin = NULL;
    agent_free(startup->agent);
    recent_events_free(startup->events);
    if (startup->resolver)
        resolver_free(startup->resolver);
    if (startup->loop)
        loop_free(startup->loop);
    identity_free(startup->identities);
    free(startup->specs);
    free(startup->published);
    if (startup->rules)
        acl_free(startup->rules);
    service_keys_free(startup->keys);
    if (startup->log)
        log_free(startup->log);
    free(startup->state_folder);
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
static void log_start(const struct startup *startup) {
    const struct strlist *allow = &startup->options->allow;
    char text[LIST_TEXT];

    log_event(startup->log, LOG_LEVEL_INFO, startup->who, "started",
              LOG_FIELDS(LOG_NUMBER("servers", startup->settings.server_count),
                         LOG_NUMBER("threads", startup->settings.threads),
                         LOG_NUMBER("udp_sessions_most", agent_udp_sessions_most())));
    log_event(startup->log, LOG_LEVEL_INFO, startup->who, "may connect to",
              LOG_FIELDS(LOG_TEXT("destinations",
                                  allow->count > 0
                                      ? join_list(allow, text)
                                      : "whatever the server names, except Unix sockets, link-local and metadata "
                                        "addresses (see --allow)")));
    identity_log(startup->identities, startup->log);
}

static void print_error(const struct startup *startup, const char *detail) {
    if (startup->options->is_share && startup->knows_no_server)
        detail = "this machine has joined no server; get a join code there (munnel agent add NAME --publish-ports "
                 "20000-20099), and run "
                 "munnel-agent --join-only FILE with it";
    fprintf(stderr, "%s: %s\n", startup->options->is_share ? "munnel share" : "munnel-agent", detail);
}

static int serve(struct startup *startup) {
    char detail[LIST_TEXT] = "";
    enum agent_exit result;

    log_start(startup);
    recent_events_add(startup->events, EVENT_KIND_AGENT, EVENT_INFO, startup->name, "started", PACKAGE_VERSION);
    agent_start(startup->agent);
    housekeeping_start(startup->housekeeping);
    if (loop_run(startup->loop) != 0) {
        print_error(startup, "the event loop failed");
        return AGENT_EXIT_FAILED;
    }
    result = agent_result(startup->agent, detail, sizeof detail);
    if (startup->has_failed)
        return AGENT_EXIT_FAILED;
    if (detail[0] != '\0' && strcmp(startup->options->log.to, "stderr") != 0)
        print_error(startup, detail); /* the log has it too, but may be a file that is not watched */
    return result;
}

int startup_run(const struct agent_options *options) {
    struct startup startup = {.options = options};
    struct error error = {""};
    int result = AGENT_EXIT_FAILED;

    if (make_parts(&startup, &error) == 0)
        result = serve(&startup);
    else {
        print_error(&startup, error.text);
        result = startup.knows_no_server ? AGENT_EXIT_USAGE : AGENT_EXIT_FAILED;
    }
    take_down(&startup);
    return result;
}
