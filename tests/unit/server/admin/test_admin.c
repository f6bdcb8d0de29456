/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_admin: answers over the Unix socket have what the server is, and changes do what they are named after: the
 * operations of status.c, services.c, history_answer.c, sources.c, client_bans.c, readiness.c and waiting.c, and
 * those of shared.c (ban_requests.c, event_feed.c, log_level.c, problem_list.c, process_watch.c, relay_requests.c), as
 * an administrator meets them.
 */
#include "config.h"

#include "server/admin/admin_fixture.h"

#include "lib/base/clock.h"
#include "server/admin/admin.h"
#include "server/auth/agent_listener.h"
#include "server/history.h"
#include "server/statistics.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

START_TEST(server_without_agents_is_down_and_tells_what_to_do) {
    begin();
    get("/v1/status");
    expect_text("state", "down");
    expect_text("program", "munneld");
    expect_text("role", "admin");
    expect_number("services/unreachable", 1);
    expect_text("problems/0/severity", "bad");
    expect_text("problems/0/subject", "s0");
    ck_assert_ptr_nonnull(strstr(json_string_value(at("problems/0/remedy")), "munnel-agent"));
    expect_status("GET", "/readyz", 503);
    expect_status("GET", "/healthz", 200);
    finish();
}
END_TEST

START_TEST(client_is_counted_in_every_answer) {
    struct fake_order served;

    begin();
    server_fixture_join_ready(&fixture, "a");
    int fd = server_fixture_client(&fixture, 0, &served);
    get("/v1/status");
    expect_text("state", "ok");
    expect_number("relays/now", 1);
    expect_number("relays/total", 1);
    expect_number("agents/connected", 1);
    get("/v1/services");
    expect_text("services/0/state", "ok");
    expect_number("services/0/relays", 1);
    expect_number("services/0/able", 1);
    get("/v1/agents/a");
    expect_number("relays", 1);
    expect_number("links/shared", 1);
    expect_text("services/0", "s0");
    expect_status("GET", "/readyz", 200);
    server_fixture_end(&fixture, fd, &served);
    json_decref(body);
    body = NULL;
}
END_TEST

START_TEST(paused_service_takes_no_client_until_it_is_resumed) {
    begin();
    server_fixture_join_ready(&fixture, "a");
    expect_status("POST", "/v1/services/s0/pause", 204);
    get("/v1/services/s0");
    expect_text("state", "paused");
    expect_status("GET", "/readyz", 503);
    expect_status("POST", "/v1/services/s0/pause", 204); /* once more changes nothing */
    expect_status("POST", "/v1/services/s0/resume", 204);
    struct fake_order served;
    int fd = server_fixture_client(&fixture, 0, &served);
    server_fixture_end(&fixture, fd, &served);
    json_decref(body);
    body = NULL;
}
END_TEST

/* As a reload removes it; its relays go on. */
/* ---- the data plane is asked ---- */

static struct relay_view make_view(const char *id) {
    struct relay_view view = {
        .state = RELAY_VIEW_SHARED, .up = 5, .down = 7, .down_rate = 300, .accepted_us = 1000, .dispatched_us = 3500};

    snprintf(view.id, sizeof view.id, "%s", id);
    snprintf(view.service, sizeof view.service, "s0");
    return view;
}

#define EIGHTY "01234567890123456789012345678901234567890123456789012345678901234567890123456789"

START_TEST(longest_label_that_is_documented_is_searched_for) {
    struct fake_order asked;

    begin();
    int fd = send_request("GET", "/v1/relays?agent=" EIGHTY, "");
    ck_assert(server_fixture_wait_for(&fixture, FAKE_VIEW, 1));
    ck_assert(fake_take(FAKE_VIEW, &asked));
    fake_answer_views(&asked, NULL, 0);
    ck_assert_uint_eq(take_answer(fd), 200);
    finish();
}
END_TEST

