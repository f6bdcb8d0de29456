/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_agent_admin: what an agent answers on its socket: the operations of status.c, agent_services.c,
 * agent_published.c, agent_bans.c, problems.c, agent_metrics.c, and those that it shares with the server.
 */
#include "config.h"

#include "admin/recent_events.h"
#include "admin_client.h"
#include "agent/admin/agent_admin.h"
#include "agent/one_harness.h"
#include "lib/base/clock.h"
#include "relay/service_counts.h"
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct agent_options configuration;
static struct recent_events *events;
static struct agent_admin *admin;
static char file_name[] = "/etc/munnel-agent/web1.json";

static void run(void) {
    event_base_loop(loop_base(harness.settings.loop), EVLOOP_NONBLOCK);
}

static void on_relay_views(void *context, const struct relay_answer *views) {
    (void)context;
    agent_admin_on_relay_views(admin, views);
}

static void on_relay_ended(void *context, uint64_t ticket, bool found) {
    (void)context;
    agent_admin_on_relay_ended(admin, ticket, found);
}

static void open_admin(void) {
    struct error error = {""};
    const struct agent_admin_options options = {.loop = harness.settings.loop,
                                                .log = harness.settings.log,
                                                .events = events,
                                                .agent = harness.agent,
                                                .configuration = &configuration,
                                                .settings = &harness.settings,
                                                .started_at = time(NULL)};

    configuration = (struct agent_options){.file = file_name, .log = {.level = LOG_LEVEL_INFO}};
    configuration.admin_socket = configuration.admin_preset = strdup(unit_path("admin.sock"));
    admin = agent_admin_new(&options, &error);
    ck_assert_msg(admin, "%s", error.text);
    ck_assert_msg(agent_admin_listen(admin, &error) == 0, "%s", error.text);
    admin_client_begin(configuration.admin_socket, run);
}

static void watch(void) {
    events = recent_events_new();
    harness.settings.events = events;
    harness.settings.on_relay_views = on_relay_views;
    harness.settings.on_relay_ended = on_relay_ended;
}

static void begin(void) {
    set_up_numeric();
    watch();
}

static void begin_two(void) {
    set_up_two();
    watch();
}

static void finish(void) {
    admin_client_end();
    agent_admin_free(admin);
    free(configuration.admin_preset);
    tear_down();
    recent_events_free(events);
}

static void connect_with_rule(const char *rule) {
    struct error error = {""};
    struct acl *allow = acl_new();

    ck_assert_int_eq(acl_add(allow, rule, &error), 0);
    harness.settings.allow = allow; /* lives as long as the test's process */
    harness_connect(&harness);
    open_admin();
}

static void announce(void) {
    fake_control_text(
        0, "{\"op\":\"services\",\"version\":1,\"add\":[{\"id\":1,\"name\":\"web\",\"to\":[\"10.0.0.1:80\"]},"
           "{\"id\":2,\"name\":\"db\",\"to\":[\"192.0.2.1:5432\"]}]}");
    fake_services_set();
}

/* ---- servers ---- */

START_TEST(agent_without_a_server_is_down_and_tells_what_to_do) {
    harness_start(&harness);
    open_admin();
    fake_gone(0, "connection refused");
    get("/v1/status");
    expect_text("program", "munnel-agent");
    expect_text("name", "tester");
    expect_text("state", "down");
    expect_text("role", "admin");
    expect_text("servers/0/address", "127.0.0.1:10001");
    expect_text("servers/0/state", "connecting");
    ck_assert_ptr_nonnull(strstr(json_string_value(at("servers/0/failure/detail")), "connection refused"));
    expect_text("problems/0/severity", "bad");
    expect_text("problems/0/subject", "127.0.0.1:10001");
    ck_assert_ptr_nonnull(strstr(json_string_value(at("problems/0/remedy")), "firewall"));
    expect_status("GET", "/readyz", 503);
    expect_status("GET", "/healthz", 200);
}
END_TEST

