/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_balancers: HAProxy and nginx, as they are, in front of services and of the agent port; and a Munnel in front of
 * a Munnel. The balancers connect from 127.0.0.7, their clients from 127.0.0.23.
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

enum { ASK_MS = 5000, CLIENT = 23, LENGTH = 4 * 1024 * 1024 };

#define BEHIND "'accept_proxy': '127.0.0.7',"

static struct process *start_haproxy(struct sandbox *sandbox, const char *program, const char *sections) {
    const char *file = sandbox_write(sandbox, "haproxy.cfg",
                                     sandbox_text(sandbox,
                                                  "global\n  log stdout format raw local0\n"
                                                  "defaults\n  mode tcp\n  log global\n  timeout connect 5s\n"
                                                  "  timeout client 60s\n  timeout server 60s\n"
                                                  "  default-server source 127.0.0.7\n%s",
                                                  sections),
                                     false);
    return sandbox_run_plan(sandbox,
                            (struct process_plan){.name = "haproxy",
                                                  .arguments = (const char *const[]){program, "-db", "-f", file, NULL},
                                                  .stop_signal = SIGUSR1});
}

static const char *section(struct sandbox *sandbox, const char *name, uint16_t port, uint16_t to, const char *how) {
    return sandbox_text(sandbox, "listen %s\n  bind 127.0.0.1:%u\n  server munnel 127.0.0.1:%u %s\n", name, port, to,
                        how);
}

static int client_of(uint16_t port) {
    struct attacked_server at = {.port = port};
    int fd = attacked_server_client(&at, CLIENT);
    ck_assert_int_ge(fd, 0);
    return fd;
}

/* Whole, with its SHA-256, and the server's record has the client's address. */
static void exchange_through(struct server *server, uint16_t port) {
    size_t mark = process_mark(server->process);
    struct exchange exchange = {.seed = port, .length = LENGTH};
    struct tally_result wanted;
    int fd = client_of(port);
    socket_exchange(fd, &exchange, 20000);
    close(fd);
    tally_of_source(&wanted, exchange.seed, LENGTH);
    ck_assert_int_eq(exchange.end, END_FILE);
    ck_assert(tally_same(&exchange.received, &wanted));
    process_await(server->process, mark, ASK_MS, "\"event\":\"done\"", "\"client\":\"127.0.0.23:", NULL);
}

START_TEST(haproxy_in_front_of_a_service) {
    struct sandbox *sandbox = sandbox_new(__func__);
    const char *haproxy = sandbox_peer(sandbox, "haproxy");
    struct destination *echo = destination_start(handle_echo, NULL);
    uint16_t port = port_take(), v1 = port_take(), v2 = port_take(), checked = port_take();
    if (haproxy) {
        const char *service = service_to(sandbox, "echo", port, destination_port(echo), BEHIND);
        struct server server = server_start(sandbox, (struct server_plan){.services = service});
        agent_join_warm(&server, "alpha", NULL);
        struct usage before = usage_of(server.process);
        before.extra_links = 2;
        before.extra_heap = USAGE_BULK_HEAP;
        struct process *balancer =
            start_haproxy(sandbox, haproxy,
                          sandbox_text(sandbox, "%s%s%s", section(sandbox, "v1", v1, port, "send-proxy"),
                                       section(sandbox, "v2", v2, port, "send-proxy-v2"),
                                       section(sandbox, "checked", checked, port,
                                               "send-proxy-v2-ssl-cn check check-send-proxy inter 100ms fall 1")));
        ck_assert(HOLDS_WITHIN(START_MS, !socket_is_refused(checked)));
        exchange_through(&server, v1);
        exchange_through(&server, v2);
        exchange_through(&server, checked);
        ck_assert_uint_eq(process_count(server.process, 0, "client refused", NULL), 0);
        ck_assert_uint_eq(process_count(balancer, 0, "DOWN", NULL), 0);
        sandbox_end(sandbox, balancer);
        usage_await(server.process, &before, ASK_MS);
    }
    destination_free(echo);
    sandbox_free(sandbox);
}
END_TEST

/* The header comes before the client's TLS, of which the server must not have read a byte then. */
START_TEST(tls_of_clients_ends_behind_haproxy) {
    struct sandbox *sandbox = sandbox_new(__func__);
    const char *haproxy = sandbox_peer(sandbox, "haproxy"), *openssl = sandbox_peer(sandbox, "openssl");
    struct destination *echo = destination_start(handle_echo, NULL);
    uint16_t port = port_take(), front = port_take();
    if (haproxy && openssl) {
        const char *pki = sandbox_pki(sandbox, "pki");
        const char *more =
            sandbox_text(sandbox, BEHIND " 'tls': { 'cert': '%s/server.pem', 'key': '%s/server.key' },", pki, pki);
        struct server server =
            server_start(sandbox, (struct server_plan){
                                      .services = service_to(sandbox, "echo", port, destination_port(echo), more)});
        agent_join_warm(&server, "alpha", NULL);
        start_haproxy(sandbox, haproxy, section(sandbox, "front", front, port, "send-proxy-v2"));
        ck_assert(HOLDS_WITHIN(START_MS, !socket_is_refused(front)));
        const char *ask = sandbox_text(
            sandbox, "printf hello | timeout 3 %s s_client -quiet -connect 127.0.0.1:%u -bind 127.0.0.23:0 | head -c 5",
            openssl, front);
        ck_assert_int_eq(sandbox_do(sandbox, "ask", "sh", "-c", ask, NULL), 0);
        ck_assert_ptr_nonnull(strstr(sandbox_output(sandbox, "ask"), "hello"));
        process_await(server.process, 0, ASK_MS, "\"service\":\"echo\"", "\"client\":\"127.0.0.23:", NULL);
    }
    destination_free(echo);
    sandbox_free(sandbox);
}
END_TEST

