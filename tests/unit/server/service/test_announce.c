/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_announce: which services are announced to an agent, in what parts, and what its answers do to clients.
 */
#include "config.h"

#include "proto/features.h"
#include "server/server_fixture.h"
#include "server/service/announce.h"
#include "server/service/service_priv.h"
#include "unit.h"
#include "unit_log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const two[] = {NULL, NULL};

/* "id ID" of each service that was sent to the agent, and how many messages there were. */
static unsigned sent_services(const struct server_fixture_agent *agent, char *names, size_t size, bool *more) {
    struct fake_order sent;
    unsigned parts = 0;

    *names = '\0';
    *more = false;
    while (fake_take_with(FAKE_CONTROL, "\"op\":\"services\"", &sent)) {
        struct control_message control;
        struct services_part part;
        struct error error = {""};
        ck_assert(link_ref_same(sent.link, agent->control));
        ck_assert_int_eq(control_parse(&control, sent.text, strlen(sent.text), &error), 0);
        ck_assert_msg(services_parse(&part, control.json, &error) == 0, "%s", error.text);
        for (size_t i = 0; i < part.add_count; i++) {
            struct service_offer offer;
            services_get(&part, i, &offer);
            size_t used = strlen(names);
            snprintf(names + used, size - used, "%s%s=%u", used ? " " : "", offer.name, offer.id);
        }
        *more = part.more;
        control_done(&control);
        parts++;
    }
    return parts;
}

static void acknowledge(struct server_fixture *server_fixture, const struct server_fixture_agent *agent,
                        unsigned version, const char *refused) {
    char text[512];

    snprintf(text, sizeof text, "{\"op\":\"services_ack\",\"version\":%u,\"refused\":%s}", version, refused);
    server_fixture_send_control(server_fixture, agent, text);
}

static void begin(struct server_fixture *server_fixture) {

    server_fixture_set(server_fixture, two, 2);
    server_fixture->log = unit_log(LOG_LEVEL_INFO);
    server_fixture_open(server_fixture);
}

START_TEST(agent_is_told_the_services_of_its_groups) {
    static const char *const groups[] = {"web", "mail", NULL};
    struct server_fixture server_fixture;
    char names[200];
    bool more;

    server_fixture_set(&server_fixture, groups, 3);
    server_fixture_open(&server_fixture);
    struct addr peer = {.length = 0};
    struct session_options options = {
        .control = fake_link(), .peer = &peer, .name = "a", .instance = "0", .credential = "", .threads = 1};
    struct strlist mail = {0};
    strlist_add(&mail, "mail");
    options.groups = &mail;
    struct session *session = registry_admit(server_fixture.server->registry, &options);
    ck_assert_ptr_nonnull(session);
    announce_turn(server_fixture.server->announce);
    struct server_fixture_agent agent = {.control = options.control};
    ck_assert_uint_eq(sent_services(&agent, names, sizeof names, &more), 1);
    ck_assert_str_eq(names, "s1=2 s2=3");
    ck_assert(!more);
    strlist_done(&mail);
    server_fixture_clear(&server_fixture);
}
END_TEST

static struct session *admit(struct server_fixture *server_fixture, const char *name, struct link_ref *control) {
    struct addr peer = {.length = 0};
    struct session_options options = {
        .control = fake_link(), .peer = &peer, .name = name, .instance = name, .credential = "", .threads = 1};

    options.serves_all = true;
    *control = options.control;
    return registry_admit(server_fixture->server->registry, &options);
}

START_TEST(removal_is_told_to_the_session_alone_that_knows_the_service) {
    struct server_fixture server_fixture;
    struct link_ref first, second;
    struct fake_order sent;
    struct error error = {""};

    begin(&server_fixture);
    struct announce *announce = server_fixture.server->announce;
    struct session *one = admit(&server_fixture, "one", &first), *other = admit(&server_fixture, "two", &second);
    announce_turn(announce);
    while (fake_take_with(FAKE_CONTROL, "services", &sent))
        ;
    json_t *ack = json_pack("{s:i,s:[]}", "version", 1, "refused");
    ck_assert(announce_answered(announce, one, ack, &error) == 0 &&
              announce_answered(announce, other, ack, &error) == 0);
    session_announcement(one)->sent_us = session_announcement(other)->sent_us = 0; /* long ago */
    announce_removed(announce, 77, session_tag(other));
    announce_turn(announce);
    ck_assert(fake_take_with(FAKE_CONTROL, "\"remove\":[77]", &sent));
    ck_assert(link_ref_same(sent.link, second));
    ck_assert(!fake_take_with(FAKE_CONTROL, "services", &sent));
    json_decref(ack);
    server_fixture_clear(&server_fixture);
}
END_TEST

