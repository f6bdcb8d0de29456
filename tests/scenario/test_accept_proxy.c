/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_accept_proxy: services behind balancers that tell their clients' addresses by the PROXY protocol, and who poses
 * as a balancer.
 */
#include "config.h"

#include "harness/attacked_server.h"
#include "harness/deadline.h"
#include "harness/port.h"
#include "harness/scenario.h"
#include "harness/tool.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ASK_MS = 5000, BALANCER = 7, STRANGER = 8, HEADER_MS = 7000 /* to send a header has 5 s */ };

#define V2             "\r\n\r\n\0\r\nQUIT\n"
#define SEND(fd, text) send_bytes(fd, text, sizeof(text) - 1)

/* A service that 127.0.0.7 is the balancer of; the attacked one has none. */
static struct attacked_server start(const char *name, struct attacked_server *behind, const char *more) {
    uint16_t port = port_take();
    struct destination *echo = destination_start(handle_echo, NULL);
    char *text = NULL;
    ck_assert_int_gt(asprintf(&text,
                              ", { 'name': 'behind', 'listen': '127.0.0.1:%u', 'connect': '127.0.0.1:%u', %s "
                              "'accept_proxy': '127.0.0.7' }",
                              port, destination_port(echo), more),
                     0);
    struct attacked_server server = attacked_server_start(name, (struct attacked_server_plan){.others = text});
    free(text);
    *behind = server;
    behind->port = port;
    behind->echo = echo;
    return server;
}

static void end(struct attacked_server *server, struct attacked_server *behind) {
    destination_free(behind->echo);
    attacked_server_end(server);
}

static void send_bytes(int fd, const void *bytes, size_t length) {
    ck_assert(socket_send(fd, bytes, length, ASK_MS));
}

static int from(const struct attacked_server *behind, uint8_t host) {
    int fd = attacked_server_client(behind, host);
    ck_assert_int_ge(fd, 0);
    return fd;
}

/* As it is in the log. */
static void await_refusal(struct attacked_server *behind, size_t mark, const char *why, uint8_t host) {
    process_await(behind->server.process, mark, HEADER_MS, "service behind", "client refused", why,
                  sandbox_text(behind->sandbox, "127.0.0.%u:", host), NULL);
}

static void expect_refused(struct attacked_server *behind, uint8_t host, const void *bytes, size_t length,
                           const char *why) {
    size_t mark = process_mark(behind->server.process);
    int fd = attacked_server_client(behind, host);
    if (fd >= 0) {
        bool is_sent =
            socket_send(fd, bytes, length, ASK_MS); /* else the reset was there already, and is reported so */
        enum end end = socket_wait_end(fd, HEADER_MS);
        ck_assert(end == END_RESET || !is_sent);
        close(fd);
    }
    await_refusal(behind, mark, why, host);
}

/* ---- the header's address ---- */

/* Its record names whose connection it was. */
static void expect_served_as(struct attacked_server *behind, const void *header, size_t length, const char *client) {
    size_t mark = process_mark(behind->server.process);
    int fd = from(behind, BALANCER);
    send_bytes(fd, header, length);
    ck_assert(socket_converse(fd, "hello", ASK_MS));
    socket_finish(fd);
    ck_assert_int_eq(socket_wait_end(fd, ASK_MS), END_FILE);
    close(fd);
    process_await(behind->server.process, mark, ASK_MS, "\"service\":\"behind\"", "\"event\":\"done\"", client, NULL);
}

static void serve_each_header(struct attacked_server *server, void *context) {
    (void)server;
    struct attacked_server *behind = context;
    static const char v1[] = "PROXY TCP4 192.0.2.1 198.51.100.2 40000 443\r\n",
                      v1_six[] = "PROXY TCP6 2001:db8::1 2001:db8::2 40001 443\r\n", unknown[] = "PROXY UNKNOWN\r\n",
                      v2[] = V2 "\x21\x11\0\x19\xc0\0\2\3\xc6\x33\x64\2\x9c\x42\x01\xbb\x02\0\3a.b\x05\0\4abcd",
                      local[] = V2 "\x20\0\0\0";
    expect_served_as(behind, v1, sizeof v1 - 1, "192.0.2.1:40000");
    expect_served_as(behind, v1_six, sizeof v1_six - 1, "[2001:db8::1]:40001");
    expect_served_as(behind, v2, sizeof v2 - 1, "192.0.2.3:40002");
    expect_served_as(behind, unknown, sizeof unknown - 1, "127.0.0.7:");
    expect_served_as(behind, local, sizeof local - 1, "127.0.0.7:");
}

START_TEST(client_is_known_by_the_address_of_its_header) {
    struct attacked_server behind, server = start(__func__, &behind, "");
    attacked_server_attack(&server, serve_each_header, &behind);
    end(&server, &behind);
}
END_TEST