START_TEST(rejected_credential_has_its_remedy) {
    harness_start(&harness);
    open_admin();
    fake_reject(0, REJECT_CREDENTIAL, "the token is unknown, wrong or expired", 60);
    get("/v1/status");
    expect_text("servers/0/state", "gave_up");
    ck_assert_ptr_nonnull(strstr(json_string_value(at("problems/0/why")), "unknown, wrong or expired"));
    ck_assert_ptr_nonnull(strstr(json_string_value(at("problems/0/remedy")), "munnel agent rotate"));
}
END_TEST

START_TEST(connected_agent_is_well) {
    harness_connect(&harness);
    open_admin();
    fake_link_up(0);
    fake_pong(0, 2000);
    get("/v1/status");
    expect_text("state", "ok");
    expect_text("servers/0/state", "connected");
    expect_text("servers/0/peer", "127.0.0.1:10001");
    ck_assert(json_is_null(at("servers/0/proxy")));
    expect_text("servers/0/instance", FAKE_SERVER);
    expect_number("servers/0/links/shared", 1);
    ck_assert(json_real_value(at("servers/0/rtt_ms")) >= 2);
    ck_assert(json_is_null(at("servers/0/failure")));
    ck_assert_uint_eq(json_array_size(at("problems")), 0);
    expect_text("configuration/file", file_name);
    expect_status("GET", "/readyz", 200);
    fake_gone(0, "reset by peer");
    get("/v1/status");
    expect_text("state", "down");
    expect_text("servers/0/state", "lost");
    expect_text("servers/0/failure/detail", "connection lost: reset by peer");
    get("/v1/events?kind=server");
    expect_text("events/0/text", "connected");
    expect_text("events/1/text", "connection lost: reset by peer");
    expect_text("events/1/subject", "127.0.0.1:10001");
}
END_TEST

START_TEST(one_of_two_servers_is_missing) {
    harness_start(&harness);
    open_admin();
    fake_welcome(0, NULL);
    fake_gone(1, "no route to host");
    get("/v1/status");
    expect_text("state", "degraded");
    expect_text("servers/0/state", "connected");
    expect_text("problems/0/subject", "127.0.0.2:10001");
    expect_status("GET", "/readyz", 200);
    expect_status("GET", "/metrics", 200);
    ck_assert_msg(strstr(answer, "munnel_servers{state=\"connected\"} 1\n"), "%s", answer);
}
END_TEST

/* ---- services ---- */

START_TEST(both_keys_of_a_service_are_shown) {
    connect_with_rule("10.0.0.0/8");
    announce();
    get("/v1/services");
    expect_number("total", 2);
    expect_text("services/0/name", "db");
    expect_text("services/0/state", "refused");
    expect_text("services/0/answer", "refuses");
    ck_assert_ptr_nonnull(strstr(json_string_value(at("services/0/because")), "--allow"));
    expect_text("services/1/name", "web");
    expect_text("services/1/state", "ok");
    expect_text("services/1/answer", "permits");
    expect_text("services/1/connect/0", "10.0.0.1:80");
    expect_text("services/1/protocol", "tcp");
    service_table_find(fake_plane()->services, 1)->protocol = SERVICE_UDP;
    get("/v1/services");
    expect_text("services/1/protocol", "udp");
    get("/v1/status");
    expect_number("services/count", 2);
    expect_number("services/refused", 1);
    expect_text("problems/0/severity", "warn");
    expect_text("problems/0/subject", "db");
    fake_control_text(0, "{\"op\":\"services\",\"version\":2,\"remove\":[1,2]}");
    get("/v1/services");
    expect_number("total", 0);
}
END_TEST

