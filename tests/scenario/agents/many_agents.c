/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * many_agents: as many agents in one process, for tests of a server that has them: munnel-agent but for its start.
 *
 *   many_agents COUNT ARGUMENTS-OF-MUNNEL-AGENT
 *
 * The agent called NAME0 is followed by NAME1 and so on, each with an instance, links and a relay thread of its own;
 * all of them run on one loop. Any signal that munnel-agent takes ends it without farewell.
 */
#include "config.h"

#include "agent/agent.h"
#include "agent/identity/identity.h"
#include "conf/agent_cmdline.h"
#include "lib/event/signals.h"
#include "lib/net/sock.h"
#include "lib/os/malloc.h"

#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

struct one {
    char name[64];
    struct agent_settings settings;
    struct agent *agent;
};

struct many {
    struct agent_options options;
    struct loop *loop;
    struct log *log;
    struct resolver *resolver;
    struct acl *rules;
    struct known_servers *joined;
    struct identity_set *identities;
    struct signals *signals;
    struct event *timer;
    struct one *all;
    size_t count;
};

static void on_second(evutil_socket_t fd, short what, void *context) {
    struct many *many = context;
    (void)fd, (void)what;
    for (size_t i = 0; i < many->count; i++)
        agent_recheck(many->all[i].agent);
}

static void on_stop(void *context) {
    struct many *many = context;
    loop_stop(many->loop);
}

static bool make_shared(struct many *many, struct error *error) {
    static const struct signal_actions actions = {on_stop, on_stop, on_stop};
    many->loop = loop_new("control");
    many->resolver = resolver_new();
    many->rules = acl_new();
    many->log = log_new("many-agents", many->options.log.format, many->options.log.level, many->options.log.to, error);
    many->joined = known_servers_read(NULL, error);
    if (!many->loop || !many->resolver || !many->rules || !many->log || !many->joined)
        return false;
    many->identities = identity_make(&many->options, many->joined, NULL, error);
    many->signals = signals_new(loop_base(many->loop), &actions, many);
    many->timer = event_new(loop_base(many->loop), -1, EV_PERSIST, on_second, many);
    return many->identities && many->signals && many->timer;
}

static bool make_one(struct many *many, size_t number, struct error *error) {
    struct one *one = &many->all[number];
    snprintf(one->name, sizeof one->name, "%.16s%zu", many->options.name, number);
    one->settings = (struct agent_settings){.loop = many->loop,
                                            .log = many->log,
                                            .resolver = many->resolver,
                                            .allow = many->rules,
                                            .name = one->name,
                                            .group = "",
                                            .threads = 1,
                                            .servers = identity_servers(many->identities),
                                            .server_count = identity_count(many->identities),
                                            .times = AGENT_TIMES};
    one->agent = agent_new(&one->settings, error);
    if (one->agent)
        many->count++;
    return one->agent;
}

static int run(struct many *many, size_t count) {
    const struct timeval second = {.tv_sec = 1};
    struct error error = {"out of memory"};
    bool is_made = make_shared(many, &error) && (many->all = calloc(count, sizeof *many->all));
    for (size_t i = 0; i < count && is_made; i++)
        is_made = make_one(many, i, &error);
    if (!is_made) {
        fprintf(stderr, "many_agents: %s\n", error.text);
        return EXIT_FAILURE;
    }
    for (size_t i = 0; i < count; i++)
        agent_start(many->all[i].agent);
    event_add(many->timer, &second);
    return loop_run(many->loop) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* Planes run the loop to their ends: what is theirs no more comes first. */
static void take_down(struct many *many) {
    event_free(many->timer);
    signals_free(many->signals);
    for (size_t i = 0; i < many->count; i++)
        agent_free(many->all[i].agent);
    free(many->all);
    identity_free(many->identities);
    known_servers_free(many->joined);
    acl_free(many->rules);
    resolver_free(many->resolver);
    loop_free(many->loop);
    log_free(many->log);
}

int main(int argc, char **argv) {
    struct many many = {0};
    signal(SIGPIPE, SIG_IGN);
    signal(SIGTERM, SIG_IGN); /* what signals_free restores: a second one must not end it before all is freed */
    if (argc < 3 || agent_options_read(&many.options, argc - 1, argv + 1) >= 0)
        return EXIT_FAILURE;
    malloc_tune();
    sock_raise_limit();
    int code = run(&many, strtoul(argv[1], NULL, 10));
    if (code == EXIT_SUCCESS)
        take_down(&many);
    agent_options_done(&many.options);
    return code;
}