START_TEST(relays_are_those_of_the_data_plane) {
    const struct relay_view first = make_view("0123abcd-1"), second = make_view("0123abcd-2");
    const struct relay_view *views[] = {&first, &second};
    struct fake_order asked;

    begin();
    int fd = send_request("GET", "/v1/relays?service=s0&limit=1&offset=1", "");
    ck_assert(server_fixture_wait_for(&fixture, FAKE_VIEW, 1));
    ck_assert(fake_take(FAKE_VIEW, &asked));
    ck_assert_str_eq(asked.text, "s0");
    fake_answer_views(&asked, views, 2);
    ck_assert_uint_eq(take_answer(fd), 200);
    expect_number("total", 2);
    ck_assert_uint_eq(json_array_size(at("relays")), 1);
    expect_text("relays/0/id", "0123abcd-2");
    expect_text("relays/0/carrier", "shared");
    expect_number("relays/0/in_bytes", 5);
    expect_number("relays/0/out_rate", 300);
    ck_assert(json_is_null(at("relays/0/ended")) && json_is_null(at("relays/0/reason")));
    ck_assert(json_real_value(at("relays/0/wait_ms")) == 2.5);
    expect_status("GET", "/v1/relays?client=nowhere", 400);
    expect_status("GET", "/v1/relays?service=a%20b", 400);
    expect_status("GET", "/v1/relays?service=", 400);
    expect_status("GET", "/v1/relays?agent=%C3%A4", 400);
    expect_status("GET", "/v1/relays?agent=web1%23", 400);
    expect_status("GET", "/v1/relays?agent=" EIGHTY "x", 400);
    expect_status("GET", "/v1/relays?agent=web1%233f2a9g", 400);
    expect_status("GET", "/v1/relays?limits=1", 400);
    expect_status("GET", "/v1/relays?sum=service", 400);
    finish();
}
END_TEST

/* Two clients of s0, which have no agent. */
static void begin_with_two_that_wait(int fds[2]) {
    begin();
    struct server_fixture_agent agent = server_fixture_join_ready(&fixture, "alpha");
    server_fixture_lose(&fixture, &agent);
    for (size_t i = 0; i < 2; i++)
        fds[i] = server_fixture_connect(&fixture, 0);
    for (int i = 0; i < 1000 && fixture.server->services.waiting < 2; i++)
        server_fixture_run(&fixture);
    ck_assert_uint_eq(fixture.server->services.waiting, 2);
}

static unsigned ask_with_views(const char *path, const struct relay_view *const *views, size_t count) {
    struct fake_order asked;
    int fd = send_request("GET", path, "");

    ck_assert(server_fixture_wait_for(&fixture, FAKE_VIEW, 1));
    ck_assert(fake_take(FAKE_VIEW, &asked));
    fake_answer_views(&asked, views, count);
    return take_answer(fd);
}

START_TEST(client_that_waits_is_a_relay_with_what_it_waits_for) {
    struct relay_view busy = make_view("0123abcd-99");
    const struct relay_view *views[] = {&busy};
    int fds[2];

    begin_with_two_that_wait(fds);
    get("/v1/relays?state=waiting"); /* the relay threads are not asked */
    expect_number("total", 2);
    expect_text("relays/0/state", "waiting");
    expect_text("relays/0/service", "s0");
    expect_text("relays/0/detail", "waits: no agent of the service is connected");
    ck_assert(json_is_null(at("relays/0/agent")) && json_is_null(at("relays/0/ended")));
    ck_assert(json_is_null(at("relays/0/wait_ms")) && json_is_string(at("relays/0/accepted")));
    ck_assert_uint_eq(ask_with_views("/v1/relays?limit=2", views, 1), 200);
    expect_number("total", 3);
    ck_assert_uint_eq(json_array_size(at("relays")), 2);
    expect_text("relays/0/state", "open"); /* it has a rate */
    expect_text("relays/1/state", "waiting");
    get("/v1/relays?state=waiting&client=127.0.0.1&limit=1&offset=1");
    expect_number("total", 2);
    ck_assert_uint_eq(json_array_size(at("relays")), 1);
    get("/v1/relays?state=waiting&client=192.0.2.1");
    expect_number("total", 0);
    ck_assert_uint_eq(ask_with_views("/v1/relays?agent=alpha", NULL, 0), 200);
    expect_number("total", 0);
    close(fds[0]);
    close(fds[1]);
    finish();
}
END_TEST