START_TEST(service_whose_destination_does_not_answer_is_a_problem) {
    connect_with_rule("10.0.0.0/8");
    announce();
    struct served_service *web = service_table_find(fake_plane()->services, 1);
    served_service_note(web, false, REFUSAL_BUSY, 1); /* for want of memory: nothing is known of the destination */
    get("/v1/services");
    expect_text("services/1/state", "ok");
    served_service_note(web, false, REFUSAL_TIMEOUT, clock_us());
    get("/v1/services");
    expect_text("services/1/state", "unreachable");
    expect_text("services/1/destination/reason", "timeout");
    get("/v1/status");
    expect_text("state", "degraded");
    expect_number("services/unreachable", 1);
    served_service_note(web, true, REFUSAL_COUNT, clock_us() + 1);
    get("/v1/status");
    expect_text("state", "ok");
}
END_TEST

/* ---- relays, numbers, log ---- */

START_TEST(relays_are_asked_of_the_data_plane) {
    static const struct relay_view view = {.id = "01234567-1", .service = "web", .destination = "10.0.0.1:80", .up = 5};
    const struct relay_view *const views[] = {&view};

    harness_connect(&harness);
    open_admin();
    int fd = send_request("GET", "/v1/relays/01234567-1", "");
    for (unsigned i = 0; i < 1000 && !fake_plane()->viewed; i++)
        run();
    struct relay_answer found = {.ticket = fake_plane()->viewed, .matching = 1, .count = 1, .views = views};
    fake_plane()->options.events->on_relay_views(fake_plane()->options.context, &found);
    ck_assert_uint_eq(take_answer(fd), 200);
    expect_text("service", "web");
    expect_number("in_bytes", 5);
    fd = send_request("DELETE", "/v1/relays/01234567-1", "");
    for (unsigned i = 0; i < 1000 && !*fake_plane()->ended; i++)
        run();
    ck_assert_str_eq(fake_plane()->ended, "01234567-1");
    fake_plane()->options.events->on_relay_ended(fake_plane()->options.context, fake_plane()->viewed, true);
    ck_assert_uint_eq(take_answer(fd), 204);
}
END_TEST

START_TEST(numbers_are_those_of_the_data_plane) {
    harness_connect(&harness);
    open_admin();
    fake_plane()->counts = (struct plane_counts){.relays = 3, .relays_ended = 4};
    counter_set(&fake_plane()->part.bytes.in, 1000);
    counter_set(&fake_plane()->part.ended[REASON_DONE], 4);
    counter_set(&fake_plane()->part.datagrams.count[DATAGRAM_OUT], 7);
    counter_set(&fake_plane()->part.datagrams.dropped[DATAGRAM_OUT][DATAGRAM_DROP_UNREACHABLE], 2);
    get("/v1/status");
    expect_number("relays/now", 3);
    expect_number("relays/total", 7);
    expect_status("GET", "/metrics", 200);
    ck_assert_msg(strstr(answer, "munnel_agent_relay_bytes_total{direction=\"out\"} 1000\n"), "%s", answer);
    ck_assert_msg(strstr(answer, "munnel_agent_relays_ended_total{reason=\"done\"} 4\n"), "%s", answer);
    ck_assert_msg(strstr(answer, "munnel_agent_datagrams_total{direction=\"in\"} 7\n"), "%s", answer);
    ck_assert_msg(strstr(answer, "munnel_agent_datagrams_dropped_total{reason=\"unreachable\",direction=\"in\"} 2\n"),
                  "%s", answer);
}
END_TEST

START_TEST(log_level_is_changed) {
    harness_connect(&harness);
    open_admin();
    ck_assert_uint_eq(ask_with("PUT", "/v1/log", "{\"level\":\"debug\"}"), 200);
    ck_assert(log_enabled(harness.settings.log, LOG_LEVEL_DEBUG));
    get("/v1/log");
    expect_text("level", "debug");
}
END_TEST

