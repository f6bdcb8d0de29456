/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_service_check: a check tells where a connection ends, by check_report.c, check_making.c and check_destination.c,
 * as POST /v1/services/NAME/check (src/server/admin/check.c) answers it; test_check_failures.c has what fails.
 */
#include "config.h"

#include "server/service/check_fixture.h"

#include "lib/net/sock.h"
#include "server/service/check_report.h"
#include "server/service/service_priv.h"
#include "unit.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

/* ---- what works ---- */

START_TEST(destination_that_answers_passes_every_hop) {
    begin_ready();
    int fd = ask_and_serve();
    ck_assert_int_eq(write(served.client->fd, "SSH", 3), 3);
    open_destination(30, 10);
    take_report(fd, "pass");
    expect_hop("listener", "pass", NULL);
    expect_hop("group", "pass", "1 agent");
    expect_hop("agent", "pass", "alpha");
    expect_hop("link", "pass", NULL);
    expect_hop("rules", "pass", NULL);
    expect_hop("name lookup", "pass", NULL);
    ck_assert(json_real_value(hop("name lookup", "ms")) == 10);
    expect_hop("connect", "pass", "127.0.0.1:80");
    ck_assert(json_real_value(hop("connect", "ms")) == 20);
    expect_hop("first byte", "pass", NULL);
    ck_assert_ptr_nonnull(strstr(json_string_value(at("summary")), "works by agent alpha"));
    end_client();
    finish();
}
END_TEST

START_TEST(destination_that_waits_for_a_request_is_well) {
    begin_ready();
    int fd = ask_and_serve();
    open_destination(1500, 0);
    take_report(fd, "pass");
    expect_hop("first byte", "skip", "as with HTTP");
    expect_hop("connect", "pass", "slowly");
    ck_assert_ptr_nonnull(strstr(json_string_value(at("summary")), "slow"));
    end_client();
    finish();
}
END_TEST

START_TEST(slow_lookup_and_slow_destination_are_told_apart) {
    static const struct {
        unsigned dial_ms, lookup_ms;
        const char *hop, *summary;
    } slow[] = {{1300, 1200, "name lookup", "but the look-up of its name is slow"},
                {1300, 100, "connect", "but its destination is slow"}};

    begin_ready();
    int fd = ask_and_serve();
    open_destination(slow[_i].dial_ms, slow[_i].lookup_ms);
    take_report(fd, "pass");
    expect_hop(slow[_i].hop, "pass", "slowly");
    ck_assert_ptr_nonnull(strstr(json_string_value(hop(slow[_i].hop, "remedy")), "agent alpha"));
    ck_assert_ptr_nonnull(strstr(json_string_value(at("summary")), slow[_i].summary));
    end_client();
    finish();
}
END_TEST

START_TEST(byte_before_the_end_counts) {
    begin_ready();
    int fd = ask_and_serve();
    ck_assert_int_eq(write(served.client->fd, "SSH", 3), 3);
    sock_set_reset_on_close(served.client->fd, false);
    open_destination(1, 0);
    end_opened(REASON_DONE, "");
    take_report(fd, "pass");
    expect_hop("first byte", "pass", NULL);
    finish();
}
END_TEST

START_TEST(what_a_check_does_not_try_is_told) {
    const char *const listen[] = {"127.0.0.1:20000-20098", "127.0.0.1:21000"};
    const struct check_facts facts = {.begun_us = 1, .accepted_us = 2, .has_port = true, .port = "127.0.0.1:20000"};
    struct check_report report;

    begin();
    struct service *service = fixture.server->services.items[0];
    struct service_config *conf = (struct service_config *)(uintptr_t)service_config(service);
    check_report_make(&report, &facts, service, fixture.server->sessions);
    ck_assert_str_eq(report.hops[CHECK_HOP_LISTENER].detail, "");
    strlist_done(&conf->listen);
    strlist_add(&conf->listen, listen[0]);
    strlist_add(&conf->listen, listen[1]);
    check_report_make(&report, &facts, service, fixture.server->sessions);
    ck_assert_str_eq(report.hops[CHECK_HOP_LISTENER].detail,
                     "127.0.0.1:20000, the first of 100 ports; the others are not tried");
    strlist_add(&conf->accept_proxy, "10.0.0.0/8");
    check_report_make(&report, &facts, service, fixture.server->sessions);
    ck_assert_ptr_nonnull(strstr(report.hops[CHECK_HOP_LISTENER].detail, "; balancers are not checked"));
    finish();
}
END_TEST

START_TEST(check_is_not_subject_to_the_rules_for_clients) {
    begin_ready();
    fixture.server->services.items[0]->live = 0;
    ((struct service_config *)(uintptr_t)service_config(fixture.server->services.items[0]))->max_clients = 1;
    int client = server_fixture_client(&fixture, 0, &served);
    struct fake_order first = served;
    int fd = ask_and_serve();
    open_destination(1, 0);
    take_report(fd, "pass");
    end_client();
    fake_give_back(&first, CLIENT_ENDED);
    close(client);
    server_fixture_run(&fixture);
    finish();
}
END_TEST

