/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * fort: a server with a good agent that is attacked, and what it must look like afterwards: as before.
 */
#include "config.h"

#include "harness/fort.h"

#include "harness/deadline.h"
#include "harness/facts.h"
#include "harness/port.h"

#include <arpa/inet.h>
#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { REST_MS = 15000, ROUNDS_MIN = 2, ROUNDS_MAX = 6, HEAP_MORE = 16384, HELLO = 0x01 };

static void start_open_server(struct fort *fort, const struct fort_plan *plan, const char *service) {
    const char *pki = stand_pki(fort->stand, "pki");
    /* An agent with a token wants the server to prove that it knows it, which an open one does not. */
    ck_assert_int_eq(unlink(stand_text(fort->stand, "%s/agent.token", pki)), 0);
    fort->server = (struct server){.stand = fort->stand, .name = "server", .pki = pki, .port = port_take()};
    const char *text = stand_text(fort->stand,
                                  "{ 'agents': { 'listen': '127.0.0.1:%u', 'auth': 'none', %s\n"
                                  "  'tls': { 'cert': 'pki/server.pem', 'key': 'pki/server.key' } },\n"
                                  "  'services': [ %s ], 'admin': { 'socket': null }, 'log': { 'format': 'json' } }",
                                  fort->server.port, plan->agents ? plan->agents : "", service);
    fort->server.file = stand_write(fort->stand, "server.json", text, true);
    server_start_again(&fort->server);
    process_await(fort->server.process, 0, START_MS, "agents may connect to", NULL);
    live_of(fort->server.process);
}

static void fort_make_peace(struct fort *fort) {
    fort->peace = rest_of(fort->server.process);
    fort->peace.more_links = 64; /* clients have more made, which stay ready for a while */
}

void fort_man(struct fort *fort) {
    fort->agent = agent_join_warm(&fort->server, "alpha", NULL);
    ck_assert(socket_echoes(fort->port, FORT_ASK_MS));
    fort_make_peace(fort);
}

struct fort fort_start(const char *name, struct fort_plan plan) {
    struct fort fort = {.stand = stand_new(name), .port = port_take()};
    fort.echo = destination_start(serve_echo, NULL);
    const char *service = service_to(fort.stand, "echo", fort.port, destination_port(fort.echo), plan.service);
    if (plan.open)
        start_open_server(&fort, &plan, service);
    else
        fort.server = server_start(fort.stand, (struct server_plan){.services = service, .agents = plan.agents});
    if (!plan.deserted)
        fort_man(&fort);
    return fort;
}

unsigned long long fort_count(struct fort *fort, const char *key) {
    size_t mark = process_mark(fort->server.process);
    process_signal(fort->server.process, SIGUSR1);
    char *line = process_expect(fort->server.process, mark, FORT_ASK_MS, "\"event\":\"live\"", NULL);
    unsigned long long number = number_in_line(line, key);
    free(line);
    return number;
}

static void stands_as_before(struct fort *fort) {
    ck_assert(socket_echoes(fort->port, FORT_ASK_MS));
    rest_await(fort->server.process, &fort->peace, REST_MS);
    ck_assert(HOLDS_WITHIN(REST_MS, fort_count(fort, "at_door") == 0));
    ck_assert(HOLDS_WITHIN(REST_MS, fort_count(fort, "clients") == 0));
    ck_assert(!process_is_over(fort->agent));
    ck_assert_uint_eq(process_count(fort->server.process, 0, "agent alpha", "\"joined\"", NULL), 1);
}

/*
 * What is in use after the first time stays, to a few bytes. How much the C library keeps besides depends on what
 * happened at the same time, and settles after a few times more.
 */
void fort_attack(struct fort *fort, void (*attack)(struct fort *fort, void *context), void *context) {
    unsigned before = 0, now = 0;
    for (int round = 0; round < ROUNDS_MIN || now > before + before / 20; round++) {
        ck_assert_msg(round < ROUNDS_MAX, "%u KiB after %d times and %u before", now, round, before);
        before = now;
        attack(fort, context);
        stands_as_before(fort);
        fort_make_peace(fort);
        fort->peace.heap_more = HEAP_MORE;
        now = facts_sanitized() ? 0 : facts_memory_kb(process_pid(fort->server.process));
    }
    printf("# %u KiB resident after the last time, %u before\n", now, before);
}

void fort_end(struct fort *fort) {
    stands_as_before(fort);
    destination_free(fort->echo);
    stand_free(fort->stand);
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

int fort_knock(const struct fort *fort, uint8_t host) {
    return connect_from(host, fort->server.port);
}

int fort_client(const struct fort *fort, uint8_t host) {
    return connect_from(host, fort->port);
}

struct intruder *fort_intruder(const struct fort *fort) {
    struct intruder *intruder = intruder_new(&(struct intruder_plan){.port = fort->server.port, .alpn = "munnel/1"});
    ck_assert_ptr_nonnull(intruder);
    return intruder;
}

int fort_hello(struct intruder *intruder, const char *kind, const char *name, const char *more, char *text,
               size_t size) {
    char hello[4096];
    size_t length = (size_t)snprintf(hello, sizeof hello,
                                     "{\"protocol\":1,\"kind\":\"%s\",\"name\":\"%s\",%s"
                                     "\"instance\":\"00112233445566778899aabbccddeeff\"}",
                                     kind, name, more);
    if (!intruder_send_frame(intruder, HELLO, (uint32_t)length, hello, length))
        return -1;
    return intruder_read_frame(intruder, text, size, FORT_ASK_MS);
}