START_TEST(ban_is_taken_listed_told_to_the_server_and_lifted) {
    harness_connect(&harness);
    open_admin();
    fake_control_text(0, "{\"op\":\"services\",\"version\":1,\"add\":[{\"id\":1,\"name\":\"ssh\",\"to\":["
                         "\"10.0.0.1:22\"],\"bans\":true},{\"id\":2,\"name\":\"web\",\"to\":[\"10.0.0.1:80\"]}]}");
    fake_services_set();
    ck_assert_uint_eq(ask_with("POST", "/v1/bans", "{\"address\":\"192.0.2.1\",\"service\":\"ssh\",\"for_s\":60}"),
                      201);
    ck_assert_uint_eq(fake_sent(0, CONTROL_OP_BANS), 1);
    get("/v1/bans");
    expect_number("total", 1);
    expect_text("bans/0/address", "192.0.2.1");
    expect_text("bans/0/service", "ssh");
    ck_assert_uint_eq(json_array_size(at("services")), 1);
    expect_text("services/0", "ssh");
    ck_assert_uint_eq(ask_with("POST", "/v1/bans", "{\"address\":\"192.0.2.2\"}"), 201);
    ck_assert(json_is_null(at("service")));
    expect_text("services/0", "ssh");
    expect_status("DELETE", "/v1/bans/192.0.2.2", 204);
    expect_status("GET", "/metrics", 200);
    ck_assert_msg(strstr(answer, "munnel_agent_bans 1\n"), "%s", answer);
    expect_status("DELETE", "/v1/bans/192.0.2.1?service=ssh", 204);
    expect_status("DELETE", "/v1/bans/192.0.2.9", 204);  /* which an earlier run may have asked for */
    expect_status("DELETE", "/v1/bans/127.64.0.1", 404); /* whose is not known without a ban of this run */
    ck_assert_ptr_nonnull(strstr(json_string_value(at("remedy")), "munnel unban"));
    get("/v1/bans");
    expect_number("total", 0);
}
END_TEST

START_TEST(ban_that_no_server_lets_it_make_is_refused_with_what_to_do) {
    harness_connect(&harness);
    open_admin();
    ck_assert_uint_eq(ask_with("POST", "/v1/bans", "{\"address\":\"192.0.2.1\",\"service\":\"web\"}"), 201);
    ck_assert_uint_eq(ask_with("POST", "/v1/bans", "{\"address\":\"192.0.2.1\",\"service\":\"no name\"}"), 422);
    expect_text("pointer", "/service");
    announce(); /* until then it was not known */
    ck_assert_uint_eq(ask_with("POST", "/v1/bans", "{\"address\":\"192.0.2.1\",\"service\":\"web\"}"), 422);
    expect_text("pointer", "/service");
    expect_text("detail", "service web does not let its agents ban");
    ck_assert_ptr_nonnull(strstr(json_string_value(at("remedy")), "agent_bans"));
    ck_assert_uint_eq(ask_with("POST", "/v1/bans", "{\"address\":\"192.0.2.1\",\"service\":\"none\"}"), 422);
    expect_text("detail", "this agent serves no service none");
    ck_assert_uint_eq(ask_with("POST", "/v1/bans", "{\"address\":\"192.0.2.1\"}"), 422);
    ck_assert_uint_eq(ask_with("POST", "/v1/bans", "{\"address\":\"127.0.0.1\"}"), 422);
    expect_text("pointer", "/address");
    ck_assert_uint_eq(fake_sent(0, CONTROL_OP_BANS), 0);
}
END_TEST

/* ---- published services ---- */

static char lease[128]; /* the path of the last one */

static void take_lease(void) {
    ck_assert_int_lt(snprintf(lease, sizeof lease, "/v1/published/%s", json_string_value(at("lease"))),
                     (int)sizeof lease);
}