/* Its agents are not asked for what they do not know, and those who look see why. */
START_TEST(service_that_needs_more_than_the_agent_knows_is_not_sent_and_counts_as_refused) {
    struct server_fixture server_fixture;
    struct service_agent seen;
    char names[200];
    bool more;

    server_fixture_set(&server_fixture, two, 2);
    server_fixture_open(&server_fixture);
    struct service *needing = server_fixture.server->services.items[0];
    needing->needs = 1U << FEATURE_SERVICES;
    struct addr peer = {.length = 0};
    struct session_options options = {.control = fake_link(),
                                      .peer = &peer,
                                      .name = "a",
                                      .instance = "0",
                                      .credential = "",
                                      .serves_all = true,
                                      .threads = 1};
    struct session *session = registry_admit(server_fixture.server->registry, &options);
    ck_assert_ptr_nonnull(session);
    announce_turn(server_fixture.server->announce);
    struct server_fixture_agent agent = {.control = options.control, .tag = session_tag(session)};
    ck_assert_uint_eq(sent_services(&agent, names, sizeof names, &more), 1);
    ck_assert_str_eq(names, "s1=2");
    acknowledge(&server_fixture, &agent, 1, "[]");
    service_read_agent(needing, session, &seen);
    ck_assert(!seen.is_permitted);
    ck_assert_str_eq(seen.refusal, "its munnel-agent is too old: it does not know \"services\"");
    service_read_agent(server_fixture.server->services.items[1], session, &seen);
    ck_assert(seen.is_permitted);
    server_fixture_clear(&server_fixture);
}
END_TEST

START_TEST(service_with_a_proxy_header_needs_agents_that_know_of_it) {
    static const struct service_config plain = {.proxy_protocol = PROXY_OFF}, v2 = {.proxy_protocol = PROXY_V2};
    ck_assert_uint_eq(service_needs_of(&plain) & 1U << FEATURE_PROXY, 0);
    ck_assert_str_eq(features_lacking(service_needs_of(&v2), 1U << FEATURE_SERVICES), "proxy");
}
END_TEST

START_TEST(client_waits_for_an_agent_that_has_not_answered_yet) {
    struct server_fixture server_fixture;
    struct fake_order served;

    server_fixture_begin(&server_fixture);
    struct server_fixture_agent agent = server_fixture_join_unanswered(&server_fixture, "a");
    server_fixture_bring_link(&server_fixture, &agent);
    int fd = server_fixture_connect(&server_fixture, 0);
    server_fixture_run(&server_fixture);
    ck_assert_uint_eq(fake_count(FAKE_SERVE), 0);
    server_fixture_answer(&server_fixture, &agent, "[]");
    ck_assert(fake_take(FAKE_SERVE, &served)); /* at once, not by the next tick */
    server_fixture_end(&server_fixture, fd, &served);
}
END_TEST

START_TEST(client_waits_for_an_answer_although_no_agent_would_be_an_error) {
    struct server_fixture server_fixture;
    struct fake_order served;

    server_fixture_set_any(&server_fixture);
    server_fixture.conf->services[0].no_agent = CONFIG_REFUSE;
    server_fixture_open(&server_fixture);
    struct server_fixture_agent agent = server_fixture_join_unanswered(&server_fixture, "a");
    server_fixture_bring_link(&server_fixture, &agent);
    int fd = server_fixture_connect(&server_fixture, 0);
    server_fixture_answer(&server_fixture, &agent, "[]");
    ck_assert(fake_take(FAKE_SERVE, &served));
    server_fixture_end(&server_fixture, fd, &served);
}
END_TEST