static int client_as(const struct attacked_server *behind, const char *host) {
    int fd = from(behind, BALANCER);
    const char *header = sandbox_text(behind->sandbox, "PROXY TCP4 %s 198.51.100.2 40000 443\r\n", host);
    send_bytes(fd, header, strlen(header));
    return fd;
}

START_TEST(rules_and_limits_go_by_the_address_of_the_header) {
    struct attacked_server behind,
        server = start(__func__, &behind, "'allow': '192.0.2.0/24', 'deny': '192.0.2.66', 'max_per_source': 2,");
    static const char *const refused[][2] = {{"192.0.2.66", "this address is denied"},
                                             {"198.51.100.1", "not among those allowed"}};
    for (size_t i = 0; i < 2; i++) {
        size_t mark = process_mark(server.server.process);
        int fd = client_as(&behind, refused[i][0]);
        ck_assert_int_eq(socket_wait_end(fd, ASK_MS), END_RESET);
        process_await(server.server.process, mark, ASK_MS, "client refused", refused[i][1], refused[i][0], NULL);
        close(fd);
    }
    int first = client_as(&behind, "192.0.2.1"), second = client_as(&behind, "192.0.2.1");
    ck_assert(socket_converse(first, "one", ASK_MS) && socket_converse(second, "two", ASK_MS));
    int third = client_as(&behind, "192.0.2.1"), other = client_as(&behind, "192.0.2.2");
    ck_assert_int_eq(socket_wait_end(third, ASK_MS), END_RESET);
    ck_assert(socket_converse(other, "three", ASK_MS));
    close(first), close(second), close(third), close(other);
    end(&server, &behind);
}
END_TEST

/* HAProxy's set-src has no port. */
START_TEST(address_of_a_header_without_a_port_goes_on) {
    static const char header[] = "PROXY TCP4 192.0.2.1 198.51.100.2 0 443\r\n";
    struct attacked_server behind, server = start(__func__, &behind, "'proxy_protocol': 'v1',");
    int fd = from(&behind, BALANCER);
    char answer[sizeof header] = "";
    size_t got = 0;
    send_bytes(fd, header, sizeof header - 1);
    SEND(fd, "x");
    ck_assert_int_eq(socket_read(fd, answer, sizeof header - 1, &got, ASK_MS), END_NONE);
    ck_assert_str_eq(answer, header); /* as the destination got it */
    close(fd);
    end(&server, &behind);
}
END_TEST

/* ---- what follows the header ---- */

static void exchange_behind_a_header(struct attacked_server *server, void *context) {
    const struct attacked_server *behind = context;
    static const char header[] = "PROXY TCP4 192.0.2.1 198.51.100.2 40000 443\r\n";
    (void)server;
    int fd = from(behind, BALANCER);
    struct exchange exchange = {.seed = 14, .length = 4 * 1024 * 1024};
    struct tally_result wanted;
    send_bytes(fd, header, sizeof header - 1);
    socket_exchange(fd, &exchange, 20000);
    tally_of_source(&wanted, exchange.seed, exchange.length);
    ck_assert_int_eq(exchange.end, END_FILE);
    ck_assert(tally_same(&exchange.received, &wanted));
    close(fd);
}

START_TEST(no_byte_behind_the_header_is_lost_or_changed) {
    struct attacked_server behind, server = start(__func__, &behind, "");
    for (int i = 0; i < 2; i++)
        exchange_behind_a_header(&server, &behind);
    struct connection *first = destination_connection(behind.echo, 0);
    destination_await_ended(behind.echo, 2, ASK_MS);
    ck_assert_uint_eq(first->bytes_received, 4 * 1024 * 1024);
    destination_free(behind.echo);
    behind.echo = NULL;
    destination_free(server.echo);
    sandbox_free(server.sandbox);
}
END_TEST

static void send_in_single_bytes(struct attacked_server *server, void *context) {
    const struct attacked_server *behind = context;
    static const char header[] = V2 "\x21\x11\0\x0c\xc0\0\2\3\xc6\x33\x64\2\x9c\x42\x01\xbbhello";
    (void)server;
    int fd = from(behind, BALANCER);
    char answer[5];
    size_t got = 0;
    for (size_t i = 0; i < sizeof header - 1; i++)
        send_bytes(fd, header + i, 1);
    ck_assert_int_eq(socket_read(fd, answer, sizeof answer, &got, ASK_MS), END_NONE);
    ck_assert_mem_eq(answer, "hello", sizeof answer);
    close(fd);
}

