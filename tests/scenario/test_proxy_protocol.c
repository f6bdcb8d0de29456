/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_proxy_protocol: a destination learns its client's address by a PROXY header: nginx, HAProxy, and pgbouncer
 * behind HAProxy, as the distribution has them.
 */
#include "config.h"

#include "harness/deadline.h"
#include "harness/destination.h"
#include "harness/http.h"
#include "harness/munnel.h"
#include "harness/port.h"
#include "harness/scenario.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ASK_MS = 5000 };

/* What curl is answered. */
static const char *ask_from(struct sandbox *sandbox, const char *curl, uint16_t from, const char *url) {
    const char *name = sandbox_text(sandbox, "curl-%u", from);
    ck_assert_int_eq(sandbox_do(sandbox, name, curl, "-sSfg", "--local-port", sandbox_text(sandbox, "%u", from), url,
                                NULL),
                     0);
    return sandbox_output(sandbox, name);
}

static void let_workers_in(struct sandbox *sandbox) {
    ck_assert(chmod(sandbox_folder(sandbox), 0755) == 0 && chmod(scenario_folder(), 0755) == 0);
}

/* ---- nginx ---- */

#define NGINX_ADDRESSES                                                                                                \
    "$proxy_protocol_addr $proxy_protocol_port $proxy_protocol_server_addr $proxy_protocol_server_port"

static const char *nginx_file(struct sandbox *sandbox, const char *answer, uint16_t port) {
    const char *folder = sandbox_folder(sandbox);
    return sandbox_write(
        sandbox, "nginx.conf",
        sandbox_text(
            sandbox,
            "daemon off; pid %s/nginx.pid; error_log stderr; worker_processes 1;\n"
            "events { worker_connections 512; }\n"
            "http { access_log off; client_body_temp_path %s/t1; proxy_temp_path %s/t2; fastcgi_temp_path %s/t3;\n"
            "  uwsgi_temp_path %s/t4; scgi_temp_path %s/t5;\n"
            "  server { listen 127.0.0.1:%u proxy_protocol; listen unix:%s/nginx.sock proxy_protocol;\n"
            "    location / { return 200 '%s'; } } }\n",
            folder, folder, folder, folder, folder, folder, port, folder, answer),
        false);
}

/* With the unique id behind its answer, where it knows that (1.23.2). */
static void start_nginx(struct sandbox *sandbox, const char *program, uint16_t port, bool *has_id) {
    const char *file = nginx_file(sandbox, NGINX_ADDRESSES " $proxy_protocol_tlv_unique_id", port);
    let_workers_in(sandbox);
    *has_id = sandbox_do(sandbox, "nginx -t", program, "-t", "-c", file, "-p", sandbox_folder(sandbox), NULL) == 0;
    if (!*has_id)
        file = nginx_file(sandbox, NGINX_ADDRESSES, port);
    sandbox_run(sandbox, "nginx", program, "-c", file, "-p", sandbox_folder(sandbox), NULL);
    ck_assert(HOLDS_WITHIN(START_MS, !socket_is_refused(port)));
}

static void expect_begin(const char *answer, const char *begin) {
    ck_assert_msg(strncmp(answer, begin, strlen(begin)) == 0, "\"%s\" instead of \"%s\"", answer, begin);
}

/* A service at every address, one at IPv6, one at a Unix socket, and one whose destination is a Unix socket. */
static const char *nginx_services(struct sandbox *sandbox, const char *version, uint16_t nginx, const uint16_t *ports) {
    const char *folder = sandbox_folder(sandbox);
    return sandbox_text(sandbox,
                        "{ 'name': 'four', 'listen': '0.0.0.0:%u', 'connect': '127.0.0.1:%u', 'proxy_protocol': '%s' },"
                        "{ 'name': 'six', 'listen': '[::1]:%u', 'connect': '127.0.0.1:%u', 'proxy_protocol': '%s' },"
                        "{ 'name': 'from-unix', 'listen': 'unix:%s/in.sock', 'connect': '127.0.0.1:%u',"
                        "  'proxy_protocol': '%s' },"
                        "{ 'name': 'to-unix', 'listen': '127.0.0.1:%u', 'connect': 'unix:%s/nginx.sock',"
                        "  'proxy_protocol': '%s' }",
                        ports[0], nginx, version, ports[1], nginx, version, folder, nginx, version, ports[2], folder,
                        version);
}

