/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_check_failures: a check that fails tells where, and what to do: no agent, a rule, a look-up, a refusal, silence,
 * an end at once; by check_report.c.
 */
#include "config.h"

#include "server/service/check_fixture.h"

#include "admin/recent_events.h"
#include "lib/net/sock.h"
#include "server/service/service_priv.h"
#include "unit.h"

#include <string.h>
#include <unistd.h>

START_TEST(no_agent_is_named_without_a_wait) {
    begin();
    take_report(ask_check(), "fail");
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
    take_report(ask_check(), "fail");
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
    take_report(ask_check(), "fail");
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
    take_report(ask_check(), "fail");
    expect_hop("listener", "fail", "paused by");
    expect_hop("group", "pass", NULL);
    expect_status("POST", "/v1/services/s0/resume", 204);
    listener_group_shut(fixture.server->services.items[0]->listeners);
    take_report(ask_check(), "fail");
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
    take_report(ask_check(), "fail");
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

UNIT_MAIN("server/service/check failures", failures)
