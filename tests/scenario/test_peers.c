/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_peers: programs that people use, through a relay: nginx and curl, OpenSSH, iperf3; and every kind of address.
 */
#include "config.h"

#include "harness/crowd.h"
#include "harness/deadline.h"
#include "harness/munnel.h"
#include "harness/port.h"
#include "harness/scenario.h"

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
static uint16_t relay_to(struct stand *stand, uint16_t to) {
    uint16_t port = port_take();
    struct server server =
        server_start(stand, (struct server_plan){.services = service_to(stand, "peer", port, to, NULL)});
    agent_join_warm(&server, "alpha", NULL);
    return port;
}

static void start_nginx(struct stand *stand, const char *program, uint16_t port) {
    const char *root = stand_path(stand, "www");
    ck_assert_int_eq(mkdir(root, 0755), 0);
    ck_assert(chmod(stand_folder(stand), 0755) == 0 && chmod(scenario_folder(), 0755) == 0); /* for its workers */
    const char *file = stand_write(
        stand, "nginx.conf",
        stand_text(
            stand,
            "daemon off; pid %s/nginx.pid; error_log stderr; worker_processes 1;\n"
            "events { worker_connections 512; }\n"
            "http { access_log off; client_body_temp_path %s/t1; proxy_temp_path %s/t2; fastcgi_temp_path %s/t3;\n"
            "  uwsgi_temp_path %s/t4; scgi_temp_path %s/t5; client_max_body_size 100m;\n"
            "  server { listen 127.0.0.1:%u; root %s/www; } }\n",
            stand_folder(stand), stand_folder(stand), stand_folder(stand), stand_folder(stand), stand_folder(stand),
            stand_folder(stand), port, stand_folder(stand)),
        false);
    stand_run(stand, "nginx", program, "-c", file, "-p", stand_folder(stand), NULL);
    ck_assert(HOLDS_WITHIN(START_MS, !socket_is_refused(port)));
}

START_TEST(nginx_s_files_come_through_to_curl) {
    struct stand *stand = stand_new(__func__);
    const char *nginx = stand_peer(stand, "nginx"), *curl = stand_peer(stand, "curl");
    if (nginx && curl) {
        uint16_t web = port_take();
        start_nginx(stand, nginx, web);
        uint16_t port = relay_to(stand, web);
        static const size_t sizes[] = {0, 1, 1000, 100000, 30 * MEGABYTE};
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            const char *served = stand_path(stand, "www/%zu", sizes[i]), *got = stand_path(stand, "got-%zu", sizes[i]);
            write_bytes(served, 7 + i, sizes[i]);
            const char *url = stand_text(stand, "http://127.0.0.1:%u/%zu", port, sizes[i]);
            ck_assert_int_eq(stand_do(stand, "curl", curl, "-sSf", "-o", got, url, NULL), 0);
            if (sizes[i] > 0) /* of an empty one curl makes no file */
                ck_assert_int_eq(stand_do(stand, "cmp", "cmp", served, got, NULL), 0);
        }
        /* Many requests on one connection, many connections at once. */
        const char *some = stand_text(stand, "http://127.0.0.1:%u/1000?[1-200]", port);
        ck_assert_int_eq(stand_do(stand, "many", curl, "-sSf", "-o", "/dev/null", some, NULL), 0);
        ck_assert_int_eq(stand_do(stand, "parallel", curl, "-sSf", "-Z", "--parallel-immediate", "-o", "/dev/null",
                                  stand_text(stand, "http://127.0.0.1:%u/100000?[1-100]", port), NULL),
                         0);
        const char *missing = stand_text(stand, "http://127.0.0.1:%u/no-such-file", port);
        ck_assert_int_eq(stand_do(stand, "missing", curl, "-sSf", missing, NULL), 22); /* the server's own 404 */
    }
    stand_free(stand);
}
END_TEST