START_TEST(client_that_waits_is_shown_and_ended_by_its_id) {
    int fds[2];
    char path[64], id[48];

    begin_with_two_that_wait(fds);
    get("/v1/relays?state=waiting&sort=-age");
    snprintf(id, sizeof id, "%s", json_string_value(at("relays/0/id")));
    snprintf(path, sizeof path, "/v1/relays/%s", id);
    get(path);
    expect_text("id", id);
    expect_text("state", "waiting");
    expect_status("DELETE", path, 204);
    ck_assert(server_fixture_is_reset(&fixture, fds[0]));
    get("/v1/relays?state=waiting");
    expect_number("total", 1);
    get("/v1/relays?state=ended");
    expect_text("relays/0/id", id);
    expect_text("relays/0/reason", "operator");
    close(fds[1]);
    finish();
}
END_TEST

START_TEST(relay_is_ended_or_not_there) {
    struct fake_order asked;

    begin();
    for (unsigned i = 0; i < 2; i++) {
        int fd = send_request("DELETE", "/v1/relays/0123abcd-1", "");
        ck_assert(server_fixture_wait_for(&fixture, FAKE_END, 1));
        ck_assert(fake_take(FAKE_END, &asked));
        fake_answer_end(&asked, i == 0);
        ck_assert_uint_eq(take_answer(fd), i == 0 ? 204 : 404);
    }
    finish();
}
END_TEST

static void ask_for_ended(const char *method, const char *path, enum fake_kind kind, unsigned status) {
    struct fake_order asked;
    int fd = send_request(method, path, "");

    ck_assert(server_fixture_wait_for(&fixture, kind, 1));
    ck_assert(fake_take(kind, &asked));
    if (kind == FAKE_VIEW)
        fake_answer_views(&asked, NULL, 0);
    else
        fake_answer_end(&asked, false);
    ck_assert_uint_eq(take_answer(fd), status);
}

START_TEST(relay_that_ended_is_there_and_cannot_be_ended) {
    struct fake_order served;
    char path[64];

    begin();
    server_fixture_join_ready(&fixture, "alpha");
    close(server_fixture_client(&fixture, 0, &served));
    served.client->opened_us = served.client->accepted_us + 4000;
    served.client->ended_us = served.client->accepted_us + 5000;
    served.client->reason = REASON_CLIENT_RESET;
    served.client->by = "client";
    fake_give_back(&served, CLIENT_ENDED);
    get("/v1/relays?state=ended&service=s0&agent=alpha");
    expect_number("total", 1);
    expect_text("relays/0/state", "ended");
    expect_text("relays/0/reason", "client_reset");
    expect_text("relays/0/by", "client");
    ck_assert(json_is_null(at("relays/0/detail")));
    ck_assert(json_is_string(at("relays/0/ended")));
    snprintf(path, sizeof path, "/v1/relays/%s", json_string_value(at("relays/0/id")));
    ask_for_ended("GET", path, FAKE_VIEW, 200);
    expect_text("state", "ended");
    ask_for_ended("DELETE", path, FAKE_END, 409);
    ask_for_ended("GET", "/v1/relays/0123abcd-77", FAKE_VIEW, 404);
    get("/v1/relays?state=ended&service=s1");
    expect_number("total", 0);
    finish();
}
END_TEST

/* More would keep the relay threads busy for one who asks only. */
START_TEST(questions_beyond_what_the_data_plane_takes_are_put_off) {
    int fds[RELAY_VIEWS_AT_ONCE];

    begin();
    for (unsigned i = 0; i < RELAY_VIEWS_AT_ONCE; i++)
        fds[i] = send_request("GET", "/v1/relays", "");
    ck_assert(server_fixture_wait_for(&fixture, FAKE_VIEW, RELAY_VIEWS_AT_ONCE));
    expect_status("GET", "/v1/relays", 503);
    for (unsigned i = 0; i < RELAY_VIEWS_AT_ONCE; i++)
        close(fds[i]);
    finish(); /* with questions under way: they are answered, and nothing leaks */
}
END_TEST

/* ---- what goes on ---- */