static TCase *passes(void) {
    TCase *group = tcase_create("passes");

    tcase_add_test(group, destination_that_answers_passes_every_hop);
    tcase_add_test(group, destination_that_waits_for_a_request_is_well);
    tcase_add_loop_test(group, slow_lookup_and_slow_destination_are_told_apart, 0, 2);
    tcase_add_test(group, byte_before_the_end_counts);
    tcase_add_test(group, what_a_check_does_not_try_is_told);
    tcase_add_test(group, check_is_not_subject_to_the_rules_for_clients);
    return group;
}

/* ---- Unix sockets ---- */

static void begin_at_socket(void) {
    char listen[200];

    prepare();
    snprintf(listen, sizeof listen, "unix:%s", unit_path("s0.sock"));
    strlist_done(&fixture.conf->services[0].listen);
    strlist_add(&fixture.conf->services[0].listen, listen);
    server_fixture_open(&fixture);
    server_fixture_join_ready(&fixture, "alpha");
}

START_TEST(check_goes_through_a_unix_socket_too) {
    begin_at_socket();
    int fd = ask_and_serve();
    ck_assert_int_eq(write(served.client->fd, "SSH", 3), 3);
    open_destination(1, 0);
    take_report(fd, "pass");
    expect_hop("listener", "pass", NULL);
    expect_hop("first byte", "pass", NULL);
    end_client();
    finish();
}
END_TEST

/* A plain close of a Unix socket looks like the destination's end. */
START_TEST(cut_at_a_unix_socket_is_not_the_destinations_end) {
    begin_at_socket();
    int fd = ask_and_serve();
    open_destination(1, 0);
    expect_status("POST", "/v1/agents/alpha/disconnect", 204);
    end_opened(REASON_OPERATOR, "an operator has asked for it");
    expect_agent_blamed(fd, ": an operator has asked for it");
    finish();
}
END_TEST

START_TEST(unix_socket_that_is_gone_fails) {
    begin_at_socket();
    ck_assert_int_eq(unlink(unit_path("s0.sock")), 0);
    take_report(ask_check(), "fail");
    expect_hop("listener", "fail", "s0.sock is not open: No such file");
    finish();
}
END_TEST

/* Its owner and mode may be for its clients alone. */
START_TEST(unix_socket_that_the_server_may_not_open_is_skipped) {
    const struct check_facts facts = {.begun_us = 1, .has_port = true, .port = "unix:/s0", .connect_error = EACCES};
    struct check_report report;

    begin_at_socket();
    check_report_make(&report, &facts, fixture.server->services.items[0], fixture.server->sessions);
    ck_assert(!report.has_passed && report.is_untried);
    ck_assert_int_eq(report.hops[CHECK_HOP_LISTENER].result, CHECK_SKIP);
    ck_assert_ptr_nonnull(strstr(report.summary, "could not be tried: munneld itself cannot be a client of unix:/s0"));
    finish();
}
END_TEST

static TCase *unix_sockets(void) {
    TCase *group = tcase_create("unix sockets");

    tcase_add_test(group, check_goes_through_a_unix_socket_too);
    tcase_add_test(group, cut_at_a_unix_socket_is_not_the_destinations_end);
    tcase_add_test(group, unix_socket_that_is_gone_fails);
    tcase_add_test(group, unix_socket_that_the_server_may_not_open_is_skipped);
    return group;
}

/* ---- limits ---- */

START_TEST(one_at_a_time_for_a_service) {
    begin_ready();
    int fd = ask_and_serve();
    expect_status("POST", check_path, 429);
    open_destination(1, 0);
    take_report(fd, "pass");
    end_client();
    fd = ask_and_serve();
    open_destination(1, 0);
    take_report(fd, "pass");
    end_client();
    expect_status("POST", "/v1/services/none/check", 404);
    finish();
}
END_TEST

/* Its connection is reset, and the next one may begin. */
START_TEST(check_ends_when_its_client_goes) {
    begin_ready();
    int fd = ask_and_serve();
    close(fd);
    for (unsigned i = 0; i < 1000 && fixture.server->services.items[0]->probe.on_end; i++) {
        server_fixture_run(&fixture);
        poll(NULL, 0, 1);
    }
    ck_assert_ptr_null(fixture.server->services.items[0]->probe.on_end);
    end_client();
    fd = ask_and_serve();
    open_destination(1, 0);
    take_report(fd, "pass");
    end_client();
    finish();
}
END_TEST

START_TEST(server_that_stops_ends_its_checks) {
    begin_ready();
    int fd = ask_and_serve();
    end_client();
    close(fd);
    fd = ask_and_serve();
    fake_give_back(&served, CLIENT_ENDED);
    finish(); /* the check is not reported yet */
    close(fd);
}
END_TEST

static TCase *limits(void) {
    TCase *group = tcase_create("limits");

    tcase_add_test(group, one_at_a_time_for_a_service);
    tcase_add_test(group, check_ends_when_its_client_goes);
    tcase_add_test(group, server_that_stops_ends_its_checks);
    return group;
}

UNIT_MAIN("server/service/service_check", passes, unix_sockets, limits)
