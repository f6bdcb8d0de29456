/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_health: agents check the destination of a service, and one whose destination is not well gets no clients of it.
 *
 * The destinations are nginx, one for each agent, by a path that leads to another folder in each process.
 */
#include "config.h"

#include "harness/deadline.h"
#include "harness/destination.h"
#include "harness/http.h"
#include "harness/munnel.h"
#include "harness/port.h"
#include "harness/scenario.h"
#include "harness/tool.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ASK_MS = 5000, CHANGE_MS = 15000, CLIENTS = 20, ANSWER = 2048 };

#define CHECK(type, more) "'check': { 'type': '" type "', 'interval': 1, 'timeout': 1, 'rise': 2, 'fall': 2" more " },"
#define WELL              "return 200 well;"

struct site {
    struct sandbox *sandbox;
    const char *nginx;
    struct server server;
    uint16_t port;
};

/* False: there is no nginx, and the test is left out. */
static bool begin(struct site *site, const char *name, const char *more) {
    *site = (struct site){.sandbox = sandbox_new(name), .port = port_take()};
    site->nginx = sandbox_peer(site->sandbox, "nginx");
    if (!site->nginx) {
        sandbox_free(site->sandbox);
        return false;
    }
    const char *admin =
        sandbox_text(site->sandbox, "'admin': { 'socket': '%s' },", sandbox_path(site->sandbox, "admin.sock"));
    site->server =
        server_start(site->sandbox, (struct server_plan){.services = service_text(site->sandbox, "web", site->port,
                                                                                  OWN_DESTINATION, more),
                                                         .more = admin});
    site->server.leads_to_own = true;
    return true;
}

static const char *write_nginx(const struct site *site, const char *agent, const char *listen, const char *health) {
    const char *folder = agent_folder(site->sandbox, agent);
    return sandbox_write(
        site->sandbox, sandbox_text(site->sandbox, "%s.conf", agent),
        sandbox_text(
            site->sandbox,
            "daemon off; pid %s/nginx.pid; error_log stderr; worker_processes 1; user root;\n"
            "events { worker_connections 64; }\n"
            "http { access_log off; client_body_temp_path %s/t1; proxy_temp_path %s/t2; fastcgi_temp_path %s/t3;\n"
            "  uwsgi_temp_path %s/t4; scgi_temp_path %s/t5;\n"
            "  server { listen unix:%s/own.sock %s; location / { return 200 %s; } location /health { %s } } }\n",
            folder, folder, folder, folder, folder, folder, folder, listen, agent, health),
        false);
}

static struct process *start_nginx(const struct site *site, const char *agent, const char *listen, const char *health) {
    const char *file = write_nginx(site, agent, listen, health), *folder = agent_folder(site->sandbox, agent);
    struct process *process = sandbox_run(site->sandbox, sandbox_text(site->sandbox, "nginx-%s", agent), site->nginx,
                                          "-c", file, "-p", folder, NULL);
    ck_assert(HOLDS_WITHIN(START_MS, access(sandbox_text(site->sandbox, "%s/own.sock", folder), F_OK) == 0));
    return process;
}

/* Which agent served a client; "": none did. */
static void ask(const struct site *site, char agent[ANSWER]) {
    int fd = socket_client(site->port);
    unsigned status = http_converse(fd, "GET / HTTP/1.0\r\n\r\n", agent, ANSWER, ASK_MS);
    char *body = status == 200 ? strstr(agent, "\r\n\r\n") : NULL;
    memmove(agent, body ? body + 4 : "", body ? strlen(body + 4) + 1 : 1);
}

/* Clients that this agent has served. */
static unsigned count_served(const struct site *site, const char *agent) {
    unsigned served = 0;
    for (int i = 0; i < CLIENTS; i++) {
        char answer[ANSWER];
        ask(site, answer);
        ck_assert_msg(*answer, "client %d was not served", i);
        served += strcmp(answer, agent) == 0;
    }
    return served;
}

static void await_unhealthy(const struct site *site, size_t mark, const char *agent, const char *detail) {
    process_await(site->server.process, mark, CHANGE_MS, sandbox_text(site->sandbox, "\"agent %s\"", agent),
                  "destination unhealthy", detail, NULL);
}

static void await_healthy(const struct site *site, size_t mark, const char *agent) {
    process_await(site->server.process, mark, CHANGE_MS, sandbox_text(site->sandbox, "\"agent %s\"", agent),
                  "destination healthy again", NULL);
}

