/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * attacked_server: a server with an agent that is attacked; afterwards it serves, and uses no more resources than
 * before.
 */
#include "config.h"

#include "harness/attacked_server.h"

#include "harness/deadline.h"
#include "harness/port.h"
#include "harness/proc_stats.h"

#include <arpa/inet.h>
#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { REST_MS = 15000, ROUNDS_MIN = 2, ROUNDS_MAX = 6, EXTRA_HEAP = 16384, HELLO = 0x01, WELCOME = 0x02 };

static void start_open_server(struct attacked_server *attacked_server, const struct attacked_server_plan *plan,
                              const char *service) {
    const char *pki = sandbox_pki(attacked_server->sandbox, "pki");
    /* An agent with a token wants the server to prove that it knows it, which an open one does not. */
    ck_assert_int_eq(unlink(sandbox_text(attacked_server->sandbox, "%s/agent.token", pki)), 0);
    attacked_server->server = (struct server){.sandbox = attacked_server->sandbox,
                                              .name = "server",
                                              .pki = pki,
                                              .port = port_take(),
                                              .threads = SERVER_THREADS};
    const char *text =
        sandbox_text(attacked_server->sandbox,
                     "{ 'agents': { 'listen': '127.0.0.1:%u', 'auth': 'none', 'resume': 1, %s\n"
                     "  'tls': { 'cert': 'pki/server.pem', 'key': 'pki/server.key' } },\n"
                     "  'services': [ %s ], 'threads': %d, 'admin': { 'socket': null }, 'log': { 'format': 'json' } }",
                     attacked_server->server.port, plan->agents ? plan->agents : "", service, SERVER_THREADS);
    attacked_server->server.file = sandbox_write(attacked_server->sandbox, "server.json", text, true);
    server_start_again(&attacked_server->server);
    process_await(attacked_server->server.process, 0, START_MS, "listening for agents on", NULL);
    live_of(attacked_server->server.process);
}

static void record_baseline(struct attacked_server *attacked_server) {
    attacked_server->baseline = usage_of(attacked_server->server.process);
}

void attacked_server_add_agent(struct attacked_server *attacked_server) {
    attacked_server->agent = agent_join_warm(&attacked_server->server, "alpha", attacked_server->group);
    ck_assert(socket_echoes(attacked_server->port, ATTACKED_SERVER_ASK_MS));
    record_baseline(attacked_server);
}

struct attacked_server attacked_server_start(const char *name, struct attacked_server_plan plan) {
    struct attacked_server attacked_server = {.sandbox = sandbox_new(name), .port = port_take(), .group = plan.group};
    attacked_server.echo = destination_start(handle_echo, NULL);
    const char *service = sandbox_text(attacked_server.sandbox, "%s%s",
                                       service_to(attacked_server.sandbox, "echo", attacked_server.port,
                                                  destination_port(attacked_server.echo), plan.service),
                                       plan.others ? plan.others : "");
    if (plan.open)
        start_open_server(&attacked_server, &plan, service);
    else
        attacked_server.server =
            server_start(attacked_server.sandbox,
                         (struct server_plan){.services = service,
                                              .agents = sandbox_text(attacked_server.sandbox, "'resume': 1, %s",
                                                                     plan.agents ? plan.agents : "")});
    if (!plan.no_agent)
        attacked_server_add_agent(&attacked_server);
    return attacked_server;
}

unsigned long long attacked_server_count(struct attacked_server *attacked_server, const char *key) {
    char *line = statistics_line(attacked_server->server.process);
    unsigned long long number = number_in_line(line, key);
    free(line);
    return number;
}

static void assert_unchanged(struct attacked_server *attacked_server) {
    ck_assert(socket_echoes(attacked_server->port, ATTACKED_SERVER_ASK_MS));
    usage_await(attacked_server->server.process, &attacked_server->baseline, REST_MS);
    ck_assert(HOLDS_WITHIN(REST_MS, attacked_server_count(attacked_server, "unauthenticated") == 0));
    ck_assert(HOLDS_WITHIN(REST_MS, attacked_server_count(attacked_server, "clients") == 0));
    ck_assert(!process_is_over(attacked_server->agent));
    ck_assert_uint_eq(process_count(attacked_server->server.process, 0, "agent alpha", "\"joined\"", NULL), 1);
}

/*
 * What is in use after the first time stays, to a few bytes. How much the C library keeps besides depends on what
 * happened at the same time, and settles after a few times more.
 */