START_TEST(service_is_leased_shown_renewed_and_withdrawn) {
    harness_connect(&harness);
    open_admin();
    ck_assert_uint_eq(ask_with("POST", "/v1/published", "{\"name\":\"lap\",\"to\":\"localhost:8080\",\"for_s\":60}"),
                      201);
    take_lease();
    expect_text("servers/0/state", "waiting");
    ck_assert_uint_eq(fake_sent(0, CONTROL_OP_PUBLISH), 1);
    fake_control_text(
        0, "{\"op\":\"published\",\"services\":[{\"name\":\"lap\",\"address\":\"r:20001\",\"port\":20001}]}");
    ck_assert_uint_eq(ask_with("PUT", lease, "{\"for_s\":60}"), 200);
    expect_text("servers/0/state", "published");
    expect_text("servers/0/address", "r:20001");
    expect_text("servers/0/server", "127.0.0.1:10001");
    get("/v1/published");
    expect_number("total", 1);
    expect_text("published/0/name", "lap");
    ck_assert(json_is_true(at("published/0/leased")));
    ck_assert_ptr_null(strstr(answer, "\"lease\""));
    get("/v1/status");
    expect_number("published/count", 1);
    expect_number("published/published", 1);
    expect_status("GET", "/metrics", 200);
    ck_assert_ptr_nonnull(strstr(answer, "munnel_agent_published_services{state=\"published\"} 1\n"));
    expect_status("DELETE", lease, 204);
    expect_status("DELETE", lease, 404);
    ck_assert_uint_eq(ask_with("PUT", lease, "{}"), 404);
    get("/v1/published");
    expect_number("total", 0);
}
END_TEST

START_TEST(lease_that_is_not_renewed_ends) {
    harness_connect(&harness);
    open_admin();
    ck_assert_uint_eq(ask_with("POST", "/v1/published", "{\"name\":\"lap\",\"to\":\"localhost:8080\",\"for_s\":1}"),
                      201);
    for (uint64_t end = clock_ms() + 1050; clock_ms() < end;)
        harness_run_for(&harness, 50);
    agent_recheck(harness.agent);
    ck_assert_uint_eq(fake_sent(0, CONTROL_OP_PUBLISH), 2);
    ck_assert_ptr_nonnull(strstr(fake_plane()->sent[fake_plane()->sent_count - 1].json, "\"remove\":[\"lap\"]"));
    get("/v1/published");
    expect_number("total", 0);
}
END_TEST

START_TEST(refused_service_is_a_problem) {
    harness_connect(&harness);
    open_admin();
    ck_assert_uint_eq(ask_with("POST", "/v1/published", "{\"name\":\"lap\",\"to\":\"localhost:8080\",\"for_s\":60}"),
                      201);
    fake_control_text(0, "{\"op\":\"published\",\"services\":[{\"name\":\"lap\",\"refused\":\"agent b has lap\"}]}");
    get("/v1/status");
    expect_text("problems/0/subject", "lap");
    expect_text("problems/0/why", "agent b has lap");
    expect_text("state", "ok"); /* the agent itself is well */
    get("/v1/published");
    expect_text("published/0/servers/0/because", "agent b has lap");
}
END_TEST

static const struct {
    const char *body, *pointer;
} unpublishable[] = {
    {"{}", "/name"},
    {"{\"name\":\"a b\",\"to\":\"localhost:1\"}", "/name"},
    {"{\"name\":7,\"to\":\"localhost:1\"}", "/name"},
    {"{\"name\":\"a\"}", "/to"},
    {"{\"name\":\"a\",\"to\":\"8080\"}", "/to"},
    {"{\"name\":\"a\",\"to\":\"localhost:+0\"}", "/to"},
    {"{\"name\":\"a\",\"to\":\"unix:/run/docker.sock\"}", "/to"}, /* whose owner did not ask */
    {"{\"name\":\"a\",\"to\":\"169.254.169.254:80\"}", "/to"},
    {"{\"name\":\"a\",\"to\":\"localhost:1\",\"host\":\"*\"}", "/host"},
    {"{\"name\":\"a\",\"to\":\"localhost:1\",\"port\":0}", "/port"},
    {"{\"name\":\"a\",\"to\":\"localhost:1\",\"port\":65536}", "/port"},
    {"{\"name\":\"a\",\"to\":\"localhost:1\",\"port\":\"1\"}", "/port"},
    {"{\"name\":\"a\",\"to\":\"localhost:1\",\"for_s\":0}", "/for_s"},
    {"{\"name\":\"a\",\"to\":\"localhost:1\",\"for_s\":61}", "/for_s"},
    {"{\"name\":\"a\",\"to\":\"localhost:1\",\"x\":1}", ""},
};