START_TEST(clients_go_to_the_other_agent_while_a_destination_is_away) {
    struct site site;
    if (!begin(&site, __func__, CHECK("tcp", "")))
        return;
    struct process *nginx = start_nginx(&site, "alpha", "", WELL);
    start_nginx(&site, "beta", "", WELL);
    agent_join_warm(&site.server, "alpha", NULL);
    agent_join_warm(&site.server, "beta", NULL);
    ck_assert_uint_eq(count_served(&site, "alpha"), CLIENTS / 2);
    size_t mark = process_mark(site.server.process);
    sandbox_end(site.sandbox, nginx);
    await_unhealthy(&site, mark, "alpha", "2 failures in a row");
    mark = process_mark(site.server.process);
    ck_assert_uint_eq(count_served(&site, "beta"), CLIENTS);
    ck_assert_uint_eq(process_count(site.server.process, mark, "ejected", NULL), 0);
    start_nginx(&site, "alpha", "", WELL);
    await_healthy(&site, mark, "alpha");
    ck_assert_uint_eq(count_served(&site, "alpha"), CLIENTS / 2);
    sandbox_free(site.sandbox);
}
END_TEST

/* By another answer of nginx's own, and back. */
START_TEST(answer_of_http_decides) {
    struct site site;
    if (!begin(&site, __func__, CHECK("http", ", 'path': '/health', 'status': '200,301-302'")))
        return;
    struct process *nginx = start_nginx(&site, "alpha", "", WELL);
    start_nginx(&site, "beta", "", "return 302 /elsewhere;");
    agent_join_warm(&site.server, "alpha", NULL);
    agent_join_warm(&site.server, "beta", NULL);
    size_t mark = process_mark(site.server.process);
    write_nginx(&site, "alpha", "", "return 503;");
    process_signal(nginx, SIGHUP);
    await_unhealthy(&site, mark, "alpha", "own.sock: HTTP 503, expected 200,301-302; 2 failures in a row");
    ck_assert_uint_eq(count_served(&site, "beta"), CLIENTS);
    write_nginx(&site, "alpha", "", WELL);
    process_signal(nginx, SIGHUP);
    await_healthy(&site, mark, "alpha");
    ck_assert_uint_eq(count_served(&site, "alpha"), CLIENTS / 2);
    sandbox_free(site.sandbox);
}
END_TEST

START_TEST(check_by_tls_wants_a_handshake) {
    struct site site;
    if (!begin(&site, __func__, CHECK("tls", ", 'host': 'www.example.org'")))
        return;
    const char *ssl =
        sandbox_text(site.sandbox, "ssl; ssl_certificate %s/server.pem; ssl_certificate_key %s/server.key",
                     site.server.pki, site.server.pki);
    start_nginx(&site, "alpha", ssl, WELL);
    start_nginx(&site, "beta", "", WELL);
    agent_join_warm(&site.server, "alpha", NULL);
    size_t mark = process_mark(site.server.process);
    struct process *beta = agent_join_warm(&site.server, "beta", NULL);
    await_unhealthy(&site, mark, "beta", "this is not TLS: it looks like HTTP; 2 failures in a row");
    process_await(beta, 0, ASK_MS, "destination unhealthy", NULL);
    ck_assert_uint_eq(process_count(site.server.process, 0, "\"agent alpha\"", "unhealthy", NULL), 0);
    sandbox_free(site.sandbox);
}
END_TEST

/* One of the agents; its destination holds connections. */
static void begin_silent(struct site *site, const char *name, const char *more, struct destination **silent) {
    *site = (struct site){.sandbox = sandbox_new(name), .port = port_take()};
    *silent =
        destination_start_at(sandbox_text(site->sandbox, "unix:%s/own.sock", agent_folder(site->sandbox, "alpha")),
                             NULL, NULL);
    site->server =
        server_start(site->sandbox, (struct server_plan){.services = service_text(site->sandbox, "web", site->port,
                                                                                  OWN_DESTINATION, more)});
    site->server.leads_to_own = true;
    agent_join_warm(&site->server, "alpha", NULL);
}

START_TEST(destination_that_accepts_and_never_answers_is_unhealthy) {
    struct destination *silent;
    struct site site;
    begin_silent(&site, __func__, CHECK("http", "") "'no_agent': 'refuse',", &silent);
    await_unhealthy(&site, 0, "alpha", "own.sock: no answer within 1 s; 2 failures in a row");
    int fd = socket_client(site.port);
    ck_assert_int_eq(socket_wait_end(fd, ASK_MS), END_RESET);
    close(fd);
    process_await(site.server.process, 0, ASK_MS, "no agent has a healthy destination; of alpha:", NULL);
    destination_free(silent);
    sandbox_free(site.sandbox);
}
END_TEST

/* The same by TCP is well. */
START_TEST(check_by_tcp_wants_no_answer) {
    struct destination *silent;
    struct site site;
    begin_silent(&site, __func__, CHECK("tcp", ""), &silent);
    destination_await_connections(silent, 4, CHANGE_MS);
    ck_assert_uint_eq(process_count(site.server.process, 0, "unhealthy", NULL), 0);
    destination_free(silent);
    sandbox_free(site.sandbox);
}
END_TEST