/* HAProxy ends such a connection at once: no agent connects for it, and no line is written. */
START_TEST(checks_of_haproxy_reach_no_destination) {
    struct sandbox *sandbox = sandbox_new(__func__);
    const char *haproxy = sandbox_peer(sandbox, "haproxy");
    struct destination *echo = destination_start(handle_echo, NULL);
    uint16_t port = port_take(), checked = port_take(), other = port_take();
    if (haproxy) {
        const char *service = service_to(sandbox, "echo", port, destination_port(echo), BEHIND);
        struct server server =
            server_start(sandbox, (struct server_plan){.services = service,
                                                       .more = sandbox_text(sandbox, "'admin': { 'socket': '%s' },",
                                                                            sandbox_path(sandbox, "admin.sock"))});
        agent_join_warm(&server, "alpha", NULL);
        struct process *balancer =
            start_haproxy(sandbox, haproxy,
                          sandbox_text(sandbox, "%s%s",
                                       section(sandbox, "v2", checked, port,
                                               "send-proxy-v2 check check-send-proxy inter 50ms fall 1"),
                                       section(sandbox, "bare", other, port,
                                               "send-proxy check inter 50ms fall 1 addr 127.0.0.1")));
        const char *count = sandbox_text(
            sandbox,
            "curl -s --unix-socket %s http://localhost/metrics | awk '/^munnel_balancer_checks_total/ { if ($2 "
            ">= 20) exit 0; exit 1 }'",
            sandbox_path(sandbox, "admin.sock"));
        ck_assert(HOLDS_WITHIN(START_MS, sandbox_do(sandbox, "count", "sh", "-c", count, NULL) == 0));
        ck_assert_uint_eq(destination_connections(echo), 0);
        ck_assert_uint_eq(process_count(server.process, 0, "client refused", NULL), 0);
        ck_assert_uint_eq(process_count(balancer, 0, "DOWN", NULL), 0);
    }
    destination_free(echo);
    sandbox_free(sandbox);
}
END_TEST

static void start_nginx(struct sandbox *sandbox, const char *program, uint16_t port, uint16_t to) {
    const char *module = "/usr/lib/nginx/modules/ngx_stream_module.so";
    const char *load = access(module, R_OK) == 0 ? sandbox_text(sandbox, "load_module %s;\n", module) : "";
    const char *file = sandbox_write(
        sandbox, "nginx.conf",
        sandbox_text(sandbox,
                     "%sdaemon off; pid %s/nginx.pid; error_log stderr; worker_processes 1;\n"
                     "events { worker_connections 64; }\n"
                     "stream { server { listen 127.0.0.1:%u; proxy_pass 127.0.0.1:%u; proxy_bind 127.0.0.7;\n"
                     "  proxy_protocol on; proxy_half_close on; } }\n",
                     load, sandbox_folder(sandbox), port, to),
        false);
    sandbox_run(sandbox, "nginx", program, "-c", file, "-p", sandbox_folder(sandbox), NULL);
    ck_assert(HOLDS_WITHIN(START_MS, !socket_is_refused(port)));
}

START_TEST(nginx_in_front_of_a_service) {
    struct sandbox *sandbox = sandbox_new(__func__);
    const char *nginx = sandbox_peer(sandbox, "nginx");
    struct destination *echo = destination_start(handle_echo, NULL);
    uint16_t port = port_take(), front = port_take();
    if (nginx) {
        const char *service = service_to(sandbox, "echo", port, destination_port(echo), BEHIND);
        struct server server = server_start(sandbox, (struct server_plan){.services = service});
        agent_join_warm(&server, "alpha", NULL);
        start_nginx(sandbox, nginx, front, port);
        for (int i = 0; i < 3; i++)
            exchange_through(&server, front);
    }
    destination_free(echo);
    sandbox_free(sandbox);
}
END_TEST