START_TEST(what_cannot_be_published_is_refused) {
    harness_connect(&harness);
    open_admin();
    ck_assert_uint_eq(ask_with("POST", "/v1/published", unpublishable[_i].body), 422);
    expect_text("pointer", unpublishable[_i].pointer);
    ck_assert_uint_eq(fake_sent(0, CONTROL_OP_PUBLISH), 0);
}
END_TEST

START_TEST(name_is_published_once) {
    harness_connect(&harness);
    open_admin();
    ck_assert_uint_eq(ask_with("POST", "/v1/published", "{\"name\":\"a\",\"to\":\"localhost:1\"}"), 201);
    ck_assert_uint_eq(ask_with("POST", "/v1/published", "{\"name\":\"a\",\"to\":\"localhost:2\"}"), 409);
    expect_text("detail", "this agent publishes a service a already");
}
END_TEST

START_TEST(rule_permits_what_else_has_an_owner) {
    connect_with_rule("unix:/run/x.sock");
    ck_assert_uint_eq(ask_with("POST", "/v1/published", "{\"name\":\"a\",\"to\":\"unix:/run/x.sock\"}"), 201);
    ck_assert_uint_eq(ask_with("POST", "/v1/published", "{\"name\":\"b\",\"to\":\"unix:/run/y.sock\"}"), 422);
    ck_assert_uint_eq(ask_with("POST", "/v1/published", "{\"name\":\"c\",\"to\":\"localhost:80\"}"), 201);
}
END_TEST

START_TEST(agent_that_ends_says_so) {
    harness_connect(&harness);
    open_admin();
    agent_end(harness.agent);
    get("/v1/status");
    ck_assert(json_is_true(at("stopping")));
    expect_text("state", "down");
    expect_text("servers/0/state", "stopping");
    expect_status("GET", "/readyz", 503);
}
END_TEST

static TCase *answers(void) {
    TCase *group = tcase_create("answers");

    tcase_add_checked_fixture(group, begin, finish);
    tcase_add_test(group, agent_without_a_server_is_down_and_tells_what_to_do);
    tcase_add_test(group, rejected_credential_has_its_remedy);
    tcase_add_test(group, connected_agent_is_well);
    tcase_add_test(group, both_keys_of_a_service_are_shown);
    tcase_add_test(group, service_whose_destination_does_not_answer_is_a_problem);
    tcase_add_test(group, relays_are_asked_of_the_data_plane);
    tcase_add_test(group, numbers_are_those_of_the_data_plane);
    tcase_add_test(group, log_level_is_changed);
    tcase_add_test(group, ban_is_taken_listed_told_to_the_server_and_lifted);
    tcase_add_test(group, ban_that_no_server_lets_it_make_is_refused_with_what_to_do);
    tcase_add_test(group, service_is_leased_shown_renewed_and_withdrawn);
    tcase_add_test(group, lease_that_is_not_renewed_ends);
    tcase_add_test(group, refused_service_is_a_problem);
    tcase_add_loop_test(group, what_cannot_be_published_is_refused, 0,
                        (int)(sizeof unpublishable / sizeof *unpublishable));
    tcase_add_test(group, name_is_published_once);
    tcase_add_test(group, rule_permits_what_else_has_an_owner);
    tcase_add_test(group, agent_that_ends_says_so);
    return group;
}

static TCase *of_two(void) {
    TCase *group = tcase_create("of_two");

    tcase_add_checked_fixture(group, begin_two, finish);
    tcase_add_test(group, one_of_two_servers_is_missing);
    return group;
}

UNIT_MAIN("agent/admin/agent_admin", answers, of_two)
