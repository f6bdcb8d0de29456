/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_real_programs: programs that people use, through a relay: nginx and curl, OpenSSH, iperf3; and every kind of
 * address.
 */
#include "config.h"

#include "harness/deadline.h"
#include "harness/munnel.h"
#include "harness/parallel_clients.h"
#include "harness/port.h"
#include "harness/scenario.h"
#include "harness/ssh.h"

#include <fcntl.h>
#include <netdb.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ASK_MS = 5000, MEGABYTE = 1000 * 1000 };

/* Writes so many bytes of a source into a file that everybody may read. */
static void write_bytes(const char *path, uint64_t seed, size_t size) {
    struct source source;
    char part[16384];
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    source_begin(&source, seed);
    for (size_t left = size; left > 0;) {
        size_t count = left < sizeof part ? left : sizeof part;
        source_fill(&source, part, count);
        ck_assert_uint_eq(fwrite(part, 1, count, file), count);
        left -= count;
    }
    ck_assert_int_eq(fclose(file), 0);
    ck_assert_int_eq(chmod(path, 0644), 0);
}

/* A relay to a port of this machine; the service's port comes back. */
static uint16_t relay_to(struct sandbox *sandbox, uint16_t to) {
    uint16_t port = port_take();
    struct server server =
        server_start(sandbox, (struct server_plan){.services = service_to(sandbox, "peer", port, to, NULL)});
    agent_join_warm(&server, "alpha", NULL);
    return port;
}

static void start_nginx(struct sandbox *sandbox, const char *program, uint16_t port) {
    const char *root = sandbox_path(sandbox, "www");
    ck_assert_int_eq(mkdir(root, 0755), 0);
    ck_assert(chmod(sandbox_folder(sandbox), 0755) == 0 && chmod(scenario_folder(), 0755) == 0); /* for its workers */
    const char *file = sandbox_write(
        sandbox, "nginx.conf",
        sandbox_text(
            sandbox,
            "daemon off; pid %s/nginx.pid; error_log stderr; worker_processes 1;\n"
            "events { worker_connections 512; }\n"
            "http { access_log off; client_body_temp_path %s/t1; proxy_temp_path %s/t2; fastcgi_temp_path %s/t3;\n"
            "  uwsgi_temp_path %s/t4; scgi_temp_path %s/t5; client_max_body_size 100m;\n"
            "  server { listen 127.0.0.1:%u; root %s/www; } }\n",
            sandbox_folder(sandbox), sandbox_folder(sandbox), sandbox_folder(sandbox), sandbox_folder(sandbox),
            sandbox_folder(sandbox), sandbox_folder(sandbox), port, sandbox_folder(sandbox)),
        false);
    sandbox_run(sandbox, "nginx", program, "-c", file, "-p", sandbox_folder(sandbox), NULL);
    ck_assert(HOLDS_WITHIN(START_MS, !socket_is_refused(port)));
}

START_TEST(nginx_s_files_come_through_to_curl) {
    struct sandbox *sandbox = sandbox_new(__func__);
    const char *nginx = sandbox_peer(sandbox, "nginx"), *curl = sandbox_peer(sandbox, "curl");
    if (nginx && curl) {
        uint16_t web = port_take();
        start_nginx(sandbox, nginx, web);
        uint16_t port = relay_to(sandbox, web);
        static const size_t sizes[] = {0, 1, 1000, 100000, 30 * MEGABYTE};
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            const char *served = sandbox_path(sandbox, "www/%zu", sizes[i]),
                       *got = sandbox_path(sandbox, "got-%zu", sizes[i]);
            write_bytes(served, 7 + i, sizes[i]);
            const char *url = sandbox_text(sandbox, "http://127.0.0.1:%u/%zu", port, sizes[i]);
            ck_assert_int_eq(sandbox_do(sandbox, "curl", curl, "-sSf", "-o", got, url, NULL), 0);
            if (sizes[i] > 0) /* of an empty one curl makes no file */
                ck_assert_int_eq(sandbox_do(sandbox, "cmp", "cmp", served, got, NULL), 0);
        }
        /* Many requests on one connection, many connections at once. */
        const char *some = sandbox_text(sandbox, "http://127.0.0.1:%u/1000?[1-200]", port);
        ck_assert_int_eq(sandbox_do(sandbox, "many", curl, "-sSf", "-o", "/dev/null", some, NULL), 0);
        ck_assert_int_eq(sandbox_do(sandbox, "parallel", curl, "-sSf", "-Z", "--parallel-immediate", "-o", "/dev/null",
                                    sandbox_text(sandbox, "http://127.0.0.1:%u/100000?[1-100]", port), NULL),
                         0);
        const char *missing = sandbox_text(sandbox, "http://127.0.0.1:%u/no-such-file", port);
        ck_assert_int_eq(sandbox_do(sandbox, "missing", curl, "-sSf", missing, NULL), 22); /* the server's own 404 */
    }
    sandbox_free(sandbox);
}
END_TEST