START_TEST(client_of_a_service_that_its_agent_refuses_ends_at_once_with_the_reason) {
    struct server_fixture server_fixture;
    struct fake_order served;

    begin(&server_fixture);
    struct server_fixture_agent agent = server_fixture_join_unanswered(&server_fixture, "a");
    server_fixture_bring_link(&server_fixture, &agent);
    int waiting = server_fixture_connect(&server_fixture, 1);
    server_fixture_answer(&server_fixture, &agent, "[{\"id\":2,\"reason\":\"its rules forbid 10.0.0.1:80\"}]");
    int later = server_fixture_connect(&server_fixture, 1);
    ck_assert(server_fixture_is_reset(&server_fixture, waiting));
    ck_assert(server_fixture_is_reset(&server_fixture, later));
    ck_assert_uint_eq(fake_count(FAKE_SERVE), 0);
    int good = server_fixture_client(&server_fixture, 0, &served);
    close(waiting);
    close(later);
    server_fixture_end(&server_fixture, good, &served);
    unit_expect_logged(
        "does not permit a service service=s1 destination=localhost:80 detail=\"its rules forbid 10.0.0.1:80\"");
    unit_expect_logged("answered for its services permitted=1 refused=1");
    unit_expect_logged("agent a does not permit it: its rules forbid 10.0.0.1:80");
}
END_TEST

START_TEST(agent_that_refuses_is_passed_over) {
    struct server_fixture server_fixture;
    struct fake_order served;

    server_fixture_begin(&server_fixture);
    struct server_fixture_agent no = server_fixture_join_unanswered(&server_fixture, "no");
    server_fixture_bring_link(&server_fixture, &no);
    server_fixture_answer(&server_fixture, &no, "[{\"id\":1,\"reason\":\"no\"}]");
    server_fixture_join_ready(&server_fixture, "yes");
    for (int i = 0; i < 3; i++) {
        int fd = server_fixture_client(&server_fixture, 0, &served);
        ck_assert_str_eq(served.text, "yes");
        fake_give_back(&served, CLIENT_ENDED);
        close(fd);
    }
    server_fixture_clear(&server_fixture);
}
END_TEST

START_TEST(port_that_is_closed_without_an_agent_opens_for_one_that_permits_the_service) {
    struct server_fixture server_fixture;

    server_fixture_set_any(&server_fixture);
    server_fixture.conf->services[0].no_agent = CONFIG_CLOSE;
    server_fixture_open(&server_fixture);
    struct server_fixture_agent no = server_fixture_join_unanswered(&server_fixture, "no");
    ck_assert_int_lt(server_fixture_connect(&server_fixture, 0), 0);
    server_fixture_answer(&server_fixture, &no, "[{\"id\":1,\"reason\":\"no\"}]");
    ck_assert_int_lt(server_fixture_connect(&server_fixture, 0), 0);
    server_fixture_join(&server_fixture, "yes", "");
    int fd = server_fixture_connect(&server_fixture, 0);
    ck_assert_int_ge(fd, 0);
    close(fd);
    server_fixture_clear(&server_fixture);
}
END_TEST

/* An agent that is left may still be asked: it could be the one that serves. */
START_TEST(client_refused_by_one_agent_waits_for_the_answer_of_another) {
    struct server_fixture server_fixture;
    struct fake_order served;

    server_fixture_begin(&server_fixture);
    server_fixture_join_ready(&server_fixture, "first");
    int fd = server_fixture_client(&server_fixture, 0, &served);
    struct server_fixture_agent second = server_fixture_join_unanswered(&server_fixture, "second");
    server_fixture_bring_link(&server_fixture, &second);
    served.client->refusal = REFUSAL_REFUSED;
    fake_give_back(&served, CLIENT_REFUSED);
    ck_assert_uint_eq(fake_count(FAKE_SERVE), 0);
    server_fixture_answer(&server_fixture, &second, "[]");
    ck_assert(fake_take(FAKE_SERVE, &served));
    ck_assert_str_eq(served.text, "second");
    server_fixture_end(&server_fixture, fd, &served);
}
END_TEST