START_TEST(header_and_bytes_may_come_one_by_one) {
    struct attacked_server behind, server = start(__func__, &behind, "");
    attacked_server_attack(&server, send_in_single_bytes, &behind);
    end(&server, &behind);
}
END_TEST

/* ---- hostile ---- */

static void send_what_is_no_header(struct attacked_server *server, void *context) {
    struct attacked_server *behind = context;
    static const char right[] = "PROXY TCP4 192.0.2.1 198.51.100.2 40000 443\r\n",
                      http[] = "GET / HTTP/1.1\r\nHost: x\r\n\r\n", tls[] = "\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03",
                      huge[] = V2 "\x21\x11\xff\xff", short_one[] = V2 "\x21\x11\0\x04\xc0\0\2\3",
                      far_port[] = "PROXY TCP4 192.0.2.1 198.51.100.2 65536 443\r\n",
                      tlv[] = V2 "\x21\x11\0\x10\xc0\0\2\3\xc6\x33\x64\2\x9c\x42\x01\xbb\x02\xff\xff\0";
    char endless[300] = "PROXY UNKNOWN ";
    (void)server;
    memset(endless + 14, 'x', sizeof endless - 14);
    expect_refused(behind, STRANGER, right, sizeof right - 1, "none that accept_proxy lists");
    expect_refused(behind, BALANCER, http, sizeof http - 1, "does not begin with a PROXY header");
    expect_refused(behind, BALANCER, tls, sizeof tls - 1, "does not begin with a PROXY header");
    expect_refused(behind, BALANCER, huge, sizeof huge - 1, "longer than 2048 bytes");
    expect_refused(behind, BALANCER, short_one, sizeof short_one - 1, "too short for its addresses");
    expect_refused(behind, BALANCER, far_port, sizeof far_port - 1, "no valid PROXY header");
    expect_refused(behind, BALANCER, tlv, sizeof tlv - 1, "no valid PROXY header");
    expect_refused(behind, BALANCER, endless, sizeof endless, "longer than 107 bytes");
}

/* Its lines are limited to 10 a minute, so one round of them is looked at. */
START_TEST(what_is_no_header_is_refused_and_the_reason_named) {
    struct attacked_server behind, server = start(__func__, &behind, "");
    send_what_is_no_header(&server, &behind);
    ck_assert_uint_eq(destination_connections(behind.echo), 0);
    end(&server, &behind);
}
END_TEST

START_TEST(header_has_to_come_in_time) {
    struct attacked_server behind, server = start(__func__, &behind, "");
    size_t mark = process_mark(server.server.process);
    int silent = from(&behind, BALANCER), slow = from(&behind, BALANCER);
    SEND(slow, "PROXY TCP4 192.0.2.1 ");
    ck_assert_int_eq(socket_wait_end(silent, HEADER_MS), END_RESET);
    ck_assert_int_eq(socket_wait_end(slow, HEADER_MS), END_RESET);
    await_refusal(&behind, mark, "no PROXY header within the deadline", BALANCER);
    close(silent), close(slow);
    end(&server, &behind);
}
END_TEST

/* More than may wait; the oldest go, and one that sends its header is served. */
static void fill(struct attacked_server *server, void *context) {
    enum { SILENT = 1100 };
    struct attacked_server *behind = context;
    static int fds[SILENT];
    (void)server;
    for (size_t i = 0; i < SILENT; i++)
        fds[i] = from(behind, BALANCER);
    int fd = client_as(behind, "192.0.2.1");
    ck_assert(socket_converse(fd, "hello", ASK_MS));
    ck_assert_int_eq(socket_wait_end(fds[0], ASK_MS), END_RESET);
    close(fd);
    for (size_t i = 0; i < SILENT; i++)
        close(fds[i]);
}

START_TEST(connections_that_say_nothing_keep_no_client_out) {
    struct attacked_server behind, server = start(__func__, &behind, "");
    attacked_server_attack(&server, fill, &behind);
    process_await(server.server.process, 0, ASK_MS, "client refused", "too many connections without a PROXY header",
                  NULL);
    end(&server, &behind);
}
END_TEST

/* ---- health checks ---- */

START_TEST(health_check_of_the_balancer_reaches_no_agent) {
    struct attacked_server behind, server = start(__func__, &behind, "");
    size_t mark = process_mark(server.server.process);
    for (int i = 0; i < 20; i++) {
        int fd = from(&behind, BALANCER);
        if (i % 2)
            SEND(fd, V2 "\x20\0\0\0");
        close(fd);
    }
    int fd = client_as(&behind, "192.0.2.1"); /* behind them in the same queue */
    ck_assert(socket_converse(fd, "hello", ASK_MS));
    close(fd);
    ck_assert_uint_eq(destination_connections(behind.echo), 1);
    ck_assert_uint_eq(process_count(server.server.process, mark, "client refused", NULL), 0);
    end(&server, &behind);
}
END_TEST

