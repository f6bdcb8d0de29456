/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_service: clients that come when no agent is there, and the limit of clients.
 */
#include "config.h"

#include "server/server_fixture.h"
#include "unit.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

START_TEST(client_waits_for_an_agent) {
    struct server_fixture server_fixture;
    struct fake_order order;

    server_fixture_begin(&server_fixture);
    int fd = server_fixture_connect(&server_fixture, 0);
    ck_assert_uint_eq(server_fixture.server->services.waiting, 1);
    fake_clock_advance(9000);
    struct server_fixture_agent a = server_fixture_join_with(&server_fixture, "a", 1);
    ck_assert(fake_take(FAKE_SERVE, &order));
    ck_assert_uint_eq(server_fixture.server->services.waiting, 0);
    ck_assert_uint_eq(order.client->attempt_ms, 10000); /* waiting took nothing of the connect timeout */
    server_fixture_end(&server_fixture, fd, &order, a.tag);
}
END_TEST

START_TEST(client_waits_no_longer_than_pending_timeout) {
    struct server_fixture server_fixture;

    server_fixture_begin(&server_fixture);
    int early = server_fixture_connect(&server_fixture, 0);
    fake_clock_advance(5000);
    int late = server_fixture_connect(&server_fixture, 0);
    fake_clock_advance(5000);
    ck_assert(server_fixture_is_reset(&server_fixture, early));
    ck_assert_uint_eq(server_fixture.server->services.waiting, 1);
    fake_clock_advance(5000);
    ck_assert(server_fixture_is_reset(&server_fixture, late));
    ck_assert_uint_eq(client_table_live(server_fixture.server->clients), 0);
    close(early);
    close(late);
    server_fixture_clear(&server_fixture);
}
END_TEST

START_TEST(client_is_refused_without_an_agent) {
    struct server_fixture server_fixture;

    server_fixture_set_any(&server_fixture);
    server_fixture.conf->services[0].no_agent = CONFIG_REFUSE;
    server_fixture_open(&server_fixture);
    int fd = server_fixture_connect(&server_fixture, 0);
    ck_assert(server_fixture_is_reset(&server_fixture, fd));
    close(fd);
    server_fixture_join(&server_fixture, "a", "");
    fd = server_fixture_connect(&server_fixture, 0); /* an agent is there, only its link is not */
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
        fake_give_back(&order, CLIENT_ENDED, a.tag);
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
    struct server_fixture_agent a = server_fixture_join_with(&server_fixture, "a", 3);
    int first = server_fixture_client(&server_fixture, 0, &order), second = server_fixture_connect(&server_fixture, 0);
    ck_assert(server_fixture_is_reset(&server_fixture, second));
    fake_give_back(&order, CLIENT_ENDED, a.tag);
    int third = server_fixture_client(&server_fixture, 0, &order);
    fake_give_back(&order, CLIENT_ENDED, a.tag);
    close(first);
    close(second);
    close(third);
    server_fixture_clear(&server_fixture);
}
END_TEST

static TCase *without_agents(void) {
    TCase *group = tcase_create("without agents");

    tcase_add_test(group, client_waits_for_an_agent);
    tcase_add_test(group, client_waits_no_longer_than_pending_timeout);
    tcase_add_test(group, client_is_refused_without_an_agent);
    tcase_add_test(group, port_is_closed_without_an_agent);
    tcase_add_test(group, port_that_was_taken_stays_closed_when_the_agent_has_left_again);
    return group;
}

static TCase *limits(void) {
    TCase *group = tcase_create("limits");

    tcase_add_test(group, no_more_than_max_clients);
    return group;
}

UNIT_MAIN("server/service", without_agents, limits)
