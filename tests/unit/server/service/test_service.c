/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_service: clients that come without an agent, when its ports are open (service_ports.c), and the limit of
 * clients.
 */
#include "config.h"

#include "server/server_fixture.h"
#include "unit.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

START_TEST(client_is_refused_without_an_agent) {
    struct server_fixture server_fixture;

    server_fixture_set_any(&server_fixture);
    server_fixture.conf->services[0].no_agent = CONFIG_REFUSE;
    server_fixture_open(&server_fixture);
    int fd = server_fixture_connect(&server_fixture, 0);
    ck_assert(server_fixture_is_reset(&server_fixture, fd));
    close(fd);
    server_fixture_join(&server_fixture, "a", "");
    fd = server_fixture_connect(&server_fixture, 0); /* the agent is connected, but has no link yet */
    ck_assert_uint_eq(server_fixture.server->services.waiting, 1);
    close(fd);
    server_fixture_clear(&server_fixture);
}
END_TEST

START_TEST(port_is_closed_without_an_agent) {
    struct server_fixture server_fixture;
    struct fake_order order;

    server_fixture_set_any(&server_fixture);
    server_fixture.conf->services[0].no_agent = CONFIG_CLOSE;
    server_fixture_open(&server_fixture);
    for (int round = 0; round < 2; round++) {
        ck_assert_int_eq(server_fixture_connect(&server_fixture, 0), -1);
        struct server_fixture_agent a = server_fixture_join(&server_fixture, "a", "");
        server_fixture_bring_link(&server_fixture, &a);
        int fd = server_fixture_client(&server_fixture, 0, &order);
        fake_give_back(&order, CLIENT_ENDED);
        close(fd);
        server_fixture_lose(&server_fixture, &a);
    }
    ck_assert_int_eq(server_fixture_connect(&server_fixture, 0), -1);
    server_fixture_clear(&server_fixture);
}
END_TEST

static int take_port(uint16_t port) {
    const struct sockaddr_in address = {.sin_family = AF_INET,
                                        .sin_port = htons(port),
                                        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const int on = 1;
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), 0);
    ck_assert_int_eq(bind(fd, (const struct sockaddr *)&address, sizeof address), 0);
    ck_assert_int_eq(listen(fd, 1), 0);
    return fd;
}

START_TEST(port_that_was_taken_stays_closed_when_the_agent_has_left_again) {
    struct server_fixture server_fixture;

    server_fixture_set_any(&server_fixture);
    server_fixture.conf->services[0].no_agent = CONFIG_CLOSE;
    server_fixture_open(&server_fixture);
    int taken = take_port(server_fixture.ports[0]);
    struct server_fixture_agent a = server_fixture_join(&server_fixture, "a", "");
    server_fixture_lose(&server_fixture, &a);
    close(taken);
    service_tick(server_fixture.server->services.items[0]);
    ck_assert_int_eq(server_fixture_connect(&server_fixture, 0), -1);
    server_fixture_join(&server_fixture, "a", "");
    int fd = server_fixture_connect(&server_fixture, 0);
    ck_assert_int_ge(fd, 0);
    close(fd);
    server_fixture_clear(&server_fixture);
}
END_TEST

START_TEST(no_more_than_max_clients) {
    struct server_fixture server_fixture;
    struct fake_order order;

    server_fixture_set_any(&server_fixture);
    server_fixture.conf->services[0].max_clients = 1;
    server_fixture_open(&server_fixture);
    server_fixture_join_ready(&server_fixture, "a");
    int first = server_fixture_client(&server_fixture, 0, &order), second = server_fixture_connect(&server_fixture, 0);
    ck_assert(server_fixture_is_reset(&server_fixture, second));
    fake_give_back(&order, CLIENT_ENDED);
    int third = server_fixture_client(&server_fixture, 0, &order);
    fake_give_back(&order, CLIENT_ENDED);
    close(first);
    close(second);
    close(third);
    server_fixture_clear(&server_fixture);
}
END_TEST

/* It has left its services, but not the clients that it has not answered yet. */
START_TEST(clients_of_a_draining_agent_are_recalled_too) {
    struct server_fixture server_fixture;
    struct fake_order order, recall;

    server_fixture_begin(&server_fixture);
    struct server *server = server_fixture.server;
    struct server_fixture_agent a = server_fixture_join_ready(&server_fixture, "a"),
                                b = server_fixture_join(&server_fixture, "b", "");
    struct session *silent = session_table_find(server->sessions, a.tag);
    int fd = server_fixture_client(&server_fixture, 0, &order);
    registry_drain(server->registry, silent);
    session_liveness(silent)->is_silent = true;
    service_recall(server->services.items[0], silent, server->plane);
    ck_assert(fake_take(FAKE_RECALL, &recall));
    ck_assert_uint_eq(recall.tag, a.tag);
    server_fixture_lose(&server_fixture, &b); /* no other is left */
    service_recall(server->services.items[0], silent, server->plane);
    ck_assert_uint_eq(fake_count(FAKE_RECALL), 0);
    server_fixture_end(&server_fixture, fd, &order);
}
END_TEST

static TCase *without_agents(void) {
    TCase *group = tcase_create("without agents");

    tcase_add_test(group, client_is_refused_without_an_agent);
    tcase_add_test(group, port_is_closed_without_an_agent);
    tcase_add_test(group, clients_of_a_draining_agent_are_recalled_too);
    tcase_add_test(group, port_that_was_taken_stays_closed_when_the_agent_has_left_again);
    return group;
}

static TCase *limits(void) {
    TCase *group = tcase_create("limits");

    tcase_add_test(group, no_more_than_max_clients);
    return group;
}

UNIT_MAIN("server/service/service", without_agents, limits)