static void ask_nginx(const char *name, const char *version) {
    struct sandbox *sandbox = sandbox_new(name);
    const char *nginx = sandbox_peer(sandbox, "nginx"), *curl = sandbox_peer(sandbox, "curl");
    uint16_t web = port_take(), ports[] = {port_take(), port_take(), port_take()}, from[3];
    bool has_id;
    if (nginx && curl) {
        start_nginx(sandbox, nginx, web, &has_id);
        struct server server =
            server_start(sandbox, (struct server_plan){.services = nginx_services(sandbox, version, web, ports)});
        agent_start(&server, "alpha", NULL, "--allow", "*", "--allow",
                    sandbox_text(sandbox, "unix:%s/nginx.sock", sandbox_folder(sandbox)), NULL);
        agent_await(&server, 0, "alpha", JOIN_MS);
        for (int i = 0; i < 3; i++)
            from[i] = port_take();
        expect_begin(ask_from(sandbox, curl, from[0], sandbox_text(sandbox, "http://127.0.0.2:%u/", ports[0])),
                     sandbox_text(sandbox, "127.0.0.1 %u 127.0.0.2 %u", from[0], ports[0]));
        expect_begin(ask_from(sandbox, curl, from[1], sandbox_text(sandbox, "http://[::1]:%u/", ports[1])),
                     sandbox_text(sandbox, "::1 %u ::1 %u", from[1], ports[1]));
        expect_begin(ask_from(sandbox, curl, from[2], sandbox_text(sandbox, "http://127.0.0.1:%u/", ports[2])),
                     sandbox_text(sandbox, "127.0.0.1 %u 127.0.0.1 %u", from[2], ports[2]));
        ck_assert_int_eq(sandbox_do(sandbox, "unix", curl, "-sSf", "--unix-socket", sandbox_path(sandbox, "in.sock"),
                                    "http://web/", NULL),
                         0);
        expect_begin(sandbox_output(sandbox, "unix"), "   "); /* none of the four */
    }
    sandbox_free(sandbox);
}

START_TEST(nginx_learns_addresses_of_every_kind_as_text) {
    ask_nginx(__func__, "v1");
}
END_TEST

START_TEST(nginx_learns_addresses_of_every_kind_in_binary) {
    ask_nginx(__func__, "v2");
}
END_TEST

/* ---- HAProxy ---- */

static struct process *start_haproxy(struct sandbox *sandbox, const char *program, const char *sections) {
    const char *file = sandbox_write(sandbox, "haproxy.cfg",
                                     sandbox_text(sandbox,
                                                  "global\n  log stdout format raw local0\n"
                                                  "defaults\n  log global\n  timeout connect 5s\n  timeout client 30s\n"
                                                  "  timeout server 30s\n%s",
                                                  sections),
                                     false);
    return sandbox_run_plan(sandbox,
                            (struct process_plan){.name = "haproxy",
                                                  .arguments = (const char *const[]){program, "-db", "-f", file, NULL},
                                                  .stop_signal = SIGUSR1});
}

