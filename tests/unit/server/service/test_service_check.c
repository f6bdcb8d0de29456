/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_service_check: a check tells where a connection ends, by check_report.c, check_making.c and check_destination.c,
 * as POST /v1/services/NAME/check (src/server/admin/check.c) answers it: no agent, a rule, a look-up, a refusal,
 * silence, an end at once.
 */
#include "config.h"

#include "server/admin/admin_fixture.h"

#include "admin/recent_events.h"
#include "lib/net/sock.h"
#include "server/service/check_report.h"
#include "server/service/service_priv.h"
#include "unit.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char path[] = "/v1/services/s0/check";
static struct fake_order served;

static int ask(void) {
    return send_request("POST", path, "");
}

/* The check's client has come to its agent. */
static int ask_and_serve(void) {
    int fd = ask();

    ck_assert(server_fixture_wait_for(&fixture, FAKE_SERVE, 1));
    ck_assert(fake_take(FAKE_SERVE, &served));
    ck_assert(served.client->is_check);
    return fd;
}

static void open_destination(unsigned dial_ms, unsigned lookup_ms) {
    const struct check_opened opened = {.client = served.client,
                                        .address = "127.0.0.1:80",
                                        .dial_ms = dial_ms,
                                        .lookup_ms = lookup_ms};

    served.client->opened_us = served.client->accepted_us + 1000;
    fake_options()->events->on_check_opened(fake_options()->context, &opened);
}

static void end_client(void) {
    fake_give_back(&served, CLIENT_ENDED);
    server_fixture_run(&fixture);
}

/* The check's end is reset where the relay was cut. */
static void end_opened(enum relay_reason reason, const char *detail) {
    served.client->reason = reason;
    snprintf(served.client->detail, sizeof served.client->detail, "%s", detail);
    end_client();
}

static void refuse(enum refusal refusal, const char *detail) {
    served.client->refusal = refusal;
    snprintf(served.client->detail, sizeof served.client->detail, "%s", detail);
    fake_give_back(&served, CLIENT_REFUSED);
}

static void take_report(int fd, const char *result) {
    ck_assert_uint_eq(take_answer(fd), 200);
    expect_text("service", "s0");
    expect_text("result", result);
}

static const json_t *hop(const char *name, const char *member) {
    const json_t *hops = at("hops");

    for (size_t i = 0; i < json_array_size(hops); i++)
        if (strcmp(json_string_value(json_object_get(json_array_get(hops, i), "hop")), name) == 0)
            return json_object_get(json_array_get(hops, i), member);
    ck_abort_msg("no hop %s in %s", name, answer);
    return NULL;
}

static void expect_hop(const char *name, const char *result, const char *detail) {
    const char *got = json_string_value(hop(name, "result")), *text = json_string_value(hop(name, "detail"));

    ck_assert_msg(strcmp(got, result) == 0, "%s: %s in %s", name, got, answer);
    ck_assert_msg(!detail || (text && strstr(text, detail)), "%s: %s", name, text);
    if (strcmp(result, "fail") == 0)
        ck_assert_msg(json_is_string(hop(name, "remedy")), "%s: no remedy", name);
}

static void begin_ready(void) {
    begin();
    server_fixture_join_ready(&fixture, "alpha");
}

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

/* ---- what fails ---- */

START_TEST(no_agent_is_named_without_a_wait) {
    begin();
    take_report(ask(), "fail");
    expect_hop("listener", "pass", NULL);
    expect_hop("group", "fail", "no agent is connected");
    expect_hop("connect", "skip", NULL);
    finish();
}
END_TEST

/* It may be the one that is missing. */
START_TEST(agent_that_fails_at_the_agent_port_is_named) {
    begin();
    recent_events_add(fixture.server->events, EVENT_KIND_ACCESS, EVENT_WARNING, "agent port", "handshake failed",
                      "10.0.0.5: the other side refused our certificate");
    recent_events_add(fixture.server->events, EVENT_KIND_SERVER, EVENT_INFO, "server", "another event", NULL);
    take_report(ask(), "fail");
    expect_hop("group", "fail", "lately: agent port: handshake failed: 10.0.0.5: the other side refused");
    ck_assert_ptr_nonnull(strstr(json_string_value(hop("group", "remedy")), "munnel-agent --check"));
    finish();
}
END_TEST

static void expect_remedy(const char *name, const char *part) {
    const char *remedy = json_string_value(hop(name, "remedy"));

    ck_assert_msg(strstr(remedy, part), "%s: %s", name, remedy);
}

START_TEST(rule_of_the_agent_is_told_in_its_own_words) {
    begin();
    struct server_fixture_agent agent = server_fixture_join_unanswered(&fixture, "alpha");
    server_fixture_answer(&fixture, &agent, "[{\"id\":1,\"reason\":\"only db.example\"}]");
    server_fixture_bring_link(&fixture, &agent);
    take_report(ask(), "fail");
    expect_hop("agent", "pass", "alpha");
    expect_hop("rules", "fail", "only db.example");
    finish();
}
END_TEST