/* Answers every second connection by 503, in turns. */
static void handle_every_second(struct connection *connection) {
    static const char well[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", ill[] = "HTTP/1.1 503 no\r\n\r\n";
    char request[ANSWER];
    size_t got;
    socket_read_some(connection->fd, request, sizeof request, &got, ASK_MS);
    const char *answer = connection->number % 2 ? well : ill;
    socket_send(connection->fd, answer, strlen(answer), ASK_MS);
}

/* frp counts failures in total, and takes such a one out. */
START_TEST(every_second_failure_never_takes_an_agent_out) {
    struct site site = {.sandbox = sandbox_new(__func__), .port = port_take()};
    struct destination *destination =
        destination_start_at(sandbox_text(site.sandbox, "unix:%s/own.sock", agent_folder(site.sandbox, "alpha")),
                             handle_every_second, NULL);
    site.server =
        server_start(site.sandbox, (struct server_plan){.services = service_text(site.sandbox, "web", site.port,
                                                                                 OWN_DESTINATION, CHECK("http", ""))});
    site.server.leads_to_own = true;
    agent_join_warm(&site.server, "alpha", NULL);
    destination_await_ended(destination, 8, 2 * CHANGE_MS);
    ck_assert_uint_eq(process_count(site.server.process, 0, "unhealthy", NULL), 0);
    destination_free(destination);
    sandbox_free(site.sandbox);
}
END_TEST

START_TEST(client_that_waits_is_served_when_the_destination_is_back) {
    struct site site;
    char answer[ANSWER];
    if (!begin(&site, __func__, CHECK("tcp", "") "'pending_timeout': 60,"))
        return;
    agent_join_warm(&site.server, "alpha", NULL);
    await_unhealthy(&site, 0, "alpha", "2 failures in a row");
    int fd = socket_client(site.port);
    ck_assert(socket_send(fd, "GET / HTTP/1.0\r\n\r\n", 18, ASK_MS));
    start_nginx(&site, "alpha", "", WELL);
    ck_assert_uint_eq(http_converse(fd, "", answer, sizeof answer, CHANGE_MS), 200);
    sandbox_free(site.sandbox);
}
END_TEST

START_TEST(port_is_closed_while_the_destination_is_away) {
    struct site site;
    if (!begin(&site, __func__, CHECK("tcp", "") "'no_agent': 'close',"))
        return;
    struct process *nginx = start_nginx(&site, "alpha", "", WELL);
    agent_join_warm(&site.server, "alpha", NULL);
    ck_assert_uint_eq(count_served(&site, "alpha"), CLIENTS);
    sandbox_end(site.sandbox, nginx);
    ck_assert(HOLDS_WITHIN(CHANGE_MS, socket_is_refused(site.port)));
    start_nginx(&site, "alpha", "", WELL);
    ck_assert(HOLDS_WITHIN(CHANGE_MS, !socket_is_refused(site.port)));
    ck_assert_uint_eq(count_served(&site, "alpha"), CLIENTS);
    sandbox_free(site.sandbox);
}
END_TEST

static void reload_with(const struct site *site, const char *more) {
    size_t mark = process_mark(site->server.process);
    sandbox_write(site->sandbox, "web.json",
                  sandbox_text(site->sandbox, "{ 'name': 'web', 'listen': '127.0.0.1:%u', %s 'connect': '%s' }",
                               site->port, more, OWN_DESTINATION),
                  true);
    process_signal(site->server.process, SIGHUP);
    process_await(site->server.process, mark, ASK_MS, "configuration reloaded", NULL);
}

START_TEST(reload_adds_a_check_and_takes_it_away) {
    struct site site = {.sandbox = sandbox_new(__func__), .port = port_take()};
    sandbox_write(site.sandbox, "web.json",
                  sandbox_text(site.sandbox, "{ 'name': 'web', 'listen': '127.0.0.1:%u', 'connect': '%s' }", site.port,
                               OWN_DESTINATION),
                  true);
    site.server = server_start(site.sandbox, (struct server_plan){.services = "", .more = "'include': 'web.json',"});
    site.server.leads_to_own = true;
    agent_join_warm(&site.server, "alpha", NULL);
    reload_with(&site, CHECK("tcp", "") "'no_agent': 'close',");
    ck_assert(HOLDS_WITHIN(CHANGE_MS, socket_is_refused(site.port)));
    size_t mark = process_mark(site.server.process);
    reload_with(&site, "");
    process_await(site.server.process, mark, ASK_MS, "answered for its services", NULL);
    ck_assert(!socket_is_refused(site.port));
    sandbox_free(site.sandbox);
}
END_TEST

/* "munnel WORD WORD alpha" of the server. */
static void run_tool(const struct site *site, const char *noun, const char *verb) {
    const char *socket = sandbox_path(site->sandbox, "admin.sock");
    ck_assert_int_eq(sandbox_do(site->sandbox, verb, sandbox_program(site->sandbox, "munnel"), noun, verb, "alpha",
                                "--socket", socket, NULL),
                     0);
}

/* An agent that comes again by another control link is no news of its destination. */
START_TEST(what_is_known_outlives_the_control_link) {
    struct site site;
    if (!begin(&site, __func__, CHECK("tcp", "") "'no_agent': 'refuse',"))
        return;
    agent_join_warm(&site.server, "alpha", NULL);
    await_unhealthy(&site, 0, "alpha", "2 failures in a row");
    run_tool(&site, "agent", "drain");
    size_t mark = process_mark(site.server.process);
    run_tool(&site, "agent", "undrain");
    process_await(site.server.process, mark, JOIN_MS, "\"agent alpha\"", "answered for its services", NULL);
    int fd = socket_client(site.port);
    ck_assert_int_eq(socket_wait_end(fd, ASK_MS), END_RESET);
    close(fd);
    process_await(site.server.process, mark, ASK_MS, "no agent has a healthy destination; of alpha:", NULL);
    sandbox_free(site.sandbox);
}
END_TEST

/* nginx answers the header by 400, before any request. */
START_TEST(proxy_header_that_is_not_expected_is_suspected) {
    struct site site;
    if (!begin(&site, __func__, "'proxy_protocol': 'v1'," CHECK("http", ", 'path': '/health'")))
        return;
    start_nginx(&site, "alpha", "", WELL);
    agent_join_warm(&site.server, "alpha", NULL);
    await_unhealthy(&site, 0, "alpha", "HTTP 400, expected 200-399 (it may not expect the PROXY header)");
    sandbox_free(site.sandbox);
    if (!begin(&site, "proxy_header_without_health", "'proxy_protocol': 'v1',"))
        return;
    start_nginx(&site, "alpha", "", WELL);
    agent_join_warm(&site.server, "alpha", NULL);
    sandbox_do(site.sandbox, "check", sandbox_program(site.sandbox, "munnel"), "check", "web", "--socket",
               sandbox_path(site.sandbox, "admin.sock"), NULL);
    const char *check = sandbox_output(site.sandbox, "check");
    ck_assert_msg(strstr(check, "sent \"HTTP/1.1 400 Bad Request\"") && strstr(check, "the PROXY header"), "%s", check);
    sandbox_free(site.sandbox);
}
END_TEST

START_TEST(people_see_what_is_unhealthy_and_why) {
    struct site site;
    if (!begin(&site, __func__, CHECK("tcp", "")))
        return;
    agent_join_warm(&site.server, "alpha", NULL);
    await_unhealthy(&site, 0, "alpha", "2 failures in a row");
    const char *socket = sandbox_path(site.sandbox, "admin.sock"), *munnel = sandbox_program(site.sandbox, "munnel");
    sandbox_do(site.sandbox, "status", munnel, "status", "--socket", socket, NULL);
    const char *status = sandbox_output(site.sandbox, "status");
    ck_assert_msg(strstr(status, "web is unreachable") && strstr(status, "its check of the destination failed"), "%s",
                  status);
    sandbox_do(site.sandbox, "service", munnel, "service", "show", "web", "--socket", socket, NULL);
    const char *service = sandbox_output(site.sandbox, "service");
    ck_assert_msg(strstr(service, "unhealthy") && strstr(service, "2 failures in a row"), "%s", service);
    sandbox_do(site.sandbox, "check", munnel, "check", "web", "--socket", socket, NULL);
    const char *check = sandbox_output(site.sandbox, "check");
    ck_assert_msg(strstr(check, "unhealthy by the checks of agent alpha"), "%s", check);
    sandbox_free(site.sandbox);
}
END_TEST

SCENARIO_MAIN("health", SCENARIO(clients_go_to_the_other_agent_while_a_destination_is_away, 60),
              SCENARIO(answer_of_http_decides, 60), SCENARIO(check_by_tls_wants_a_handshake, 60),
              SCENARIO(destination_that_accepts_and_never_answers_is_unhealthy, 60),
              SCENARIO(check_by_tcp_wants_no_answer, 60), SCENARIO(every_second_failure_never_takes_an_agent_out, 90),
              SCENARIO(client_that_waits_is_served_when_the_destination_is_back, 60),
              SCENARIO(port_is_closed_while_the_destination_is_away, 60),
              SCENARIO(reload_adds_a_check_and_takes_it_away, 60),
              SCENARIO(what_is_known_outlives_the_control_link, 60),
              SCENARIO(proxy_header_that_is_not_expected_is_suspected, 60),
              SCENARIO(people_see_what_is_unhealthy_and_why, 60))