/* Its log and its answer have the id by which the records of server and agent name the relay. */
START_TEST(log_of_haproxy_names_our_relay) {
    struct sandbox *sandbox = sandbox_new(__func__);
    const char *haproxy = sandbox_peer(sandbox, "haproxy"), *curl = sandbox_peer(sandbox, "curl");
    uint16_t web = port_take(), port = port_take(), from = port_take();
    if (haproxy && curl) {
        struct process *proxy = start_haproxy(
            sandbox, haproxy,
            sandbox_text(sandbox,
                         "frontend web\n  mode http\n  bind 127.0.0.1:%u accept-proxy\n"
                         "  log-format \"client %%ci:%%cp relay %%[fc_pp_unique_id] to %%fi:%%fp\"\n"
                         "  http-request return status 200 content-type text/plain lf-string \"%%[fc_pp_unique_id]\"\n",
                         web));
        struct server server =
            server_start(sandbox, (struct server_plan){
                                      .services = service_to(sandbox, "web", port, web, "'proxy_protocol': 'v2',")});
        struct process *agent = agent_join_warm(&server, "alpha", NULL);
        ck_assert(HOLDS_WITHIN(START_MS, !socket_is_refused(web)));
        const char *id = ask_from(sandbox, curl, from, sandbox_text(sandbox, "http://127.0.0.1:%u/", port));
        const char *who = sandbox_text(sandbox, "\"relay %s\"", id);
        process_await(server.process, 0, ASK_MS, who, sandbox_text(sandbox, "127.0.0.1:%u", from), NULL);
        process_await(agent, 0, ASK_MS, who, sandbox_text(sandbox, "127.0.0.1:%u", from), NULL);
        process_await(proxy, 0, ASK_MS,
                      sandbox_text(sandbox, "client 127.0.0.1:%u relay %s to 127.0.0.1:%u", from, id, port), NULL);
    }
    sandbox_free(sandbox);
}
END_TEST

static void start_pgbouncer(struct sandbox *sandbox, const char *program, uint16_t port) {
    const char *file =
        sandbox_write(sandbox, "pgbouncer.ini",
                      sandbox_text(sandbox,
                                   "[databases]\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = %u\n"
                                   "unix_socket_dir =\nauth_type = any\n",
                                   port),
                      false);
    let_workers_in(sandbox);
    ck_assert_int_eq(chmod(file, 0644), 0);
    if (geteuid() == 0) /* it refuses to stay root */
        sandbox_run(sandbox, "pgbouncer", program, "-u", "nobody", file, NULL);
    else
        sandbox_run(sandbox, "pgbouncer", program, file, NULL);
    ck_assert(HOLDS_WITHIN(START_MS, !socket_is_refused(port)));
}

/* The pgbouncer of Debian 12 does not know the protocol, nor does PostgreSQL: HAProxy takes the header off, and logs
 * it. */
START_TEST(pgbouncer_is_reached_through_haproxy_which_logs_the_client) {
    struct sandbox *sandbox = sandbox_new(__func__);
    const char *haproxy = sandbox_peer(sandbox, "haproxy"), *pgbouncer = sandbox_peer(sandbox, "pgbouncer"),
               *psql = sandbox_peer(sandbox, "psql");
    uint16_t pool = port_take(), front = port_take(), port = port_take();
    if (haproxy && pgbouncer && psql) {
        start_pgbouncer(sandbox, pgbouncer, pool);
        struct process *proxy =
            start_haproxy(sandbox, haproxy,
                          sandbox_text(sandbox,
                                       "listen db\n  mode tcp\n  bind 127.0.0.1:%u accept-proxy\n"
                                       "  log-format \"client %%ci:%%cp relay %%[fc_pp_unique_id]\"\n"
                                       "  server pgbouncer 127.0.0.1:%u\n",
                                       front, pool));
        struct server server =
            server_start(sandbox, (struct server_plan){
                                      .services = service_to(sandbox, "db", port, front, "'proxy_protocol': 'v2',")});
        agent_join_warm(&server, "alpha", NULL);
        ck_assert(HOLDS_WITHIN(START_MS, !socket_is_refused(front)));
        size_t mark = process_mark(server.process);
        const char *url =
            sandbox_text(sandbox, "postgresql://mira@127.0.0.1:%u/pgbouncer?sslmode=disable&connect_timeout=5", port);
        ck_assert_int_eq(sandbox_do(sandbox, "psql", psql, "-XAt", "-c", "SHOW VERSION", url, NULL), 0);
        ck_assert_ptr_nonnull(strstr(sandbox_output(sandbox, "psql"), "PgBouncer"));
        char *record = process_expect(server.process, mark, ASK_MS, "\"relay ", "\"client\"", NULL), client[64];
        text_in(record, "client", client, sizeof client);
        process_await(proxy, 0, ASK_MS, sandbox_text(sandbox, "client %s relay ", client), NULL);
        free(record);
    }
    sandbox_free(sandbox);
}
END_TEST