START_TEST(failures_at_the_agent_are_told_apart) {
    static const struct {
        enum refusal refusal;
        const char *detail, *hop, *before, *remedy;
    } failures[] = {{REFUSAL_DNS, "localhost:80: no such name", "name lookup", "rules",
                     "On agent alpha's machine: getent ahosts localhost;"},
                    {REFUSAL_REFUSED, "127.0.0.1:80: Connection refused", "connect", "name lookup",
                     "listen at localhost:80, as agent alpha sees it"},
                    {REFUSAL_TIMEOUT, "127.0.0.1:80: no answer in time", "connect", "name lookup",
                     "firewall may drop what agent alpha sends to localhost:80"},
                    {REFUSAL_DENIED, "127.0.0.1:80: not allowed by this agent's rules", "rules", "link",
                     "to agent alpha, on its machine: --allow localhost:80"},
                    {REFUSAL_DENIED, "[::1]:80: connect_from is loopback, and this is not of 127.0.0.0/8", "rules",
                     "link", "write 127.0.0.1:PORT in connect, or leave connect_from out"}};

    begin_ready();
    int fd = ask_and_serve();
    refuse(failures[_i].refusal, failures[_i].detail);
    take_report(fd, "fail");
    expect_hop(failures[_i].before, "pass", NULL);
    expect_hop(failures[_i].hop, "fail", failures[_i].detail);
    expect_remedy(failures[_i].hop, failures[_i].remedy);
    expect_hop("first byte", "skip", NULL);
    ck_assert_ptr_nonnull(strstr(json_string_value(at("summary")), failures[_i].hop));
    finish();
}
END_TEST

START_TEST(end_of_another_kind_has_its_reason) {
    begin_ready();
    int fd = ask_and_serve();
    served.client->reason = REASON_PROTOCOL;
    end_client();
    take_report(fd, "fail");
    expect_hop("rules", "pass", NULL);
    expect_hop("connect", "fail", reason_text(REASON_PROTOCOL));
    finish();
}
END_TEST

START_TEST(destination_that_closes_at_once_fails) {
    begin_ready();
    int fd = ask_and_serve();
    sock_half_close(served.client->fd);
    open_destination(1, 0);
    server_fixture_run(&fixture);
    end_opened(REASON_DONE, "");
    take_report(fd, "fail");
    expect_hop("connect", "pass", NULL);
    expect_hop("first byte", "fail", "closed the connection at once");
    finish();
}
END_TEST

static struct service_config *own_config(void) {
    return (struct service_config *)(uintptr_t)service_config(fixture.server->services.items[0]);
}

START_TEST(destination_that_does_not_expect_the_proxy_header_is_suspected) {
    static const char http[] = "HTTP/1.1 400 Bad Request\r\n";

    begin_ready();
    own_config()->proxy_protocol = _i ? PROXY_V1 : PROXY_OFF;
    int fd = ask_and_serve();
    ck_assert_int_eq(write(served.client->fd, http, sizeof http - 1), (int)sizeof http - 1);
    open_destination(1, 0);
    take_report(fd, _i ? "fail" : "pass");
    expect_hop("connect", "pass", NULL);
    expect_hop("first byte", _i ? "fail" : "pass", _i ? "sent \"HTTP/1.1 400 Bad Request\" before" : NULL);
    if (_i)
        expect_remedy("first byte", "nginx: listen ... proxy_protocol");
    end_client();
    finish();
}
END_TEST

START_TEST(destination_that_closes_upon_the_proxy_header_is_suspected) {
    begin_ready();
    own_config()->proxy_protocol = PROXY_V2;
    int fd = ask_and_serve();
    open_destination(1, 0);
    end_opened(REASON_DESTINATION_RESET, "");
    take_report(fd, "fail");
    expect_hop("first byte", "fail", "reset the connection at once");
    expect_remedy("first byte", "It may not expect the PROXY header");
    finish();
}
END_TEST

/* The agent connects to the service's port: that client is the one whose record has the loop. */
START_TEST(service_that_leads_to_itself_is_named) {
    struct fake_order inner;

    begin_ready();
    int fd = ask_and_serve();
    open_destination(1, 0);
    int client = server_fixture_client(&fixture, 0, &inner);
    inner.client->refusal = REFUSAL_DENIED;
    snprintf(inner.client->detail, sizeof inner.client->detail, "a loop: service s0 leads back to its server");
    fake_give_back(&inner, CLIENT_REFUSED);
    end_opened(REASON_DESTINATION_RESET, "");
    take_report(fd, "fail");
    expect_hop("first byte", "fail", "a loop: service s0 leads back to its server");
    expect_remedy("first byte", "localhost:80 is a port of this server");
    close(client);
    finish();
}
END_TEST

START_TEST(destination_that_resets_fails) {
    begin_ready();
    int fd = ask_and_serve();
    open_destination(1, 0);
    end_opened(REASON_DESTINATION_RESET, "");
    take_report(fd, "fail");
    expect_hop("agent", "pass", "alpha");
    expect_hop("first byte", "fail", "reset the connection at once");
    finish();
}
END_TEST