START_TEST(ssh_runs_commands_through_a_relay) {
    struct sandbox *sandbox = sandbox_new(__func__);
    const char *sshd = sandbox_peer(sandbox, "sshd"), *ssh = sandbox_peer(sandbox, "ssh");
    if (sshd && ssh) {
        const char *config = ssh_configure(sandbox, relay_to(sandbox, ssh_start_daemon(sandbox, sshd)));
        ck_assert_int_eq(sandbox_do(sandbox, "hello", ssh, "-F", config, "127.0.0.1",
                                    "echo the answer is $((6 * 7)); exit 5", NULL),
                         5);
        ck_assert_ptr_nonnull(strstr(sandbox_output(sandbox, "hello"), "the answer is 42"));
        const char *data = sandbox_path(sandbox, "data"), *back = sandbox_path(sandbox, "back");
        write_bytes(data, 5, 20 * MEGABYTE);
        const char *line = sandbox_text(sandbox, "%s -F %s 127.0.0.1 cat < %s > %s", ssh, config, data, back);
        ck_assert_int_eq(sandbox_do(sandbox, "cat", "sh", "-c", line, NULL), 0);
        ck_assert_int_eq(sandbox_do(sandbox, "cmp", "cmp", data, back, NULL), 0);
    }
    sandbox_free(sandbox);
}
END_TEST

START_TEST(iperf3_runs_both_ways) {
    struct sandbox *sandbox = sandbox_new(__func__);
    const char *iperf = sandbox_peer(sandbox, "iperf3");
    if (iperf) {
        uint16_t to = port_take();
        struct process *server = sandbox_run(sandbox, "iperf3", iperf, "-s", "-B", "127.0.0.1", "-p",
                                             sandbox_text(sandbox, "%u", to), "--forceflush", NULL);
        const char *port = sandbox_text(sandbox, "%u", relay_to(sandbox, to));
        static const char *const ways[][3] = {{"up", "-P1", NULL}, {"down", "-R", NULL}, {"four", "-P4", "-R"}};
        for (size_t i = 0, mark = 0; i < 3; i++) {
            process_await(server, mark, START_MS, "listening", NULL); /* one that is not done yet resets the next */
            mark = process_mark(server);
            int code = sandbox_do(sandbox, ways[i][0], iperf, "-c", "127.0.0.1", "-p", port, "-t", "2", "-f", "m",
                                  ways[i][1], ways[i][2], NULL);
            ck_assert_msg(code == 0, "%s: exit code %d: %s", ways[i][0], code, sandbox_output(sandbox, ways[i][0]));
            ck_assert_ptr_nonnull(strstr(sandbox_output(sandbox, ways[i][0]), "receiver"));
        }
    }
    sandbox_free(sandbox);
}
END_TEST

START_TEST(a_unix_socket_is_a_destination) {
    struct sandbox *sandbox = sandbox_new(__func__);
    const char *path = sandbox_text(sandbox, "unix:%s", sandbox_path(sandbox, "dest.sock"));
    struct destination *echo = destination_start_at(path, handle_echo, NULL);
    uint16_t port = port_take();
    const char *service = service_text(sandbox, "echo", port, path, NULL);
    struct server server = server_start(sandbox, (struct server_plan){.services = service});
    agent_start(&server, "alpha", NULL, "--allow", path, NULL);
    agent_await(&server, 0, "alpha", JOIN_MS);
    for (int i = 0; i < 20; i++)
        ck_assert(socket_echoes(port, ASK_MS));
    destination_free(echo);
    sandbox_free(sandbox);
}
END_TEST

START_TEST(a_unix_socket_and_several_addresses_are_listened_on) {
    struct sandbox *sandbox = sandbox_new(__func__);
    struct destination *echo = destination_start(handle_echo, NULL);
    uint16_t four = port_take(), other = port_take(), six = port_take();
    const char *path = sandbox_path(sandbox, "service.sock");
    const char *service = sandbox_text(sandbox,
                                       "{ 'name': 'echo', 'listen': ['127.0.0.1:%u', '127.0.0.1:%u', '[::1]:%u', "
                                       "'unix:%s'], 'connect': '127.0.0.1:%u' }",
                                       four, other, six, path, destination_port(echo));
    struct server server = server_start(sandbox, (struct server_plan){.services = service});
    agent_join(&server, "alpha", NULL);
    ck_assert(socket_echoes(four, ASK_MS));
    ck_assert(socket_echoes(other, ASK_MS));
    int fd = socket_connect("::1", six);
    ck_assert(socket_converse(fd, "over IPv6", ASK_MS));
    close(fd);
    fd = socket_connect(sandbox_text(sandbox, "unix:%s", path), 0);
    ck_assert(socket_converse(fd, "by a path", ASK_MS));
    close(fd);
    destination_free(echo);
    sandbox_free(sandbox);
}
END_TEST