/* ---- reload, and the server's own check ---- */

static void write_service(const struct tooled *tooled, const char *list) {
    const char *text =
        sandbox_text(tooled->sandbox, "{ 'name': 'behind', 'listen': '127.0.0.1:%u', 'connect': '127.0.0.1:%u'%s%s }",
                     tooled->more_port, destination_port(tooled->echo), list ? ", 'accept_proxy': " : "",
                     list ? list : "");
    size_t mark = process_mark(tooled->server.process);
    sandbox_write(tooled->sandbox, "services.d/behind.json", text, true);
    process_signal(tooled->server.process, SIGHUP);
    process_await(tooled->server.process, mark, ASK_MS, "configuration reloaded", NULL);
}

static bool echoes(const struct tooled *tooled, const char *header) {
    int fd = socket_client(tooled->more_port);
    char text[100];
    snprintf(text, sizeof text, "%shello", header);
    (void)socket_send(fd, text, strlen(text), ASK_MS); /* it may be reset already */
    char answer[5] = "";
    size_t got = 0;
    enum end end = socket_read(fd, answer, sizeof answer, &got, ASK_MS);
    close(fd);
    return end == END_NONE && memcmp(answer, "hello", sizeof answer) == 0;
}

START_TEST(list_of_balancers_is_changed_by_reload) {
    static const char header[] = "PROXY TCP4 192.0.2.1 198.51.100.2 40000 443\r\n";
    struct tooled tooled = tooled_start(__func__);
    write_service(&tooled, "'127.0.0.1'");
    agent_await_warm(&tooled.server, tooled.agent);
    ck_assert(HOLDS_WITHIN(ASK_MS, echoes(&tooled, header)));
    write_service(&tooled, "['10.0.0.0/8', '::1']");
    ck_assert(!echoes(&tooled, header));
    write_service(&tooled, NULL);
    ck_assert(socket_echoes(tooled.more_port, ASK_MS));
    EXPECT(&tooled, 0, "service", "show", "behind");
    prints(&tooled, "proxy_not_listed");
    tooled_end(&tooled);
}
END_TEST

START_TEST(own_check_of_the_server_needs_no_header) {
    struct tooled tooled = tooled_start(__func__);
    write_service(&tooled, "'10.0.0.0/8'");
    EXPECT(&tooled, 0, "check", "behind");
    tooled_end(&tooled);
}
END_TEST

START_TEST(unix_socket_is_listed_as_one) {
    static const char header[] = "PROXY TCP4 192.0.2.1 198.51.100.2 40000 443\r\n";
    for (int is_listed = 0; is_listed < 2; is_listed++) {
        struct sandbox *sandbox = sandbox_new(__func__);
        struct destination *echo = destination_start(handle_echo, NULL);
        const char *path = sandbox_text(sandbox, "unix:%s", sandbox_path(sandbox, "service.sock"));
        const char *text =
            sandbox_text(sandbox, "{ 'name': 'echo', 'listen': '%s', 'connect': '127.0.0.1:%u', 'accept_proxy': '%s' }",
                         path, destination_port(echo), is_listed ? "unix:*" : "127.0.0.0/8");
        struct server server = server_start(sandbox, (struct server_plan){.services = text});
        agent_join_warm(&server, "alpha", NULL);
        int fd = socket_connect(path, 0);
        (void)socket_send(fd, header, sizeof header - 1, ASK_MS);
        ck_assert_int_eq(socket_converse(fd, "hello", ASK_MS), is_listed);
        close(fd);
        if (is_listed)
            process_await(server.process, 0, ASK_MS, "192.0.2.1:40000", NULL);
        destination_free(echo);
        sandbox_free(sandbox);
    }
}
END_TEST

SCENARIO_MAIN("accept_proxy", SCENARIO(client_is_known_by_the_address_of_its_header, 60),
              SCENARIO(rules_and_limits_go_by_the_address_of_the_header, 30),
              SCENARIO(address_of_a_header_without_a_port_goes_on, 30),
              SCENARIO(no_byte_behind_the_header_is_lost_or_changed, 60),
              SCENARIO(header_and_bytes_may_come_one_by_one, 60),
              SCENARIO(what_is_no_header_is_refused_and_the_reason_named, 60), SCENARIO(header_has_to_come_in_time, 40),
              SCENARIO(connections_that_say_nothing_keep_no_client_out, 90),
              SCENARIO(health_check_of_the_balancer_reaches_no_agent, 40),
              SCENARIO(list_of_balancers_is_changed_by_reload, 60),
              SCENARIO(own_check_of_the_server_needs_no_header, 60), SCENARIO(unix_socket_is_listed_as_one, 60))