START_TEST(refusal_leaves_with_its_session) {
    struct server_fixture server_fixture;
    struct fake_order served;

    server_fixture_begin(&server_fixture);
    struct server_fixture_agent agent = server_fixture_join_unanswered(&server_fixture, "a");
    server_fixture_answer(&server_fixture, &agent, "[{\"id\":1,\"reason\":\"no\"}]");
    server_fixture_lose(&server_fixture, &agent);
    int fd = server_fixture_connect(&server_fixture, 0); /* waits as without an agent */
    agent = server_fixture_join_ready(&server_fixture, "a");
    ck_assert(server_fixture_wait_for(&server_fixture, FAKE_SERVE, 1));
    ck_assert(fake_take(FAKE_SERVE, &served));
    server_fixture_end(&server_fixture, fd, &served);
}
END_TEST

START_TEST(agent_that_leaves_before_it_has_answered_is_not_waited_for) {
    struct server_fixture server_fixture;

    server_fixture_set_any(&server_fixture);
    server_fixture.conf->services[0].no_agent = CONFIG_REFUSE;
    server_fixture_open(&server_fixture);
    struct server_fixture_agent agent = server_fixture_join_unanswered(&server_fixture, "a");
    announce_turn(server_fixture.server->announce);
    server_fixture_send_control(&server_fixture, &agent, "{\"op\":\"drain\"}");
    acknowledge(&server_fixture, &agent, 1, "[]"); /* too late, and no error */
    server_fixture_lose(&server_fixture, &agent);
    int fd = server_fixture_connect(&server_fixture, 0);
    ck_assert(server_fixture_is_reset(&server_fixture, fd));
    close(fd);
    server_fixture_clear(&server_fixture);
}
END_TEST

static const char *const bad_answers[] = {
    "{\"op\":\"services_ack\",\"version\":2}",
    "{\"op\":\"services_ack\",\"version\":0}",
    "{\"op\":\"services_ack\",\"version\":1,\"refused\":[{\"id\":1}]}",
    "{\"op\":\"services_ack\"}",
};

START_TEST(wrong_answer_is_an_error_and_permits_nothing) {
    struct server_fixture server_fixture;
    struct fake_order error;

    server_fixture_begin(&server_fixture);
    struct server_fixture_agent agent = server_fixture_join_unanswered(&server_fixture, "a");
    announce_turn(server_fixture.server->announce);
    server_fixture_send_control(&server_fixture, &agent, bad_answers[_i]);
    ck_assert(fake_take_with(FAKE_CONTROL, "\"op\":\"error\"", &error));
    server_fixture_bring_link(&server_fixture, &agent);
    int fd = server_fixture_connect(&server_fixture, 0);
    server_fixture_run(&server_fixture);
    ck_assert_uint_eq(fake_count(FAKE_SERVE), 0);
    acknowledge(&server_fixture, &agent, 1, "[]");
    ck_assert_uint_eq(fake_count(FAKE_SERVE), 1);
    acknowledge(&server_fixture, &agent, 1, "[]"); /* again */
    ck_assert(fake_take_with(FAKE_CONTROL, "\"op\":\"error\"", &error));
    close(fd);
    server_fixture_clear(&server_fixture);
}
END_TEST

START_TEST(session_that_never_answers_ends) {
    struct server_fixture server_fixture;

    server_fixture_begin(&server_fixture);
    server_fixture_join_unanswered(&server_fixture, "a");
    announce_turn(server_fixture.server->announce);
    fake_clock_advance(ANNOUNCE_ANSWER_S * 1000 - 1000);
    ck_assert_ptr_null(announce_overdue(server_fixture.server->announce));
    fake_clock_advance(2000);
    ck_assert_ptr_nonnull(announce_overdue(server_fixture.server->announce));
    server_fixture_clear(&server_fixture);
}
END_TEST

/* It answers for all of them when it connects again. */
START_TEST(session_that_has_lost_its_control_link_owes_no_answer) {
    struct server_fixture server_fixture;
    struct fake_order served;

    server_fixture_begin(&server_fixture);
    struct server_fixture_agent agent = server_fixture_join_unanswered(&server_fixture, "a");
    announce_turn(server_fixture.server->announce);
    server_fixture_lose(&server_fixture, &agent);
    fake_forget(FAKE_CONTROL);
    fake_clock_advance(ANNOUNCE_ANSWER_S * 1000 + 1000);
    ck_assert_ptr_null(announce_overdue(server_fixture.server->announce));
    agent = server_fixture_resume(&server_fixture, &agent, "");
    server_fixture_bring_link(&server_fixture, &agent);
    int fd = server_fixture_client(&server_fixture, 0, &served);
    server_fixture_end(&server_fixture, fd, &served);
}
END_TEST

