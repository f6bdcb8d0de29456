/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * munnel: servers and agents in a sandbox, and the counters that they log.
 */
#include "config.h"

#include "harness/munnel.h"

#include "harness/deadline.h"
#include "harness/port.h"
#include "harness/proc_stats.h"
#include "harness/scenario.h"

#include <check.h>
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { ARGUMENTS_MAX = 26, LIVE_MS = 2000, LIVE_ASKS = 3 };
enum { LINK_BYTES = 40 * 1024 }; /* twice what a link takes that is not used */

static const char *or_else(const char *text, const char *other) {
    return text ? text : other;
}

static const char *write_configuration(struct sandbox *sandbox, const struct server_plan *plan, const char *name,
                                       const char *pki, uint16_t port) {
    const char *certificate = plan->certificate ? plan->certificate : sandbox_text(sandbox, "%s/server.pem", pki);
    const char *key = plan->key ? plan->key : sandbox_text(sandbox, "%s/server.key", pki);
    const char *more = or_else(plan->more, ""); /* two threads, or what crosses them would depend on the machine */
    const char *threads = strstr(more, "'threads'") ? "" : sandbox_text(sandbox, "'threads': %d, ", SERVER_THREADS);
    const char *admin = strstr(more, "'admin'") ? "" : "'admin': { 'socket': null }, "; /* not this machine's own */
    const char *text =
        sandbox_text(sandbox,
                     "{\n"
                     "  'agents': { 'listen': ['127.0.0.1:%u'], %s\n"
                     "    'tls': { 'cert': '%s', 'key': '%s'%s }, 'auth': { 'tokens': '%s/agents.json'%s } },\n"
                     "  'services': [ %s ],\n"
                     "  %s%s%s\n"
                     "  'log': { 'format': 'json', 'to': '%s' }\n"
                     "}\n",
                     port, or_else(plan->agents, ""), certificate, key, or_else(plan->tls, ""), pki,
                     or_else(plan->auth, ""), or_else(plan->services, ""), threads, admin, more,
                     or_else(plan->log, "stderr"));
    return sandbox_write(sandbox, sandbox_text(sandbox, "%s.json", name), text, true);
}

void server_share(const struct server *server, gid_t group) {
    sandbox_share(scenario_folder(), 0, 0711);
    sandbox_share(sandbox_folder(server->sandbox), 0, 0711);
    sandbox_share(server->pki, group, 0750);
    sandbox_share(sandbox_text(server->sandbox, "%s/server.key", server->pki), group, 0640);
    sandbox_share(sandbox_text(server->sandbox, "%s/agents.json", server->pki), group, 0640);
}

void server_start_again(struct server *server) {
    struct sandbox *sandbox = server->sandbox;
    const char *program = sandbox_program(sandbox, "munneld");
    if (server->descriptors == 0)
        server->process = sandbox_run(sandbox, server->name, program, "--config", server->file, NULL);
    else
        server->process =
            sandbox_run(sandbox, server->name, "sh", "-c", "ulimit -n $0; exec \"$@\"",
                        sandbox_text(sandbox, "%u", server->descriptors), program, "--config", server->file, NULL);
}

static unsigned threads_of(const struct server_plan *plan) {
    const char *at = plan->more ? strstr(plan->more, "'threads'") : NULL;
    unsigned threads = SERVER_THREADS;
    ck_assert(!at || sscanf(at, "'threads': %u", &threads) == 1);
    return threads;
}

static void await_listening(struct server *server) {
    const char *at = sandbox_text(server->sandbox, "127.0.0.1:%u", server->port);
    process_await(server->process, 0, START_MS, "listening for agents on", at, NULL);
    live_of(server->process); /* answered by its loop: all that is to be open is open by then */
}