START_TEST(reader_of_events_gets_the_status_and_what_it_has_missed) {
    static const char request[] = "GET /v1/events HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n"
                                  "Last-Event-ID: 0\r\n\r\n";

    begin();
    int fd = connect_socket();
    ck_assert_int_eq(send(fd, request, sizeof request - 1, 0), sizeof request - 1);
    read_until(fd, "started");
    ck_assert_msg(strstr(answer, "event: tick") && strstr(answer, "\"role\":\"admin\""), "%s", answer);
    server_fixture_join_ready(&fixture, "newcomer");
    read_until(fd, "newcomer");
    ck_assert_ptr_nonnull(strstr(answer, "event: event"));
    read_until(fd, "event: tick");
    ck_assert_ptr_nonnull(strstr(answer, "event: tick"));
    close(fd);
    get("/v1/events?kind=agent&limit=1");
    ck_assert_uint_eq(json_array_size(at("events")), 1);
    expect_text("events/0/kind", "agent");
    finish();
}
END_TEST

static int follow_after(const char *id) {
    char request[200];

    snprintf(request, sizeof request,
             "GET /v1/events HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\nLast-Event-ID: %s\r\n\r\n",
             id);
    int fd = connect_socket();
    ck_assert_int_eq(send(fd, request, strlen(request), 0), (int)strlen(request));
    return fd;
}

/* Its first event has the number of another one, which the reader has seen. */
START_TEST(reader_that_was_here_before_the_server_was_started_anew_misses_no_event) {
    char id[64];

    begin();
    server_fixture_join_ready(&fixture, "first");
    int fd = follow_after("1-1");
    read_until(fd, "{\"id\":1,");
    const char *own = strstr(answer, "id: 1-");
    ck_assert_msg(own, "%s", answer);
    snprintf(id, sizeof id, "%.*s", (int)strcspn(own + 4, "\n"), own + 4);
    close(fd);
    fd = follow_after(id);
    server_fixture_join_ready(&fixture, "second");
    read_until(fd, "second");
    ck_assert_msg(!strstr(answer, "id: 1-"), "%s", answer);
    close(fd);
    finish();
}
END_TEST

START_TEST(server_that_stops_leaves_its_socket_to_the_next_one_and_serves_who_is_connected) {
    struct fake_order served;

    begin();
    server_fixture_join_ready(&fixture, "agent");
    int client = server_fixture_client(&fixture, 0, &served); /* for which it goes on */
    int fd = follow_after("0");
    read_until(fd, "event: tick");
    housekeeping_stop(fixture.server);
    ck_assert_int_eq(access(unit_path("admin.sock"), F_OK), -1);
    read_until(fd, "\"stopping\":true");
    ck_assert_ptr_nonnull(strstr(answer, "\"stopping\":true"));
    close(fd);
    close(client);
    finish();
}
END_TEST

START_TEST(source_under_penalty_is_listed_and_forgiven) {
    struct endpoint endpoint = {.host = "203.0.113.7", .port = 1};
    struct addr addr;

    begin();
    ck_assert(addr_from_endpoint(&addr, &endpoint));
    agent_listener_penalize(fixture.server->agent_listener, &addr);
    get("/v1/sources");
    expect_text("sources/0/address", "203.0.113.7");
    expect_number("sources/0/failures", 1);
    expect_status("DELETE", "/v1/sources/203.0.113.7", 204);
    get("/v1/sources");
    ck_assert_uint_eq(json_array_size(at("sources")), 0);
    expect_status("DELETE", "/v1/sources/203.0.113.7", 404);
    expect_status("DELETE", "/v1/sources/nobody", 400);
    finish();
}
END_TEST