/* ---- two in a chain ---- */

/* client -> one -> alpha -> two, which takes the address from alpha's header -> beta -> nginx */
static void ask_through_two(const char *name, const char *version) {
    struct sandbox *sandbox = sandbox_new(name);
    const char *nginx = sandbox_peer(sandbox, "nginx"), *curl = sandbox_peer(sandbox, "curl");
    uint16_t web = port_take(), first = port_take(), second = port_take(), from = port_take();
    bool has_id;
    if (nginx && curl) {
        start_nginx(sandbox, nginx, web, &has_id);
        const char *more = sandbox_text(sandbox, "'proxy_protocol': '%s',", version);
        const char *accept = sandbox_text(sandbox, "%s 'accept_proxy': '127.0.0.1',", more);
        struct server one =
            server_start(sandbox,
                         (struct server_plan){
                             .name = "one",
                             .pki = "pki1",
                             .services =
                                 sandbox_text(sandbox,
                                              "{ 'name': 'first', 'listen': '0.0.0.0:%u', 'connect': '127.0.0.1:%u',"
                                              "  'proxy_protocol': '%s' }",
                                              first, second, version)});
        struct server two =
            server_start(sandbox, (struct server_plan){.name = "two",
                                                       .pki = "pki2",
                                                       .services = service_to(sandbox, "second", second, web, accept)});
        agent_join_warm(&one, "alpha", NULL);
        agent_join_warm(&two, "beta", NULL);
        ck_assert_int_eq(sandbox_do(sandbox, "chain", curl, "-sSf", "--interface", "127.0.0.9", "--local-port",
                                    sandbox_text(sandbox, "%u", from),
                                    sandbox_text(sandbox, "http://127.0.0.2:%u/", first), NULL),
                         0);
        expect_begin(sandbox_output(sandbox, "chain"), sandbox_text(sandbox, "127.0.0.9 %u 127.0.0.2 %u", from, first));
        process_await(two.process, 0, ASK_MS, "\"relay ", sandbox_text(sandbox, "127.0.0.9:%u", from), NULL);
    }
    sandbox_free(sandbox);
}

START_TEST(address_of_the_first_client_passes_through_two_servers_as_text) {
    ask_through_two(__func__, "v1");
}
END_TEST

START_TEST(address_of_the_first_client_passes_through_two_servers_in_binary) {
    ask_through_two(__func__, "v2");
}
END_TEST

/* HAProxy answers `request` with what the header in front of it had; `more` are members of the service. */
static void expect_answer(const char *name, const char *more, const char *request, size_t length, const char *wanted) {
    struct sandbox *sandbox = sandbox_new(name);
    const char *haproxy = sandbox_peer(sandbox, "haproxy");
    uint16_t web = port_take(), port = port_take();
    char answer[1024] = "";
    if (haproxy) {
        start_haproxy(sandbox, haproxy,
                      sandbox_text(sandbox,
                                   "frontend web\n  mode http\n  bind 127.0.0.1:%u accept-proxy\n"
                                   "  http-request return status 200 content-type text/plain "
                                   "lf-string \"%%[fc_pp_authority] %%ci to %%fi\"\n",
                                   web));
        struct server server =
            server_start(sandbox, (struct server_plan){.services = service_to(sandbox, "web", port, web, more)});
        agent_join_warm(&server, "alpha", NULL);
        ck_assert(HOLDS_WITHIN(START_MS, !socket_is_refused(web)));
        int fd = socket_client(port);
        ck_assert(socket_send(fd, request, length, ASK_MS));
        ck_assert_int_eq(socket_read(fd, answer, sizeof answer - 1, NULL, ASK_MS), END_FILE);
        const char *body = strstr(answer, "\r\n\r\n");
        ck_assert_ptr_nonnull(body);
        ck_assert_str_eq(body + 4, wanted);
        close(fd);
    }
    sandbox_free(sandbox);
}