struct server server_start(struct sandbox *sandbox, struct server_plan plan) {
    struct server server = {.sandbox = sandbox, .name = or_else(plan.name, "server"), .descriptors = plan.descriptors};
    server.threads = threads_of(&plan);
    server.pki = sandbox_pki(sandbox, or_else(plan.pki, "pki"));
    server.port = plan.port > 0 ? plan.port : port_take();
    server.file = write_configuration(sandbox, &plan, server.name, server.pki, server.port);
    server_start_again(&server);
    if (!plan.may_fail && !plan.log)
        await_listening(&server);
    return server;
}

const char *service_text(struct sandbox *sandbox, const char *name, uint16_t port, const char *connect,
                         const char *more) {
    return sandbox_text(sandbox, "{ 'name': '%s', %s 'listen': '127.0.0.1:%u', 'connect': '%s' }", name,
                        or_else(more, ""), port, connect);
}

const char *service_to(struct sandbox *sandbox, const char *name, uint16_t port, uint16_t to, const char *more) {
    return service_text(sandbox, name, port, sandbox_text(sandbox, "127.0.0.1:%u", to), more);
}

const char *agent_folder(struct sandbox *sandbox, const char *name) {
    const char *folder = sandbox_path(sandbox, "agent-%s", name);
    ck_assert(mkdir(folder, 0700) == 0 || errno == EEXIST);
    return folder;
}

struct process *agent_start(struct server *server, const char *name, const char *group, ...) {
    struct sandbox *sandbox = server->sandbox;
    const char *arguments[ARGUMENTS_MAX] = {sandbox_program(sandbox, "munnel-agent"),
                                            "--log-format",
                                            "json",
                                            "--name",
                                            name,
                                            "--threads",
                                            "2",
                                            "--ca",
                                            sandbox_text(sandbox, "%s/ca.pem", server->pki)};
    size_t count = 9;
    va_list list;
    va_start(list, group);
    for (const char *more; (more = va_arg(list, const char *)); count++) {
        ck_assert_uint_lt(count, ARGUMENTS_MAX - 3);
        arguments[count] = more;
    }
    va_end(list);
    arguments[count++] = sandbox_text(sandbox, "127.0.0.1:%u", server->port);
    arguments[count++] = group; /* NULL ends the list as well */
    const char *log = sandbox_text(sandbox, "%s-%s", server->name, name);
    return sandbox_run_plan(sandbox, (struct process_plan){.name = log,
                                                           .arguments = arguments,
                                                           .folder = agent_folder(sandbox, name)});
}

void agent_await(struct server *server, size_t mark, const char *name, unsigned ms) {
    process_await(server->process, mark, ms, sandbox_text(server->sandbox, "\"agent %s\"", name), "\"joined\"", NULL);
}

struct process *agent_join(struct server *server, const char *name, const char *group) {
    size_t mark = process_mark(server->process);
    struct process *agent = server->leads_to_own
                                ? agent_start(server, name, group, "--allow", "*", "--allow", OWN_DESTINATION, NULL)
                                : agent_start(server, name, group, NULL);
    agent_await(server, mark, name, JOIN_MS);
    return agent;
}

static bool has_links_of_all_agents(const struct server *server) {
    struct live live = live_of(server->process);
    return live.data_links >= live.agents * server->threads;
}

void agent_await_warm(struct server *server, struct process *agent) {
    if (!process_has_posix_signals(agent) || !process_has_posix_signals(server->process))
        return; /* not to be known from outside; clients wait for the links as well */
    ck_assert_msg(HOLDS_WITHIN(JOIN_MS, live_of(agent).links >= 1 + server->threads), "%s has %llu links instead of %u",
                  process_name(agent), live_of(agent).links, 1 + server->threads);
    ck_assert_msg(HOLDS_WITHIN(JOIN_MS, has_links_of_all_agents(server)), "%llu agents, %llu data links",
                  live_of(server->process).agents, live_of(server->process).data_links);
}

struct process *agent_join_warm(struct server *server, const char *name, const char *group) {
    struct process *agent = agent_join(server, name, group);
    agent_await_warm(server, agent);
    return agent;
}