static uint16_t start_sshd(struct stand *stand, const char *sshd) {
    uint16_t port = port_take();
    const char *key = stand_path(stand, "host_key"), *own = stand_path(stand, "id");
    ck_assert_int_eq(stand_do(stand, "keygen-host", "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key, NULL), 0);
    ck_assert_int_eq(stand_do(stand, "keygen-own", "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", own, NULL), 0);
    const char *file = stand_write(stand, "sshd_config",
                                   stand_text(stand,
                                              "Port %u\nListenAddress 127.0.0.1\nHostKey %s\nPidFile none\n"
                                              "AuthorizedKeysFile %s.pub\nStrictModes no\nUsePAM no\n"
                                              "PasswordAuthentication no\nPermitRootLogin yes\n",
                                              port, key, own),
                                   false);
    mkdir("/run/sshd", 0755); /* its service would make it */
    stand_run(stand, "sshd", sshd, "-D", "-e", "-f", file, NULL);
    ck_assert(HOLDS_WITHIN(START_MS, !socket_is_refused(port)));
    return port;
}

START_TEST(ssh_runs_commands_through_a_relay) {
    struct stand *stand = stand_new(__func__);
    const char *sshd = stand_peer(stand, "sshd"), *ssh = stand_peer(stand, "ssh");
    if (sshd && ssh) {
        const char *port = stand_text(stand, "%u", relay_to(stand, start_sshd(stand, sshd)));
        const char *id = stand_path(stand, "id"),
                   *config = stand_write(stand, "ssh_config",
                                         "StrictHostKeyChecking no\nUserKnownHostsFile /dev/null\nLogLevel ERROR\n"
                                         "IdentitiesOnly yes\nBatchMode yes\n",
                                         false);
        ck_assert_int_eq(stand_do(stand, "hello", ssh, "-F", config, "-i", id, "-p", port, "127.0.0.1",
                                  "echo the answer is $((6 * 7)); exit 5", NULL),
                         5);
        ck_assert_ptr_nonnull(strstr(stand_output(stand, "hello"), "the answer is 42"));
        const char *data = stand_path(stand, "data"), *back = stand_path(stand, "back");
        write_bytes(data, 5, 20 * MEGABYTE);
        const char *line =
            stand_text(stand, "%s -F %s -i %s -p %s 127.0.0.1 cat < %s > %s", ssh, config, id, port, data, back);
        ck_assert_int_eq(stand_do(stand, "cat", "sh", "-c", line, NULL), 0);
        ck_assert_int_eq(stand_do(stand, "cmp", "cmp", data, back, NULL), 0);
    }
    stand_free(stand);
}
END_TEST

START_TEST(iperf3_runs_both_ways) {
    struct stand *stand = stand_new(__func__);
    const char *iperf = stand_peer(stand, "iperf3");
    if (iperf) {
        uint16_t to = port_take();
        struct process *server = stand_run(stand, "iperf3", iperf, "-s", "-B", "127.0.0.1", "-p",
                                           stand_text(stand, "%u", to), "--forceflush", NULL);
        const char *port = stand_text(stand, "%u", relay_to(stand, to));
        static const char *const ways[][3] = {{"up", "-P1", NULL}, {"down", "-R", NULL}, {"four", "-P4", "-R"}};
        for (size_t i = 0, mark = 0; i < 3; i++) {
            process_await(server, mark, START_MS, "listening", NULL); /* one that is not done yet resets the next */
            mark = process_mark(server);
            int code = stand_do(stand, ways[i][0], iperf, "-c", "127.0.0.1", "-p", port, "-t", "2", "-f", "m",
                                ways[i][1], ways[i][2], NULL);
            ck_assert_msg(code == 0, "%s: exit code %d: %s", ways[i][0], code, stand_output(stand, ways[i][0]));
            ck_assert_ptr_nonnull(strstr(stand_output(stand, ways[i][0]), "receiver"));
        }
    }
    stand_free(stand);
}
END_TEST

START_TEST(a_unix_socket_is_a_destination) {
    struct stand *stand = stand_new(__func__);
    const char *path = stand_text(stand, "unix:%s", stand_path(stand, "dest.sock"));
    struct destination *echo = destination_start_at(path, serve_echo, NULL);
    uint16_t port = port_take();
    const char *service = service_text(stand, "echo", port, path, NULL);
    struct server server = server_start(stand, (struct server_plan){.services = service});
    agent_start(&server, "alpha", NULL, "--allow", path, NULL);
    agent_await(&server, 0, "alpha", JOIN_MS);
    for (int i = 0; i < 20; i++)
        ck_assert(socket_echoes(port, ASK_MS));
    destination_free(echo);
    stand_free(stand);
}
END_TEST

START_TEST(a_unix_socket_and_several_addresses_are_listened_on) {
    struct stand *stand = stand_new(__func__);
    struct destination *echo = destination_start(serve_echo, NULL);
    uint16_t four = port_take(), other = port_take(), six = port_take();
    const char *path = stand_path(stand, "service.sock");
    const char *service = stand_text(stand,
                                     "{ 'name': 'echo', 'listen': ['127.0.0.1:%u', '127.0.0.1:%u', '[::1]:%u', "
                                     "'unix:%s'], 'connect': '127.0.0.1:%u' }",
                                     four, other, six, path, destination_port(echo));
    struct server server = server_start(stand, (struct server_plan){.services = service});
    agent_join(&server, "alpha", NULL);
    ck_assert(socket_echoes(four, ASK_MS));
    ck_assert(socket_echoes(other, ASK_MS));
    int fd = socket_connect("::1", six);
    ck_assert(socket_converse(fd, "over IPv6", ASK_MS));
    close(fd);
    fd = socket_connect(stand_text(stand, "unix:%s", path), 0);
    ck_assert(socket_converse(fd, "by a path", ASK_MS));
    close(fd);
    destination_free(echo);
    stand_free(stand);
}
END_TEST

START_TEST(an_ipv6_destination_and_an_ipv6_agent_port) {
    struct stand *stand = stand_new(__func__);
    struct destination *echo = destination_start_at("::1", serve_echo, NULL);
    const char *pki = stand_pki(stand, "pki");
    uint16_t port = port_take(), agents = port_take();
    const char *text = stand_text(stand,
                                  "{ 'agents': { 'listen': '[::1]:%u', 'tls': { 'cert': '%s/server.pem', 'key': "
                                  "'%s/server.key' }, 'auth': { 'tokens': '%s/agents.json' } },\n"
                                  "  'services': [ { 'name': 'echo', 'listen': '[::1]:%u', 'connect': '[::1]:%u' } ],\n"
                                  "  'admin': { 'socket': null }, 'log': { 'format': 'json' } }",
                                  agents, pki, pki, pki, port, destination_port(echo));
    struct process *server = stand_run(stand, "server", stand_program(stand, "munneld"), "--config",
                                       stand_write(stand, "server.json", text, true), NULL);
    process_await(server, 0, START_MS, "may connect to", stand_text(stand, "[::1]:%u", agents), NULL);
    stand_run(stand, "agent", stand_program(stand, "munnel-agent"), "--ca", stand_text(stand, "%s/ca.pem", pki),
              stand_text(stand, "[::1]:%u", agents), NULL);
    process_await(server, 0, JOIN_MS, "\"joined\"", NULL);
    int fd = socket_connect("::1", port);
    ck_assert(socket_converse(fd, "all over IPv6", ASK_MS));
    close(fd);
    destination_free(echo);
    stand_free(stand);
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
    struct stand *stand = stand_new(__func__);
    struct destination *echoes[] = {destination_start_at(addresses[0], serve_echo, NULL),
                                    destination_start_at(addresses[1], serve_echo, NULL)};
    uint16_t ports[] = {port_take(), port_take()}, lost = port_take();
    const char *services = stand_text(
        stand, "%s, %s, %s",
        service_text(stand, "four", ports[0], stand_text(stand, "localhost:%u", destination_port(echoes[0])), NULL),
        service_text(stand, "six", ports[1], stand_text(stand, "localhost:%u", destination_port(echoes[1])), NULL),
        service_text(stand, "lost", lost, "no-such-host.invalid:80", "'connect_timeout': 5,"));
    struct server server = server_start(stand, (struct server_plan){.services = services});
    /* The agent itself finds its server by a name that the certificate is for. */
    stand_run(stand, "agent", stand_program(stand, "munnel-agent"), "--name", "alpha", "--ca",
              stand_text(stand, "%s/ca.pem", server.pki), stand_text(stand, "localhost:%u", server.port), NULL);
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
    stand_free(stand);
}
END_TEST

START_TEST(of_a_list_of_destinations_the_first_that_answers) {
    struct stand *stand = stand_new(__func__);
    struct destination *echo = destination_start(serve_echo, NULL);
    uint16_t port = port_take();
    const char *service =
        stand_text(stand, "{ 'name': 'echo', 'listen': '127.0.0.1:%u', 'connect': ['127.0.0.1:%u', '127.0.0.1:%u'] }",
                   port, port_take(), destination_port(echo));
    struct server server = server_start(stand, (struct server_plan){.services = service});
    agent_join(&server, "alpha", NULL);
    for (int i = 0; i < 20; i++)
        ck_assert(socket_echoes(port, ASK_MS));
    destination_free(echo);
    stand_free(stand);
}
END_TEST

/* client -> server 1 -> agent 1 -> server 2's service port -> agent 2 -> destination */
START_TEST(a_chain_of_two_servers) {
    struct stand *stand = stand_new(__func__);
    struct destination *exchange = destination_start(serve_exchange, NULL);
    uint16_t first = port_take(), second = port_take();
    const char *to_second = service_to(stand, "first", first, second, NULL);
    const char *to_destination = service_to(stand, "second", second, destination_port(exchange), NULL);
    struct server one = server_start(stand, (struct server_plan){.name = "one", .services = to_second, .pki = "pki1"});
    struct server two =
        server_start(stand, (struct server_plan){.name = "two", .services = to_destination, .pki = "pki2"});
    agent_join(&one, "alpha", NULL);
    agent_join(&two, "beta", NULL);
    for (uint64_t i = 0; i < 5; i++) {
        struct relayed relayed = {first, exchange, 10 * (i + 1), 10 * MEGABYTE, 10 * MEGABYTE, 0};
        const char *wrong = relayed_differs(&relayed, 30000);
        ck_assert_msg(!wrong, "%s", wrong);
    }
    destination_free(exchange);
    stand_free(stand);
}
END_TEST

START_TEST(one_agent_serves_two_servers) {
    struct stand *stand = stand_new(__func__);
    struct destination *echo = destination_start(serve_echo, NULL);
    uint16_t ports[] = {port_take(), port_take()};
    struct server servers[2];
    for (int i = 0; i < 2; i++) {
        const char *service = service_to(stand, "echo", ports[i], destination_port(echo), NULL);
        const char *name = i == 0 ? "one" : "two";
        servers[i] = server_start(stand, (struct server_plan){.name = name, .services = service});
    }
    const char *both = stand_text(stand, "127.0.0.1:%u,127.0.0.1:%u", servers[0].port, servers[1].port);
    stand_run(stand, "agent", stand_program(stand, "munnel-agent"), "--name", "alpha", "--ca",
              stand_text(stand, "%s/ca.pem", servers[0].pki), both, NULL);
    for (int i = 0; i < 2; i++) {
        agent_await(&servers[i], 0, "alpha", JOIN_MS);
        ck_assert(socket_echoes(ports[i], ASK_MS));
    }
    stand_kill(stand, servers[0].process);
    ck_assert(socket_echoes(ports[1], ASK_MS)); /* one server's end is nothing to the other */
    server_start_again(&servers[0]);
    agent_await(&servers[0], 0, "alpha", 6000);
    ck_assert(socket_echoes(ports[0], ASK_MS));
    destination_free(echo);
    stand_free(stand);
}
END_TEST

SCENARIO_MAIN("peers", SCENARIO(nginx_s_files_come_through_to_curl, 90),
              SCENARIO(ssh_runs_commands_through_a_relay, 60), SCENARIO(iperf3_runs_both_ways, 60),
              SCENARIO(a_unix_socket_is_a_destination, 30),
              SCENARIO(a_unix_socket_and_several_addresses_are_listened_on, 30),
              SCENARIO(an_ipv6_destination_and_an_ipv6_agent_port, 30),
              SCENARIO(names_are_looked_up_and_every_address_is_tried, 40),
              SCENARIO(of_a_list_of_destinations_the_first_that_answers, 30), SCENARIO(a_chain_of_two_servers, 60),
              SCENARIO(one_agent_serves_two_servers, 40))