/* What a balancer knows of the client reaches the destination: here the host that was asked for. */
START_TEST(authority_of_a_balancers_header_arrives_at_haproxy) {
    static const char request[] = "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x1a\xc0\0\2\3\xc6\x33\x64\2\x9c\x42\x01\xbb"
                                  "\x02\0\x0b"
                                  "web.exampleGET / HTTP/1.0\r\n\r\n";
    expect_answer(__func__, "'proxy_protocol': 'v2', 'accept_proxy': '127.0.0.1',", request, sizeof request - 1,
                  "web.example 192.0.2.3 to 198.51.100.2");
}
END_TEST

START_TEST(name_by_which_a_shared_port_was_chosen_arrives_at_haproxy) {
    static const char request[] = "GET / HTTP/1.0\r\nHost: web.example.org\r\n\r\n";
    expect_answer(__func__, "'proxy_protocol': 'v2', 'hosts': '*.example.org',", request, sizeof request - 1,
                  "web.example.org 127.0.0.1 to 127.0.0.1");
}
END_TEST

/* The balancer's own port, which its header has, is none of ours. */
START_TEST(port_relative_to_the_clients_is_one_of_the_server) {
    static const char header[] = "PROXY TCP4 192.0.2.3 198.51.100.2 40002 443\r\n";
    struct sandbox *sandbox = sandbox_new(__func__);
    uint16_t port = port_take_range(2);
    struct destination *echo = destination_start_on((uint16_t)(port + 1), handle_echo, NULL);
    struct server server =
        server_start(sandbox, (struct server_plan){.services = service_text(sandbox, "echo", port, "127.0.0.1:+1",
                                                                            "'accept_proxy': '127.0.0.1',")});
    agent_join_warm(&server, "alpha", NULL);
    int fd = socket_client(port);
    ck_assert(socket_send(fd, header, sizeof header - 1, ASK_MS));
    ck_assert(socket_converse(fd, "hello", ASK_MS));
    close(fd);
    destination_free(echo);
    sandbox_free(sandbox);
}
END_TEST

/* ---- the first bytes themselves ---- */

struct seen { /* what a destination received of one connection until it answered */
    char bytes[256];
    size_t length;
};

/* One answer, so that a check sees a destination that speaks; then all else until the end. */
static void handle_note(struct connection *connection) {
    struct seen *seen = connection->context;
    (void)socket_read_some(connection->fd, seen->bytes, sizeof seen->bytes - 1, &seen->length, ASK_MS);
    (void)socket_send(connection->fd, "x", 1, ASK_MS);
    connection->end = socket_wait_end(connection->fd, ASK_MS);
}

static void check_service(const char *name, const char *version, struct seen *seen, uint16_t *to) {
    struct sandbox *sandbox = sandbox_new(name);
    struct destination *destination = destination_start(handle_note, seen);
    const char *admin = sandbox_path(sandbox, "admin.sock");
    struct server server = server_start(
        sandbox, (struct server_plan){.services = service_to(sandbox, "web", port_take(), destination_port(destination),
                                                             sandbox_text(sandbox, "'proxy_protocol': '%s',", version)),
                                      .more = sandbox_text(sandbox, "'admin': { 'socket': '%s' },", admin)});
    agent_join_warm(&server, "alpha", NULL);
    int code =
        sandbox_do(sandbox, "check", sandbox_program(sandbox, "munnel"), "check", "--socket", admin, "web", NULL);
    ck_assert_msg(code == 0, "%s", sandbox_output(sandbox, "check"));
    destination_await_ended(destination, 1, ASK_MS);
    *to = destination_port(destination);
    destination_free(destination);
    sandbox_free(sandbox);
}

START_TEST(check_by_the_server_is_local) {
    struct seen seen = {.length = 0};
    uint16_t to;
    check_service(__func__, "v2", &seen, &to);
    ck_assert_uint_eq(seen.length, 16);
    ck_assert_mem_eq(seen.bytes, "\r\n\r\n\0\r\nQUIT\n\x20\0\0\0", 16);
}
END_TEST