/* Each of their links begins with a header; the balancer's address is never an agent's. */
START_TEST(agents_join_through_haproxy) {
    struct sandbox *sandbox = sandbox_new(__func__);
    const char *haproxy = sandbox_peer(sandbox, "haproxy");
    struct destination *echo = destination_start(handle_echo, NULL);
    uint16_t port = port_take(), agents = port_take(), v1 = port_take(), v2 = port_take();
    if (haproxy) {
        const char *service = service_to(sandbox, "echo", port, destination_port(echo), NULL);
        struct server server =
            server_start(sandbox, (struct server_plan){.services = service,
                                                       .port = agents,
                                                       .agents = BEHIND,
                                                       .more = sandbox_text(sandbox, "'admin': { 'socket': '%s' },",
                                                                            sandbox_path(sandbox, "admin.sock"))});
        start_haproxy(sandbox, haproxy,
                      sandbox_text(sandbox, "%s%s", section(sandbox, "v1", v1, agents, "send-proxy"),
                                   section(sandbox, "v2", v2, agents,
                                           "send-proxy-v2 check check-send-proxy inter 100ms fall 1")));
        ck_assert(HOLDS_WITHIN(START_MS, !socket_is_refused(v1) && !socket_is_refused(v2)));
        size_t mark = process_mark(server.process);
        server.port = v1;
        agent_join_warm(&server, "alpha", NULL);
        server.port = v2;
        agent_join_warm(&server, "beta", NULL);
        process_await(server.process, mark, ASK_MS, "agent alpha", "\"joined\"", "\"from\":\"127.0.0.1:", NULL);
        process_await(server.process, mark, ASK_MS, "agent beta", "\"joined\"", "\"from\":\"127.0.0.1:", NULL);
        const char *ask = sandbox_text(sandbox, "curl -s --unix-socket %s http://localhost/v1/agents",
                                       sandbox_path(sandbox, "admin.sock"));
        ck_assert_int_eq(sandbox_do(sandbox, "agents", "sh", "-c", ask, NULL), 0);
        ck_assert_ptr_nonnull(strstr(sandbox_output(sandbox, "agents"), "127.0.0.1:"));
        ck_assert_ptr_null(strstr(sandbox_output(sandbox, "agents"), "127.0.0.7"));
        for (int i = 0; i < 10; i++)
            ck_assert(socket_echoes(port, ASK_MS));
    }
    destination_free(echo);
    sandbox_free(sandbox);
}
END_TEST

/* And until then its log says why, and what it is that speaks there. */
START_TEST(agent_port_behind_balancers_takes_agents_directly_after_a_reload) {
    struct sandbox *sandbox = sandbox_new(__func__);
    struct destination *echo = destination_start(handle_echo, NULL);
    uint16_t port = port_take();
    const char *service = service_to(sandbox, "echo", port, destination_port(echo), NULL);
    struct server server =
        server_start(sandbox, (struct server_plan){.services = service, .agents = "'accept_proxy': '127.0.0.1',"});
    struct process *agent = agent_start(&server, "alpha", NULL, NULL);
    process_await(server.process, 0, ASK_MS, "agent port", "connection refused", "does not begin with a PROXY header",
                  "127.0.0.1:", NULL);
    const char *edit = sandbox_text(sandbox, "sed -i 's/\"accept_proxy\": \"127.0.0.1\",//' %s", server.file);
    ck_assert_int_eq(sandbox_do(sandbox, "edit", "sh", "-c", edit, NULL), 0);
    size_t mark = process_mark(server.process);
    process_signal(server.process, SIGHUP);
    process_await(server.process, mark, ASK_MS, "configuration reloaded", NULL);
    agent_await(&server, mark, "alpha", 60000); /* it waits longer each time */
    ck_assert(!process_is_over(agent));
    ck_assert(HOLDS_WITHIN(ASK_MS, socket_echoes(port, ASK_MS)));
    destination_free(echo);
    sandbox_free(sandbox);
}
END_TEST

/* A service of the first Munnel leads to one of the second: its destination is the agent of the second. */
START_TEST(client_s_address_arrives_through_two_munnels) {
    struct sandbox *sandbox = sandbox_new(__func__);
    struct destination *echo = destination_start(handle_echo, NULL);
    uint16_t front = port_take(), back = port_take();
    const char *second = service_to(sandbox, "second", back, destination_port(echo), "'accept_proxy': '127.0.0.1',"),
               *first = service_to(sandbox, "first", front, back, "'proxy_protocol': 'v2',");
    struct server behind = server_start(sandbox, (struct server_plan){.name = "behind", .services = second}),
                  before = server_start(sandbox, (struct server_plan){.name = "before", .services = first});
    agent_join_warm(&behind, "beta", NULL);
    agent_join_warm(&before, "alpha", NULL);
    exchange_through(&behind, front);
    destination_free(echo);
    sandbox_free(sandbox);
}
END_TEST

SCENARIO_MAIN("balancers", SCENARIO(haproxy_in_front_of_a_service, 90),
              SCENARIO(tls_of_clients_ends_behind_haproxy, 60), SCENARIO(checks_of_haproxy_reach_no_destination, 60),
              SCENARIO(nginx_in_front_of_a_service, 60), SCENARIO(agents_join_through_haproxy, 60),
              SCENARIO(agent_port_behind_balancers_takes_agents_directly_after_a_reload, 90),
              SCENARIO(client_s_address_arrives_through_two_munnels, 60))