void attacked_server_attack(struct attacked_server *attacked_server,
                            void (*attack)(struct attacked_server *attacked_server, void *context), void *context) {
    unsigned before = 0, now = 0;
    for (int round = 0; round < ROUNDS_MIN || now > before + before / 20; round++) {
        ck_assert_msg(round < ROUNDS_MAX, "%u KiB after %d times and %u before", now, round, before);
        before = now;
        attack(attacked_server, context);
        assert_unchanged(attacked_server);
        record_baseline(attacked_server);
        attacked_server->baseline.extra_heap = EXTRA_HEAP;
        now = proc_stats_sanitized() ? 0 : proc_stats_memory_kb(process_pid(attacked_server->server.process));
    }
    printf("# %u KiB resident after the last time, %u before\n", now, before);
}

void attacked_server_end(struct attacked_server *attacked_server) {
    assert_unchanged(attacked_server);
    destination_free(attacked_server->echo);
    sandbox_free(attacked_server->sandbox);
}

static int connect_from(uint8_t host, uint16_t port) {
    struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000000U | host)};
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && bind(fd, (struct sockaddr *)&from, sizeof from) == 0 &&
        connect(fd, (struct sockaddr *)&to, sizeof to) == 0)
        return fd;
    close(fd);
    return -1;
}

int attacked_server_connect(const struct attacked_server *attacked_server, uint8_t host) {
    return connect_from(host, attacked_server->server.port);
}

int attacked_server_client(const struct attacked_server *attacked_server, uint8_t host) {
    return connect_from(host, attacked_server->port);
}

struct intruder *attacked_server_intruder(const struct attacked_server *attacked_server) {
    struct intruder *intruder =
        intruder_new(&(struct intruder_plan){.port = attacked_server->server.port, .alpn = "munnel/2"});
    ck_assert_ptr_nonnull(intruder);
    return intruder;
}

int attacked_server_hello(struct intruder *intruder, const char *kind, const char *name, const char *more, char *text,
                          size_t size) {
    char hello[4096];
    const char *features = strstr(more, "\"features\":") ? "" : "\"features\":[\"services\"],";
    size_t length = (size_t)snprintf(hello, sizeof hello,
                                     "{\"protocol\":2,\"kind\":\"%s\",\"name\":\"%s\",%s%s"
                                     "\"instance\":\"00112233445566778899aabbccddeeff\"}",
                                     kind, name, more, features);
    if (!intruder_send_frame(intruder, HELLO, (uint32_t)length, hello, length))
        return -1;
    return intruder_read_frame(intruder, text, size, ATTACKED_SERVER_ASK_MS);
}

static struct attacked_session join_by(struct intruder *control, const char *name, const char *more) {
    struct attacked_session session = {.control = control};
    char welcome[4096];
    int type = attacked_server_hello(control, "control", name, more, welcome, sizeof welcome);
    ck_assert_msg(type == WELCOME, "frame %d instead of WELCOME: %s", type, welcome);
    text_in(welcome, "session", session.id, sizeof session.id);
    text_in(welcome, "session_key", session.key, sizeof session.key);
    return session;
}

struct attacked_session attacked_server_join(const struct attacked_server *attacked_server, const char *name,
                                             const char *more) {
    return join_by(attacked_server_intruder(attacked_server), name, more);
}

struct attacked_session attacked_server_join_by_key(const struct attacked_server *attacked_server, const char *name,
                                                    const char *key, const char *more) {
    struct intruder *control = attacked_server_intruder(attacked_server);
    char proof[65], all[512];
    intruder_prove(control, PROVE_AGENT, key, proof);
    snprintf(all, sizeof all, "\"credential\":\"%s\",\"proof\":\"%s\",%s", name, proof, more);
    return join_by(control, name, all);
}

int attacked_server_hello_data(struct intruder *intruder, const char *session, const char *proof, unsigned thread,
                               bool is_exclusive, char *text, size_t size) {
    char more[256];
    snprintf(more, sizeof more, "\"session\":\"%s\",\"proof\":\"%s\",\"thread\":%u,\"exclusive\":%s,", session, proof,
             thread, is_exclusive ? "true" : "false");
    return attacked_server_hello(intruder, "data", "mallory", more, text, size);
}

struct intruder *attacked_server_data_link(const struct attacked_server *attacked_server,
                                           const struct attacked_session *session, unsigned thread, bool is_exclusive) {
    struct intruder *link = attacked_server_intruder(attacked_server);
    char proof[65], answer[4096];
    intruder_prove(link, PROVE_DATA, session->key, proof);
    int type = attacked_server_hello_data(link, session->id, proof, thread, is_exclusive, answer, sizeof answer);
    ck_assert_msg(type == WELCOME, "frame %d instead of WELCOME: %s", type, answer);
    return link;
}