static void expect_agent_blamed(int fd, const char *detail) {
    take_report(fd, "fail");
    expect_hop("agent", "fail", "agent alpha was disconnected during the check");
    expect_hop("agent", "fail", detail);
    expect_hop("link", "skip", NULL);
    expect_hop("rules", "pass", NULL);
    expect_hop("connect", "pass", "127.0.0.1:80");
    expect_hop("first byte", "skip", "was cut");
}

START_TEST(disconnected_agent_is_not_the_destinations_fault) {
    begin_ready();
    int fd = ask_and_serve();
    open_destination(1, 0);
    expect_status("POST", "/v1/agents/alpha/disconnect", 204);
    end_opened(REASON_OPERATOR, "an operator has asked for it");
    expect_agent_blamed(fd, ": an operator has asked for it");
    finish();
}
END_TEST

START_TEST(agent_that_is_lost_is_not_the_destinations_fault) {
    begin();
    struct server_fixture_agent agent = server_fixture_join_ready(&fixture, "alpha");
    int fd = ask_and_serve();
    open_destination(1, 0);
    server_fixture_lose(&fixture, &agent);
    expect_agent_blamed(fd, NULL);
    end_client();
    finish();
}
END_TEST

/* No time is left for another. */
START_TEST(agent_that_is_lost_before_its_answer_is_named) {
    begin();
    struct server_fixture_agent agent = server_fixture_join_ready(&fixture, "alpha");
    ((struct service_config *)(uintptr_t)service_config(fixture.server->services.items[0]))->connect_timeout_s = 0;
    int fd = ask_and_serve();
    server_fixture_lose(&fixture, &agent);
    fake_give_back(&served, CLIENT_UNANSWERED);
    take_report(fd, "fail");
    expect_hop("agent", "fail", "the link to agent alpha was lost before it answered");
    expect_hop("connect", "skip", NULL);
    finish();
}
END_TEST

START_TEST(link_that_is_lost_is_not_the_destinations_fault) {
    begin_ready();
    int fd = ask_and_serve();
    open_destination(1, 0);
    end_opened(REASON_LINK_LOST, "");
    take_report(fd, "fail");
    expect_hop("agent", "pass", "alpha");
    expect_hop("link", "fail", "lost before the destination sent anything");
    expect_hop("first byte", "skip", "was cut");
    finish();
}
END_TEST

START_TEST(paused_service_and_closed_port_are_named) {
    begin_ready();
    expect_status("POST", "/v1/services/s0/pause", 204);
    take_report(ask(), "fail");
    expect_hop("listener", "fail", "paused by");
    expect_hop("group", "pass", NULL);
    expect_status("POST", "/v1/services/s0/resume", 204);
    listener_group_shut(fixture.server->services.items[0]->listeners);
    take_report(ask(), "fail");
    expect_hop("listener", "fail", "not open");
    finish();
}
END_TEST

/* Where the system can bind it. */
START_TEST(address_that_is_not_there_yet_is_named_without_a_wait) {
    if (sock_check_bind(&(const struct sock_bind_options){.freebind = true}, &(struct error){""}))
        return;
    prepare();
    strlist_done(&fixture.conf->services[0].listen);
    strlist_add(&fixture.conf->services[0].listen, "192.0.2.1:32100");
    fixture.conf->services[0].freebind = true;
    server_fixture_open(&fixture);
    take_report(ask(), "fail");
    expect_hop("listener", "fail", "does not have the address of 192.0.2.1:32100 yet");
    finish();
}
END_TEST

static TCase *failures(void) {
    TCase *group = tcase_create("failures");

    tcase_add_test(group, no_agent_is_named_without_a_wait);
    tcase_add_test(group, agent_that_fails_at_the_agent_port_is_named);
    tcase_add_test(group, rule_of_the_agent_is_told_in_its_own_words);
    tcase_add_loop_test(group, failures_at_the_agent_are_told_apart, 0, 4);
    tcase_add_test(group, end_of_another_kind_has_its_reason);
    tcase_add_test(group, destination_that_closes_at_once_fails);
    tcase_add_test(group, destination_that_resets_fails);
    tcase_add_loop_test(group, destination_that_does_not_expect_the_proxy_header_is_suspected, 0, 2);
    tcase_add_test(group, destination_that_closes_upon_the_proxy_header_is_suspected);
    tcase_add_test(group, service_that_leads_to_itself_is_named);
    tcase_add_test(group, address_that_is_not_there_yet_is_named_without_a_wait);
    tcase_add_test(group, disconnected_agent_is_not_the_destinations_fault);
    tcase_add_test(group, agent_that_is_lost_is_not_the_destinations_fault);
    tcase_add_test(group, agent_that_is_lost_before_its_answer_is_named);
    tcase_add_test(group, link_that_is_lost_is_not_the_destinations_fault);
    tcase_add_test(group, paused_service_and_closed_port_are_named);
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
    take_report(ask(), "fail");
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
    ck_assert(!report.has_passed);
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
    expect_status("POST", path, 429);
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

UNIT_MAIN("server/service/service_check", passes, failures, unix_sockets, limits)