/* There are receivers that refuse UNKNOWN. */
START_TEST(check_by_version_1_has_the_addresses_of_the_agents_connection) {
    struct seen seen = {.length = 0};
    uint16_t to;
    char end[16];
    check_service(__func__, "v1", &seen, &to);
    int length = snprintf(end, sizeof end, " %u\r\n", to);
    expect_begin(seen.bytes, "PROXY TCP4 127.0.0.1 127.0.0.1 ");
    ck_assert_str_eq(seen.bytes + seen.length - length, end);
}
END_TEST

static void reload_with(struct server *server, const char *service) {
    size_t mark = process_mark(server->process);
    sandbox_write(server->sandbox, "echo.json", service, true);
    process_signal(server->process, SIGHUP);
    process_await(server->process, mark, ASK_MS, "configuration reloaded", NULL);
}

/* An echo returns what it gets: the header in front of the client's own bytes. */
static void expect_line(int fd, uint16_t port) {
    char line[128] = "", wanted[128];
    int length = snprintf(wanted, sizeof wanted, "PROXY TCP4 127.0.0.1 127.0.0.1 %u %u\r\n", socket_port(fd), port);
    ck_assert_int_eq(socket_read(fd, line, (size_t)length, NULL, ASK_MS), END_NONE);
    ck_assert_str_eq(line, wanted);
}

START_TEST(reload_changes_it_for_new_relays_alone) {
    struct sandbox *sandbox = sandbox_new(__func__);
    struct destination *echo = destination_start(handle_echo, NULL);
    uint16_t port = port_take(), to = destination_port(echo);
    const char *off = service_to(sandbox, "echo", port, to, NULL);
    const char *on = service_to(sandbox, "echo", port, to, "'proxy_protocol': 'v1',");
    sandbox_write(sandbox, "echo.json", off, true);
    struct server server =
        server_start(sandbox, (struct server_plan){.services = "", .more = "'include': 'echo.json',"});
    agent_join_warm(&server, "alpha", NULL);
    int before = socket_client(port);
    ck_assert(socket_converse(before, "before", ASK_MS));
    reload_with(&server, on);
    int since = socket_client(port);
    expect_line(since, port);
    ck_assert(socket_converse(since, "since", ASK_MS) && socket_converse(before, "as it was", ASK_MS));
    reload_with(&server, off);
    ck_assert(socket_echoes(port, ASK_MS));
    ck_assert(socket_converse(since, "still", ASK_MS));
    close(before);
    close(since);
    destination_free(echo);
    sandbox_free(sandbox);
}
END_TEST

static const char *service_everywhere(struct sandbox *sandbox, uint16_t port, uint16_t to, const char *more) {
    return sandbox_text(sandbox, "{ 'name': 'echo', 'listen': '0.0.0.0:%u', %s 'connect': '127.0.0.1:%u' }", port, more,
                        to);
}

static const char *ask_agent(struct sandbox *sandbox, const char *path) {
    static char answer[1 << 16];
    const char *request =
        sandbox_text(sandbox, "GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", path);
    int fd = socket_connect(sandbox_text(sandbox, "unix:%s", sandbox_path(sandbox, "agent.sock")), 0);
    ck_assert_uint_eq(http_converse(fd, request, answer, sizeof answer, ASK_MS), 200);
    return answer;
}

START_TEST(agent_counts_headers_and_shows_which_services_have_them) {
    struct sandbox *sandbox = sandbox_new(__func__);
    struct destination *echo = destination_start(handle_echo, NULL);
    uint16_t port = port_take(), plain = port_take();
    const char *services =
        sandbox_text(sandbox, "%s, %s",
                     service_to(sandbox, "headed", port, destination_port(echo), "'proxy_protocol': 'v1',"),
                     service_to(sandbox, "plain", plain, destination_port(echo), NULL));
    struct server server = server_start(sandbox, (struct server_plan){.services = services});
    agent_start(&server, "alpha", NULL, "--config",
                sandbox_write(sandbox, "agent.json", "{ 'admin': { 'socket': 'agent.sock' } }", true), NULL);
    agent_await(&server, 0, "alpha", JOIN_MS);
    for (unsigned i = 0; i < 3; i++) {
        int fd = socket_client(port);
        expect_line(fd, port);
        close(fd);
        ck_assert(socket_echoes(plain, ASK_MS));
    }
    ck_assert_ptr_nonnull(strstr(ask_agent(sandbox, "/metrics"), "\nmunnel_agent_proxy_headers_total 3\n"));
    const char *list = ask_agent(sandbox, "/v1/services"), *headed = strstr(list, "\"headed\"");
    ck_assert_ptr_nonnull(headed);
    ck_assert_ptr_nonnull(strstr(headed, "\"proxy_protocol\":\"v1\""));
    ck_assert_ptr_nonnull(strstr(list, "\"proxy_protocol\":\"off\""));
    destination_free(echo);
    sandbox_free(sandbox);
}
END_TEST