struct simple simple_start(const char *name, uint16_t to, const char *service_more, const char *server_more) {
    struct simple simple = {.sandbox = sandbox_new(name), .port = port_take()};
    const char *services = service_to(simple.sandbox, "echo", simple.port, to, service_more);
    simple.server = server_start(simple.sandbox, (struct server_plan){.services = services, .more = server_more});
    simple.agent = agent_join_warm(&simple.server, "alpha", NULL);
    return simple;
}

unsigned long long number_in_line(const char *line, const char *key) {
    char pattern[64];
    unsigned long long number = 0;
    snprintf(pattern, sizeof pattern, "\"%s\":", key);
    const char *found = strstr(line, pattern);
    ck_assert_msg(found && sscanf(found + strlen(pattern), " %llu", &number) == 1, "no number \"%s\" in %s", key, line);
    return number;
}

void text_in(const char *line, const char *key, char *text, size_t size) {
    char pattern[64];
    snprintf(pattern, sizeof pattern, "\"%s\":", key);
    const char *at = strstr(line, pattern);
    at = at ? strchr(at + strlen(pattern), '"') : NULL;
    ck_assert_msg(at, "no \"%s\" in %s", key, line);
    snprintf(text, size, "%.*s", (int)strcspn(at + 1, "\""), at + 1);
}

char *statistics_line(struct process *process) {
    size_t mark = process_mark(process);
    char *line = NULL;
    for (int i = 1; i < LIVE_ASKS && !line; i++) {
        process_signal(process, SIGUSR1);
        line = process_seek(process, mark, LIVE_MS, "\"event\":\"statistics\"", NULL);
    }
    return line ? line : process_expect(process, mark, LIVE_MS, "\"event\":\"statistics\"", NULL);
}

struct live live_of(struct process *process) {
    if (!process_has_posix_signals(process))
        return (struct live){0};
    char *line = statistics_line(process);
    struct live live = {.links = number_in_line(line, "links"),
                        .handshakes_done = number_in_line(line, "handshakes_done"),
                        .relays = number_in_line(line, "relays"),
                        .relays_ended = number_in_line(line, "relays_ended"),
                        .unconfirmed = number_in_line(line, "unconfirmed")};
    if (!proc_stats_sanitized())
        live.heap = number_in_line(line, "heap");
    if (strstr(line, "\"data_links\":")) {
        live.data_links = number_in_line(line, "data_links");
        live.agents = number_in_line(line, "agents");
    }
    free(line);
    return live;
}

struct usage usage_of(struct process *process) {
    struct live live = live_of(process);
    if (!process_has_posix_signals(process))
        return (struct usage){0}; /* its descriptors are wine's */
    return (struct usage){.descriptors = proc_stats_descriptors(process_pid(process)),
                          .links = live.links,
                          .relays = live.relays,
                          .unconfirmed = live.unconfirmed,
                          .heap = live.heap};
}

static bool is_within_usage(struct process *process, const struct usage *before, struct usage *now) {
    *now = usage_of(process);
    unsigned long long more = now->links > before->links ? now->links - before->links : 0;
    return now->descriptors <= before->descriptors + more && more <= before->extra_links &&
           now->relays <= before->relays && now->unconfirmed <= before->unconfirmed &&
           now->heap <=
               before->heap + (before->extra_heap ? before->extra_heap : before->heap / 20) + more * LINK_BYTES;
}

void usage_await(struct process *process, const struct usage *before, unsigned ms) {
    struct usage now;
    bool rests = HOLDS_WITHIN(ms, is_within_usage(process, before, &now));
    ck_assert_msg(rests,
                  "%s does not come to rest: %u descriptors (before: %u), %llu links (%llu), %llu relays (%llu), "
                  "%llu unconfirmed (%llu), %llu bytes in use (%llu)",
                  process_name(process), now.descriptors, before->descriptors, now.links, before->links, now.relays,
                  before->relays, now.unconfirmed, before->unconfirmed, now.heap, before->heap);
}