START_TEST(an_ipv6_destination_and_an_ipv6_agent_port) {
    struct sandbox *sandbox = sandbox_new(__func__);
    struct destination *echo = destination_start_at("::1", handle_echo, NULL);
    const char *pki = sandbox_pki(sandbox, "pki");
    uint16_t port = port_take(), agents = port_take();
    const char *text =
        sandbox_text(sandbox,
                     "{ 'agents': { 'listen': '[::1]:%u', 'tls': { 'cert': '%s/server.pem', 'key': "
                     "'%s/server.key' }, 'auth': { 'tokens': '%s/agents.json' } },\n"
                     "  'services': [ { 'name': 'echo', 'listen': '[::1]:%u', 'connect': '[::1]:%u' } ],\n"
                     "  'admin': { 'socket': null }, 'log': { 'format': 'json' } }",
                     agents, pki, pki, pki, port, destination_port(echo));
    struct process *server = sandbox_run(sandbox, "server", sandbox_program(sandbox, "munneld"), "--config",
                                         sandbox_write(sandbox, "server.json", text, true), NULL);
    process_await(server, 0, START_MS, "listening for agents on", sandbox_text(sandbox, "[::1]:%u", agents), NULL);
    sandbox_run(sandbox, "agent", sandbox_program(sandbox, "munnel-agent"), "--ca",
                sandbox_text(sandbox, "%s/ca.pem", pki), sandbox_text(sandbox, "[::1]:%u", agents), NULL);
    process_await(server, 0, JOIN_MS, "\"joined\"", NULL);
    int fd = socket_connect("::1", port);
    ck_assert(socket_converse(fd, "all over IPv6", ASK_MS));
    close(fd);
    destination_free(echo);
    sandbox_free(sandbox);
}
END_TEST

static bool localhost_is_ipv6_too(void) {
    struct addrinfo wanted = {.ai_family = AF_INET6}, *found = NULL;
    bool is = getaddrinfo("localhost", NULL, &wanted, &found) == 0;
    if (is)
        freeaddrinfo(found);
    else
        printf("# localhost is not ::1 on this machine: not tried\n");
    return is;
}

/* localhost is ::1 and 127.0.0.1, and the destination listens on one of them only: the other is tried as well. */
START_TEST(names_are_looked_up_and_every_address_is_tried) {
    static const char *const addresses[] = {"127.0.0.1", "::1"};
    struct sandbox *sandbox = sandbox_new(__func__);
    struct destination *echoes[] = {destination_start_at(addresses[0], handle_echo, NULL),
                                    destination_start_at(addresses[1], handle_echo, NULL)};
    uint16_t ports[] = {port_take(), port_take()}, lost = port_take();
    const char *services =
        sandbox_text(sandbox, "%s, %s, %s",
                     service_text(sandbox, "four", ports[0],
                                  sandbox_text(sandbox, "localhost:%u", destination_port(echoes[0])), NULL),
                     service_text(sandbox, "six", ports[1],
                                  sandbox_text(sandbox, "localhost:%u", destination_port(echoes[1])), NULL),
                     service_text(sandbox, "lost", lost, "no-such-host.invalid:80", "'connect_timeout': 5,"));
    struct server server = server_start(sandbox, (struct server_plan){.services = services});
    /* The agent itself finds its server by a name that the certificate is for. */
    sandbox_run(sandbox, "agent", sandbox_program(sandbox, "munnel-agent"), "--name", "alpha", "--ca",
                sandbox_text(sandbox, "%s/ca.pem", server.pki), sandbox_text(sandbox, "localhost:%u", server.port),
                NULL);
    agent_await(&server, 0, "alpha", JOIN_MS);
    bool both = localhost_is_ipv6_too();
    for (int i = 0; i < 5; i++) {
        ck_assert(socket_echoes(ports[0], ASK_MS));
        ck_assert(!both || socket_echoes(ports[1], ASK_MS));
    }
    size_t mark = process_mark(server.process);
    int fd = socket_client(lost);
    ck_assert_int_eq(socket_wait_end(fd, 9000), END_RESET);
    close(fd);
    process_await(server.process, mark, ASK_MS, "\"relay ", "\"cut\"", "no-such-host.invalid", NULL);
    destination_free(echoes[0]);
    destination_free(echoes[1]);
    sandbox_free(sandbox);
}
END_TEST