START_TEST(banned_client_is_refused_counted_and_served_again_once_the_ban_is_lifted) {
    struct fake_order served;

    begin();
    server_fixture_join_ready(&fixture, "a");
    ck_assert_uint_eq(ask_with("POST", "/v1/bans",
                               "{\"address\":\"127.0.0.1\",\"service\":\"s0\",\"for_s\":60,"
                               "\"reason\":\"4 wrong passwords\"}"),
                      201);
    expect_text("address", "127.0.0.1");
    expect_text("service", "s0");
    int refused = server_fixture_connect(&fixture, 0);
    ck_assert(server_fixture_is_reset(&fixture, refused));
    close(refused);
    get("/v1/services/s0");
    expect_number("refused/banned", 1);
    expect_status("GET", "/v1/bans?service=no%20name", 400);
    expect_status("DELETE", "/v1/bans/127.0.0.1?service=", 400);
    get("/v1/bans?address=127.0.0.1&service=s0");
    expect_number("total", 1);
    expect_number("bans/0/left_s", 60);
    expect_text("bans/0/reason", "4 wrong passwords");
    get("/v1/bans?service=other");
    expect_number("total", 0);
    get("/v1/events?kind=source");
    expect_text("events/0/subject", "127.0.0.1");
    ck_assert_uint_eq(ask_with("POST", "/v1/bans", "{\"address\":\"127.0.0.1\",\"service\":\"s0\"}"), 200);
    expect_number("left_s", 3600);
    ck_assert(json_is_null(at("reason")));
    expect_status("DELETE", "/v1/bans/127.0.0.1?service=other", 404);
    expect_status("DELETE", "/v1/bans/127.0.0.1", 204);
    expect_status("DELETE", "/v1/bans/127.0.0.1", 404);
    int fd = server_fixture_client(&fixture, 0, &served);
    server_fixture_end(&fixture, fd, &served);
    json_decref(body);
    body = NULL;
}
END_TEST

START_TEST(ban_ends_by_itself) {
    struct fake_order served;

    begin();
    server_fixture_join_ready(&fixture, "a");
    ck_assert_uint_eq(ask_with("POST", "/v1/bans", "{\"address\":\"127.0.0.1\",\"for_s\":60}"), 201);
    int refused = server_fixture_connect(&fixture, 0);
    ck_assert(server_fixture_is_reset(&fixture, refused));
    close(refused);
    fake_clock_advance(60000);
    get("/v1/bans");
    expect_number("total", 0);
    int fd = server_fixture_client(&fixture, 0, &served);
    server_fixture_end(&fixture, fd, &served);
    json_decref(body);
    body = NULL;
}
END_TEST

START_TEST(wrong_ban_is_refused_with_the_place_of_the_mistake) {
    static const char *const wrongs[][2] = {
        {"{}", "/address"},
        {"{\"address\":7}", "/address"},
        {"{\"address\":\"host.example\"}", "/address"},
        {"{\"address\":\"192.0.2.1:80\"}", "/address"},
        {"{\"address\":\"\"}", "/address"},
        {"{\"address\":\"fe80::1\"}", "/address"},
        {"{\"address\":\"192.0.2.1\",\"service\":\"other\"}", "/service"},
        {"{\"address\":\"192.0.2.1\",\"service\":\"\"}", "/service"},
        {"{\"address\":\"192.0.2.1\",\"service\":7}", "/service"},
        {"{\"address\":\"192.0.2.1\",\"for_s\":0}", "/for_s"},
        {"{\"address\":\"192.0.2.1\",\"for_s\":2592001}", "/for_s"},
        {"{\"address\":\"192.0.2.1\",\"for_s\":4294967297}", "/for_s"},
        {"{\"address\":\"192.0.2.1\",\"for_s\":1.5}", "/for_s"},
        {"{\"address\":\"192.0.2.1\",\"for_s\":\"1h\"}", "/for_s"},
        {"{\"address\":\"192.0.2.1\",\"reason\":\"a\\nb\"}", "/reason"},
        {"{\"address\":\"192.0.2.1\",\"reason\":7}", "/reason"},
        {"{\"address\":\"192.0.2.1\",\"reason\":\"" EIGHTY "01234567890123456\"}", "/reason"},
        {"{\"address\":\"192.0.2.1\",\"services\":\"s0\"}", ""},
    };

    begin();
    for (size_t i = 0; i < sizeof wrongs / sizeof *wrongs; i++) {
        ck_assert_uint_eq(ask_with("POST", "/v1/bans", wrongs[i][0]), 422);
        expect_text("pointer", wrongs[i][1]);
    }
    expect_status("DELETE", "/v1/bans/nobody", 400);
    expect_status("GET", "/v1/bans?address=nobody", 400);
    get("/v1/bans");
    expect_number("total", 0);
    finish();
}
END_TEST