/* ---- large tables ---- */

static void add_many(struct server_fixture *server_fixture, size_t count) {
    char folder[200];

    snprintf(folder, sizeof folder, "%s", unit_folder());
    for (size_t i = 0; i < count; i++) {
        struct error error;
        char text[300];
        snprintf(text, sizeof text, "m%zu unix:%s/m%zu 10.0.0.1:%zu", i, folder, i, 1 + i);
        ck_assert_msg(server_config_add_service(server_fixture->conf, text, &error) == 0, "%s", error.text);
    }
}

START_TEST(large_table_goes_in_parts_one_at_a_time_and_not_too_fast) {
    enum { MANY = 600, PARTS = 3 };
    struct server_fixture server_fixture;
    struct fake_order sent;
    static char names[MANY * 16];
    bool more;

    server_fixture_set(&server_fixture, NULL, 0);
    add_many(&server_fixture, MANY);
    server_fixture_open(&server_fixture);
    struct server_fixture_agent agent = server_fixture_join_unanswered(&server_fixture, "a");
    for (unsigned part = 1; part <= PARTS; part++) {
        announce_turn(server_fixture.server->announce);
        announce_turn(server_fixture.server->announce); /* one at a time */
        ck_assert_uint_eq(sent_services(&agent, names, sizeof names, &more), 1);
        ck_assert(more == (part < PARTS));
        acknowledge(&server_fixture, &agent, part, "[]");
        announce_turn(server_fixture.server->announce); /* not too fast */
        ck_assert(!fake_take_with(FAKE_CONTROL, "\"op\":\"services\"", &sent));
        fake_clock_advance(ANNOUNCE_INTERVAL_MS);
    }
    announce_turn(server_fixture.server->announce);
    ck_assert(!fake_take_with(FAKE_CONTROL, "\"op\":\"services\"", &sent));
    ck_assert_ptr_nonnull(strstr(names, "m599=600"));
    server_fixture_clear(&server_fixture);
}
END_TEST

static TCase *announcing(void) {
    TCase *group = tcase_create("announcing");

    tcase_add_test(group, agent_is_told_the_services_of_its_groups);
    tcase_add_test(group, removal_is_told_to_the_session_alone_that_knows_the_service);
    tcase_add_test(group, service_that_needs_more_than_the_agent_knows_is_not_sent_and_counts_as_refused);
    tcase_add_test(group, service_with_a_proxy_header_needs_agents_that_know_of_it);
    tcase_add_test(group, large_table_goes_in_parts_one_at_a_time_and_not_too_fast);
    tcase_add_test(group, session_that_never_answers_ends);
    tcase_add_test(group, session_that_has_lost_its_control_link_owes_no_answer);
    tcase_add_loop_test(group, wrong_answer_is_an_error_and_permits_nothing, 0,
                        sizeof bad_answers / sizeof bad_answers[0]);
    return group;
}

static TCase *clients(void) {
    TCase *group = tcase_create("clients");

    tcase_add_test(group, client_waits_for_an_agent_that_has_not_answered_yet);
    tcase_add_test(group, client_waits_for_an_answer_although_no_agent_would_be_an_error);
    tcase_add_test(group, client_of_a_service_that_its_agent_refuses_ends_at_once_with_the_reason);
    tcase_add_test(group, agent_that_refuses_is_passed_over);
    tcase_add_test(group, port_that_is_closed_without_an_agent_opens_for_one_that_permits_the_service);
    tcase_add_test(group, client_refused_by_one_agent_waits_for_the_answer_of_another);
    tcase_add_test(group, refusal_leaves_with_its_session);
    tcase_add_test(group, agent_that_leaves_before_it_has_answered_is_not_waited_for);
    return group;
}

UNIT_MAIN("server/service/announce", announcing, clients)