START_TEST(of_a_list_of_destinations_the_first_that_answers) {
    struct sandbox *sandbox = sandbox_new(__func__);
    struct destination *echo = destination_start(handle_echo, NULL);
    uint16_t port = port_take();
    const char *service =
        sandbox_text(sandbox,
                     "{ 'name': 'echo', 'listen': '127.0.0.1:%u', 'connect': ['127.0.0.1:%u', '127.0.0.1:%u'] }", port,
                     port_take(), destination_port(echo));
    struct server server = server_start(sandbox, (struct server_plan){.services = service});
    agent_join(&server, "alpha", NULL);
    for (int i = 0; i < 20; i++)
        ck_assert(socket_echoes(port, ASK_MS));
    destination_free(echo);
    sandbox_free(sandbox);
}
END_TEST

/* client -> server 1 -> agent 1 -> server 2's service port -> agent 2 -> destination */
START_TEST(a_chain_of_two_servers) {
    struct sandbox *sandbox = sandbox_new(__func__);
    struct destination *exchange = destination_start(handle_exchange, NULL);
    uint16_t first = port_take(), second = port_take();
    const char *to_second = service_to(sandbox, "first", first, second, NULL);
    const char *to_destination = service_to(sandbox, "second", second, destination_port(exchange), NULL);
    struct server one =
        server_start(sandbox, (struct server_plan){.name = "one", .services = to_second, .pki = "pki1"});
    struct server two =
        server_start(sandbox, (struct server_plan){.name = "two", .services = to_destination, .pki = "pki2"});
    agent_join(&one, "alpha", NULL);
    agent_join(&two, "beta", NULL);
    for (uint64_t i = 0; i < 5; i++) {
        struct relayed relayed = {first, exchange, 10 * (i + 1), 10 * MEGABYTE, 10 * MEGABYTE, 0};
        const char *wrong = relayed_differs(&relayed, 30000);
        ck_assert_msg(!wrong, "%s", wrong);
    }
    destination_free(exchange);
    sandbox_free(sandbox);
}
END_TEST

START_TEST(one_agent_serves_two_servers) {
    struct sandbox *sandbox = sandbox_new(__func__);
    struct destination *echo = destination_start(handle_echo, NULL);
    uint16_t ports[] = {port_take(), port_take()};
    struct server servers[2];
    for (int i = 0; i < 2; i++) {
        const char *service = service_to(sandbox, "echo", ports[i], destination_port(echo), NULL);
        const char *name = i == 0 ? "one" : "two";
        servers[i] = server_start(sandbox, (struct server_plan){.name = name, .services = service});
    }
    const char *both = sandbox_text(sandbox, "127.0.0.1:%u,127.0.0.1:%u", servers[0].port, servers[1].port);
    sandbox_run(sandbox, "agent", sandbox_program(sandbox, "munnel-agent"), "--name", "alpha", "--ca",
                sandbox_text(sandbox, "%s/ca.pem", servers[0].pki), both, NULL);
    for (int i = 0; i < 2; i++) {
        agent_await(&servers[i], 0, "alpha", JOIN_MS);
        ck_assert(socket_echoes(ports[i], ASK_MS));
    }
    sandbox_kill(sandbox, servers[0].process);
    ck_assert(socket_echoes(ports[1], ASK_MS)); /* one server's end is nothing to the other */
    server_start_again(&servers[0]);
    agent_await(&servers[0], 0, "alpha", 6000);
    ck_assert(socket_echoes(ports[0], ASK_MS));
    destination_free(echo);
    sandbox_free(sandbox);
}
END_TEST

SCENARIO_MAIN("real_programs", SCENARIO(nginx_s_files_come_through_to_curl, 90),
              SCENARIO(ssh_runs_commands_through_a_relay, 60), SCENARIO(iperf3_runs_both_ways, 60),
              SCENARIO(a_unix_socket_is_a_destination, 30),
              SCENARIO(a_unix_socket_and_several_addresses_are_listened_on, 30),
              SCENARIO(an_ipv6_destination_and_an_ipv6_agent_port, 30),
              SCENARIO(names_are_looked_up_and_every_address_is_tried, 40),
              SCENARIO(of_a_list_of_destinations_the_first_that_answers, 30), SCENARIO(a_chain_of_two_servers, 60),
              SCENARIO(one_agent_serves_two_servers, 40))
