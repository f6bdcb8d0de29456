/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_service: clients that come when no agent is there, limits, and the end of the server.
 */
#include "config.h"

#include "server/stage.h"
#include "unit.h"

#include <string.h>
#include <unistd.h>

START_TEST(client_waits_for_an_agent) {
    struct stage stage;
    struct fake_order order;

    stage_begin(&stage);
    int fd = stage_connect(&stage, 0);
    ck_assert_uint_eq(stage.server->waiting, 1);
    fake_clock_advance(9000);
    struct stage_agent a = stage_join_with(&stage, "a", 1);
    ck_assert(fake_take(FAKE_SERVE, &order));
    ck_assert_uint_eq(stage.server->waiting, 0);
    ck_assert_uint_eq(order.client->attempt_ms, 10000); /* waiting took nothing of the connect timeout */
    stage_end(&stage, fd, &order, a.tag);
}
END_TEST

START_TEST(client_waits_no_longer_than_pending_timeout) {
    struct stage stage;

    stage_begin(&stage);
    int early = stage_connect(&stage, 0);
    fake_clock_advance(5000);
    int late = stage_connect(&stage, 0);
    fake_clock_advance(5000);
    ck_assert(stage_is_reset(&stage, early));
    ck_assert_uint_eq(stage.server->waiting, 1);
    fake_clock_advance(5000);
    ck_assert(stage_is_reset(&stage, late));
    ck_assert_uint_eq(clients_live(stage.server->clients), 0);
    close(early);
    close(late);
    stage_clear(&stage);
}
END_TEST

START_TEST(client_is_refused_without_an_agent) {
    struct stage stage;

    stage_set_any(&stage);
    stage.conf->services[0].no_agent = CONF_REFUSE;
    stage_open(&stage);
    int fd = stage_connect(&stage, 0);
    ck_assert(stage_is_reset(&stage, fd));
    close(fd);
    stage_join(&stage, "a", "");
    fd = stage_connect(&stage, 0); /* an agent is there, only its link is not */
    ck_assert_uint_eq(stage.server->waiting, 1);
    close(fd);
    stage_clear(&stage);
}
END_TEST

START_TEST(port_is_closed_without_an_agent) {
    struct stage stage;
    struct fake_order order;

    stage_set_any(&stage);
    stage.conf->services[0].no_agent = CONF_CLOSE;
    stage_open(&stage);
    for (int round = 0; round < 2; round++) {
        ck_assert_int_eq(stage_connect(&stage, 0), -1);
        struct stage_agent a = stage_join(&stage, "a", "");
        stage_bring_link(&stage, &a);
        int fd = stage_client(&stage, 0, &order);
        fake_give_back(&order, CLIENT_ENDED, a.tag);
        close(fd);
        stage_lose(&stage, &a);
    }
    ck_assert_int_eq(stage_connect(&stage, 0), -1);
    stage_clear(&stage);
}
END_TEST

START_TEST(no_more_than_max_clients) {
    struct stage stage;
    struct fake_order order;

    stage_set_any(&stage);
    stage.conf->services[0].max_clients = 1;
    stage_open(&stage);
    struct stage_agent a = stage_join_with(&stage, "a", 3);
    int first = stage_client(&stage, 0, &order), second = stage_connect(&stage, 0);
    ck_assert(stage_is_reset(&stage, second));
    fake_give_back(&order, CLIENT_ENDED, a.tag);
    int third = stage_client(&stage, 0, &order);
    fake_give_back(&order, CLIENT_ENDED, a.tag);
    close(first);
    close(second);
    close(third);
    stage_clear(&stage);
}
END_TEST

START_TEST(server_finishes_what_runs) {
    struct stage stage;
    struct fake_order order;

    stage_begin(&stage);
    struct stage_agent a = stage_join_with(&stage, "a", 2);
    int fd = stage_client(&stage, 0, &order);
    server_stop(stage.server);
    ck_assert_int_eq(stage_connect(&stage, 0), -1);
    ck_assert_uint_eq(clients_live(stage.server->clients), 1);
    fake_give_back(&order, CLIENT_ENDED, a.tag);
    ck_assert_int_eq(loop_run(stage.server->loop), 0); /* comes back by itself */
    close(fd);
    stage_clear(&stage);
}
END_TEST

START_TEST(server_cuts_what_runs_after_thirty_seconds) {
    struct stage stage;
    struct fake_order order;

    stage_begin(&stage);
    struct stage_agent a = stage_join_with(&stage, "a", 2);
    int fd = stage_client(&stage, 0, &order);
    server_stop(stage.server);
    fake_clock_advance(30000);
    ck_assert_int_eq(loop_run(stage.server->loop), 0);
    ck_assert_uint_eq(clients_live(stage.server->clients), 1);
    stage_end(&stage, fd, &order, a.tag);
}
END_TEST

START_TEST(a_server_that_stops_sends_its_agents_away) {
    struct stage stage;
    struct fake_order order;

    stage_begin(&stage);
    struct stage_agent a = stage_join_with(&stage, "a", 2);
    int fd = stage_client(&stage, 0, &order);
    fake_forget(FAKE_TELL);
    server_stop(stage.server);
    struct fake_order goaway;
    ck_assert(fake_take(FAKE_TELL, &goaway));
    ck_assert(link_ref_same(goaway.link, a.control));
    ck_assert_ptr_nonnull(strstr(goaway.text, "goaway"));
    ck_assert_uint_eq(clients_live(stage.server->clients), 1);
    stage_end(&stage, fd, &order, a.tag);
}
END_TEST

START_TEST(who_waits_as_the_server_stops_is_not_held) {
    struct stage stage;

    stage_begin(&stage);
    int fd = stage_connect(&stage, 0);
    server_stop(stage.server);
    fake_clock_advance(1500);
    ck_assert_int_eq(loop_run(stage.server->loop), 0); /* comes back by itself: nobody is left */
    ck_assert(stage_is_reset(&stage, fd));
    close(fd);
    stage_clear(&stage);
}
END_TEST

static TCase *without_agents(void) {
    TCase *group = tcase_create("without agents");

    tcase_add_test(group, client_waits_for_an_agent);
    tcase_add_test(group, client_waits_no_longer_than_pending_timeout);
    tcase_add_test(group, client_is_refused_without_an_agent);
    tcase_add_test(group, port_is_closed_without_an_agent);
    return group;
}

static TCase *limits(void) {
    TCase *group = tcase_create("limits");

    tcase_add_test(group, no_more_than_max_clients);
    return group;
}

static TCase *stopping(void) {
    TCase *group = tcase_create("stopping");

    tcase_add_test(group, server_finishes_what_runs);
    tcase_add_test(group, server_cuts_what_runs_after_thirty_seconds);
    tcase_add_test(group, a_server_that_stops_sends_its_agents_away);
    tcase_add_test(group, who_waits_as_the_server_stops_is_not_held);
    return group;
}

UNIT_MAIN("server/service", without_agents, limits, stopping)