/* Its listener, of all addresses, does not have the one that it has come to. */
START_TEST(client_that_has_waited_meanwhile_is_named_whole) {
    struct sandbox *sandbox = sandbox_new(__func__);
    struct destination *echo = destination_start(handle_echo, NULL);
    uint16_t port = port_take();
    sandbox_write(sandbox, "echo.json", service_everywhere(sandbox, port, destination_port(echo), ""), true);
    struct server server =
        server_start(sandbox, (struct server_plan){.services = "", .more = "'include': 'echo.json',"});
    int fd = socket_client(port);
    reload_with(&server, service_everywhere(sandbox, port, destination_port(echo), "'proxy_protocol': 'v1',"));
    agent_join(&server, "alpha", NULL);
    expect_line(fd, port);
    close(fd);
    destination_free(echo);
    sandbox_free(sandbox);
}
END_TEST

/* ---- a destination that does not expect it ---- */

/* With the header unread, which resets the connection: so does one that does not expect it. */
START_TEST(destination_that_closes_upon_the_header_leaves_nothing_behind) {
    struct sandbox *sandbox = sandbox_new(__func__);
    char greeting[] = "bad request";
    struct destination *deaf = destination_start(handle_greeting, greeting);
    uint16_t port = port_take();
    struct server server =
        server_start(sandbox, (struct server_plan){.services = service_to(sandbox, "web", port, destination_port(deaf),
                                                                          "'proxy_protocol': 'v2',")});
    struct process *agent = agent_join_warm(&server, "alpha", NULL);
    struct usage before = usage_of(agent);
    for (unsigned i = 0; i < 50; i++) {
        int fd = socket_client(port);
        (void)socket_wait_end(fd, ASK_MS);
        close(fd);
    }
    destination_await_ended(deaf, 50, ASK_MS);
    usage_await(agent, &before, ASK_MS);
    destination_free(deaf);
    sandbox_free(sandbox);
}
END_TEST

SCENARIO_MAIN("proxy_protocol", SCENARIO(nginx_learns_addresses_of_every_kind_as_text, 40),
              SCENARIO(nginx_learns_addresses_of_every_kind_in_binary, 40),
              SCENARIO(log_of_haproxy_names_our_relay, 40),
              SCENARIO(pgbouncer_is_reached_through_haproxy_which_logs_the_client, 40),
              SCENARIO(address_of_the_first_client_passes_through_two_servers_as_text, 40),
              SCENARIO(address_of_the_first_client_passes_through_two_servers_in_binary, 40),
              SCENARIO(authority_of_a_balancers_header_arrives_at_haproxy, 40),
              SCENARIO(name_by_which_a_shared_port_was_chosen_arrives_at_haproxy, 40),
              SCENARIO(port_relative_to_the_clients_is_one_of_the_server, 40),
              SCENARIO(check_by_the_server_is_local, 40),
              SCENARIO(check_by_version_1_has_the_addresses_of_the_agents_connection, 40),
              SCENARIO(reload_changes_it_for_new_relays_alone, 40),
              SCENARIO(agent_counts_headers_and_shows_which_services_have_them, 40),
              SCENARIO(client_that_has_waited_meanwhile_is_named_whole, 40),
              SCENARIO(destination_that_closes_upon_the_header_leaves_nothing_behind, 40))
