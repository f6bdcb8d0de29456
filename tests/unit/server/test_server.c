/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_server: a server that cannot start reports what is wrong, one that runs acts on its signals, and descriptors
 * limit its clients. parts.c makes all of it.
 */
#include "config.h"

#include "server/server.h"

#include "lib/os/fd_count.h"
#include "server/server_fixture.h"
#include "unit.h"
#include "unit_log.h"

#include <arpa/inet.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static void expect_no_server(const struct server_fixture *server_fixture, const char *detail) {
    struct error error = {""};
    struct server *server = server_new(server_fixture->conf, NULL, &error);

    ck_assert_ptr_null(server);
    ck_assert_msg(strstr(error.text, detail), "no \"%s\" in: %s", detail, error.text);
}

static int listener_on(uint16_t port) {
    struct sockaddr_in place = {.sin_family = AF_INET,
                                .sin_port = htons(port),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    ck_assert_int_eq(bind(fd, (struct sockaddr *)&place, sizeof place), 0);
    ck_assert_int_eq(listen(fd, 1), 0);
    return fd;
}

START_TEST(port_in_use_is_named) {
    struct server_fixture server_fixture;
    char address[32];

    server_fixture_set_any(&server_fixture);
    int of_agents = listener_on(server_fixture.agent_port);
    snprintf(address, sizeof address, "127.0.0.1:%u", server_fixture.agent_port);
    expect_no_server(&server_fixture, address);
    close(of_agents);
    int of_clients = listener_on(server_fixture.ports[0]);
    snprintf(address, sizeof address, "127.0.0.1:%u", server_fixture.ports[0]);
    expect_no_server(&server_fixture, address);
    close(of_clients);
    server_config_free(server_fixture.conf);
}
END_TEST

static void replace(char **path, const char *by) {
    free(*path);
    *path = strdup(by);
}

START_TEST(file_that_is_missing_is_named) {
    struct server_fixture server_fixture;

    server_fixture_set_any(&server_fixture);
    replace(&server_fixture.conf->agents.tokens, "/no/agents.json");
    expect_no_server(&server_fixture, "/no/agents.json");
    replace(&server_fixture.conf->agents.certificate, "/no/server.pem");
    expect_no_server(&server_fixture, "/no/server.pem");
    server_config_free(server_fixture.conf);
}
END_TEST

static void on_confirmed(evutil_socket_t fd, short what, void *context) {
    (void)fd;
    (void)what;
    (void)context;
    fake_counts()->unconfirmed = 0;
    ck_assert_int_eq(raise(SIGTERM), 0);
}

static void on_ready(evutil_socket_t fd, short what, void *context) {
    static const int numbers[] = {SIGUSR1, SIGHUP};

    (void)fd;
    (void)what;
    (void)context;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        ck_assert_int_eq(raise(numbers[i]), 0);
}

START_TEST(signals_log_reload_and_stop) {
    static const char *const lines[] = {"started: 1 service,", " statistics ",
                                        "configuration reloaded version=", "stopping: no new clients", "  stopped\n"};
    static const struct timeval at_once = {0, 0}, later = {0, 100000};
    struct server_fixture server_fixture;
    struct error error;

    server_fixture_set_any(&server_fixture);
    struct log *log = unit_log(LOG_LEVEL_INFO);
    struct server *server = server_new(server_fixture.conf, log, &error);
    ck_assert_msg(server, "%s", error.text);
    fake_counts()->unconfirmed = 1; /* the stop is not over before the other signals were handled */
    ck_assert_int_eq(event_base_once(loop_base(server->loop), -1, EV_TIMEOUT, on_ready, NULL, &at_once), 0);
    ck_assert_int_eq(event_base_once(loop_base(server->loop), -1, EV_TIMEOUT, on_confirmed, NULL, &later), 0);
    ck_assert_msg(server_run(server, &error) == 0, "%s", error.text);
    server_free(server);
    log_free(log);
    server_config_free(server_fixture.conf);
    char *text = unit_read(unit_path("log"), NULL);
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        ck_assert_msg(strstr(text, lines[i]), "no \"%s\" in: %s", lines[i], text);
    free(text);
}
END_TEST

/* What is open and a reserve for agents are not for clients, nor is a quarter of the others, for data links. */
START_TEST(descriptors_limit_the_clients) {
    enum { ALL = 400, RESERVE = ALL / 8 };
    struct server_fixture server_fixture;
    struct rlimit limit = {ALL, ALL};

    server_fixture_set_any(&server_fixture);
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    server_fixture_open(&server_fixture);
    int spare = ALL - fd_count() - RESERVE;
    ck_assert_int_eq((int)server_fixture.server->links.limit, spare / 4);
    ck_assert_int_eq((int)client_table_limit(server_fixture.server->clients), spare - spare / 4);
    server_fixture_clear(&server_fixture);
}
END_TEST

static TCase *server_cases(void) {
    TCase *group = tcase_create("server");

    tcase_add_test(group, port_in_use_is_named);
    tcase_add_test(group, file_that_is_missing_is_named);
    tcase_add_test(group, signals_log_reload_and_stop);
    tcase_add_test(group, descriptors_limit_the_clients);
    return group;
}

UNIT_MAIN("server/server", server_cases)