START_TEST(wrong_log_level_is_refused_with_the_place_of_the_mistake) {
    begin();
    ck_assert_uint_eq(ask_with("PUT", "/v1/log", "{\"level\":\"loud\"}"), 422);
    expect_text("pointer", "/level");
    ck_assert_uint_eq(ask_with("PUT", "/v1/log", "{\"level\":\"debug\",\"for_s\":0}"), 422);
    expect_text("pointer", "/for_s");
    ck_assert_uint_eq(ask_with("PUT", "/v1/log", "{\"level\":\"debug\",\"for\":1}"), 422);
    ck_assert_uint_eq(ask_with("PUT", "/v1/log", "{\"level\":\"debug\",\"for_s\":60}"), 200);
    expect_number("for_s", 60);
    finish();
}
END_TEST

START_TEST(history_has_a_value_for_each_step) {
    begin();
    get("/v1/history");
    expect_number("step_s", 1);
    ck_assert_uint_eq(json_array_size(at("series/in_rate")), HISTORY_SECONDS);
    get("/v1/history?span=24h");
    expect_number("step_s", 60);
    expect_status("GET", "/v1/history?service=none", 404);
    expect_status("GET", "/v1/history?span=1y", 400);
    finish();
}
END_TEST

/* Divided by 60, the last value of a curve would fall with each minute that begins. */
START_TEST(rate_of_the_minute_that_runs_is_of_its_seconds) {
    const struct history *history;
    struct fake_order served;

    begin();
    server_fixture_join_ready(&fixture, "a");
    for (unsigned i = 0; i < 61; i++) { /* whichever second it is, a minute begins */
        fake_clock_advance(1000);
        statistics_tick(fixture.server->statistics, clock_us());
        if (history_newest_minute_s(statistics_server(fixture.server->statistics)) == 1 && i)
            break;
    }
    history = statistics_server(fixture.server->statistics);
    int fd = server_fixture_client(&fixture, 0, &served);
    fake_clock_advance(1000);
    statistics_tick(fixture.server->statistics, clock_us());
    ck_assert_uint_eq(history_newest_minute_s(history), 2);
    get("/v1/history?span=24h");
    const json_t *rates = at("series/new_rate");
    double last = json_number_value(json_array_get(rates, json_array_size(rates) - 1));
    ck_assert_msg(last > 0.49 && last < 0.51, "%f", last);
    server_fixture_end(&fixture, fd, &served);
    json_decref(body);
    body = NULL;
}
END_TEST

static TCase *states(void) {
    TCase *group = tcase_create("states");

    tcase_add_test(group, server_without_agents_is_down_and_tells_what_to_do);
    tcase_add_test(group, client_is_counted_in_every_answer);
    tcase_add_test(group, reader_of_events_gets_the_status_and_what_it_has_missed);
    tcase_add_test(group, server_that_stops_leaves_its_socket_to_the_next_one_and_serves_who_is_connected);
    tcase_add_test(group, reader_that_was_here_before_the_server_was_started_anew_misses_no_event);
    tcase_add_test(group, history_has_a_value_for_each_step);
    tcase_add_test(group, rate_of_the_minute_that_runs_is_of_its_seconds);
    return group;
}

static TCase *changes(void) {
    TCase *group = tcase_create("changes");

    tcase_add_test(group, paused_service_takes_no_client_until_it_is_resumed);
    tcase_add_test(group, banned_client_is_refused_counted_and_served_again_once_the_ban_is_lifted);
    tcase_add_test(group, ban_ends_by_itself);
    tcase_add_test(group, wrong_ban_is_refused_with_the_place_of_the_mistake);
    tcase_add_test(group, source_under_penalty_is_listed_and_forgiven);
    tcase_add_test(group, wrong_log_level_is_refused_with_the_place_of_the_mistake);
    return group;
}

static TCase *relays(void) {
    TCase *group = tcase_create("relays");

    tcase_add_test(group, longest_label_that_is_documented_is_searched_for);
    tcase_add_test(group, relays_are_those_of_the_data_plane);
    tcase_add_test(group, client_that_waits_is_a_relay_with_what_it_waits_for);
    tcase_add_test(group, client_that_waits_is_shown_and_ended_by_its_id);
    tcase_add_test(group, relay_that_ended_is_there_and_cannot_be_ended);
    tcase_add_test(group, relay_is_ended_or_not_there);
    tcase_add_test(group, questions_beyond_what_the_data_plane_takes_are_put_off);
    return group;
}

UNIT_MAIN("server/admin/admin", states, changes, relays)
