/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_publisher: what a server is asked for, what its answers change, and what a hostile one cannot do by them.
 */
#include "config.h"

#include "agent/one_harness.h"
#include "agent/upstream/publications.h"
#include "agent/upstream/publisher.h"
#include "lib/base/clock.h"
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct publication_order orders[] = {{.name = "web", .to = "localhost:8080", .host = ""},
                                                  {.name = "db", .to = "10.0.0.1:5432", .host = "", .port = 20017}};
static unsigned answers;

static void on_answer(void *context, const struct publication *entry, const struct publication_at *at) {
    (void)context;
    ck_assert(at >= entry->at);
    answers++;
}

static void publish(void) {
    harness.settings.published = orders;
    harness.settings.published_count = 2;
    harness.settings.on_answer = on_answer;
}

static void begin(void) {
    set_up_numeric();
    publish();
}

static void begin_two(void) {
    set_up_two();
    publish();
}

static const char *sent_last(void) {
    ck_assert_uint_gt(fake_plane()->sent_count, 0);
    return fake_plane()->sent[fake_plane()->sent_count - 1].json;
}

static struct publication *entry_of(const char *name) {
    struct publication *entry = publications_find(agent_publications(harness.agent), name);
    ck_assert_ptr_nonnull(entry);
    return entry;
}

static const struct publication_at *at_first(const char *name) {
    return &entry_of(name)->at[0];
}

static void answer(unsigned dial, const char *services) {
    char text[4096];
    ck_assert_int_lt(snprintf(text, sizeof text, "{\"op\":\"published\",\"services\":[%s]}", services),
                     (int)sizeof text);
    fake_control_text(dial, text);
}

static void wait_interval(void) {
    for (uint64_t end = clock_ms() + PUBLISH_INTERVAL_MS + 10; clock_ms() < end;)
        harness_run_for(&harness, 10);
}

#define ADDED                                                                                                          \
    "\"add\":[{\"name\":\"web\",\"to\":[\"localhost:8080\"]},{\"name\":\"db\",\"to\":["                                \
    "\"10.0.0.1:5432\"],\"port\":20017,\"exact\":true}]"

START_TEST(server_is_asked_as_soon_as_it_is_connected) {
    harness_connect(&harness);
    ck_assert_uint_eq(fake_sent(0, CONTROL_OP_PUBLISH), 1);
    ck_assert_str_eq(sent_last(), "{\"op\":\"publish\"," ADDED ",\"remove\":[]}");
    agent_recheck(harness.agent);
    ck_assert_uint_eq(fake_sent(0, CONTROL_OP_PUBLISH), 1);
    ck_assert_int_eq(at_first("web")->state, PUBLICATION_WAITING);
}
END_TEST

START_TEST(answer_is_kept_and_told_once) {
    harness_connect(&harness);
    answer(0, "{\"name\":\"web\",\"address\":\"relay.example:20001\",\"port\":20001}");
    answer(0, "{\"name\":\"web\",\"address\":\"relay.example:20001\",\"port\":20001}");
    ck_assert_int_eq(at_first("web")->state, PUBLICATION_PUBLISHED);
    ck_assert_str_eq(at_first("web")->address, "relay.example:20001");
    ck_assert_uint_eq(answers, 1);
    answer(0, "{\"name\":\"web\",\"address\":\"relay.example:20002\",\"port\":20002}");
    ck_assert_uint_eq(answers, 2);
    ck_assert_int_eq(at_first("db")->state, PUBLICATION_WAITING);
}
END_TEST

START_TEST(address_without_a_host_has_the_one_by_which_the_server_was_reached) {
    harness_connect(&harness);
    answer(0, "{\"name\":\"web\",\"address\":\":20001\",\"port\":20001}");
    ck_assert_str_eq(at_first("web")->address, "127.0.0.1:20001");
}
END_TEST

START_TEST(next_link_is_asked_for_the_port_that_it_had) {
    harness_connect(&harness);
    answer(0, "{\"name\":\"web\",\"address\":\"relay.example:20001\",\"port\":20001}");
    fake_gone(0, "reset");
    ck_assert_int_eq(at_first("web")->state, PUBLICATION_WAITING);
    harness_await_dials(&harness, 2);
    fake_welcome(1, NULL);
    ck_assert_uint_eq(fake_sent(1, CONTROL_OP_PUBLISH), 1);
    ck_assert_ptr_nonnull(strstr(sent_last(), "\"to\":[\"localhost:8080\"],\"port\":20001}"));
}
END_TEST

START_TEST(refusal_is_told_once_and_asked_again_later) {
    harness_connect(&harness);
    answer(0, "{\"name\":\"web\",\"refused\":\"agent laptop2 publishes web\"}");
    answer(0, "{\"name\":\"web\",\"refused\":\"agent laptop2 publishes web\"}");
    ck_assert_uint_eq(answers, 1);
    ck_assert_str_eq(at_first("web")->reason, "agent laptop2 publishes web");
    wait_interval();
    agent_recheck(harness.agent);
    ck_assert_uint_eq(fake_sent(0, CONTROL_OP_PUBLISH), 1);
    ck_assert_uint_ge(at_first("web")->again_ms, clock_ms() + 15000); /* the second time it waits longer */
    entry_of("web")->at[0].again_ms = 0;
    agent_recheck(harness.agent);
    ck_assert_uint_eq(fake_sent(0, CONTROL_OP_PUBLISH), 2);
    ck_assert_ptr_null(strstr(sent_last(), "db"));
    answer(0, "{\"name\":\"web\",\"address\":\"relay.example:20001\",\"port\":20001}");
    ck_assert_uint_eq(answers, 2);
}
END_TEST

static void let_be_due(const char *name) {
    for (struct publication *entry = publications_first(agent_publications(harness.agent)); entry;
         entry = publications_next(entry))
        if (strcmp(entry->name, name) == 0)
            entry->at[0].again_ms = 0;
    wait_interval();
    agent_publish(harness.agent);
}

START_TEST(what_has_no_answer_is_asked_again) {
    harness_connect(&harness);
    answer(0, "{\"name\":\"db\",\"address\":\"relay.example:20017\",\"port\":20017}");
    ck_assert_uint_le(at_first("web")->again_ms, clock_ms() + 30000);
    wait_interval();
    agent_publish(harness.agent);
    ck_assert_uint_eq(fake_sent(0, CONTROL_OP_PUBLISH), 1);
    let_be_due("db");
    ck_assert_uint_eq(fake_sent(0, CONTROL_OP_PUBLISH), 1);
    let_be_due("web");
    ck_assert_uint_eq(fake_sent(0, CONTROL_OP_PUBLISH), 2);
    ck_assert_ptr_nonnull(strstr(sent_last(), "web"));
    ck_assert_ptr_null(strstr(sent_last(), "db"));
}
END_TEST

START_TEST(removal_is_repeated_once) {
    static const char removal[] = "{\"op\":\"publish\",\"add\":[],\"remove\":[\"web\"]}";

    harness_connect(&harness);
    wait_interval();
    publications_withdraw(agent_publications(harness.agent), entry_of("web"));
    agent_publish(harness.agent);
    ck_assert_str_eq(sent_last(), removal);
    for (unsigned i = 0; i < 3; i++)
        let_be_due("web");
    ck_assert_uint_eq(fake_sent(0, CONTROL_OP_PUBLISH), 3);
    ck_assert_str_eq(sent_last(), removal);
}
END_TEST

START_TEST(withdrawn_service_is_removed_and_its_late_answer_changes_nothing) {
    harness_connect(&harness);
    wait_interval();
    publications_withdraw(agent_publications(harness.agent), entry_of("web"));
    agent_publish(harness.agent);
    ck_assert_str_eq(sent_last(), "{\"op\":\"publish\",\"add\":[],\"remove\":[\"web\"]}");
    answer(0, "{\"name\":\"web\",\"address\":\"relay.example:20001\",\"port\":20001}");
    ck_assert_uint_eq(answers, 0);
    ck_assert_uint_eq(fake_sent(0, CONTROL_OP_ERROR), 0);
}
END_TEST

START_TEST(server_that_is_too_old_is_asked_for_nothing) {
    harness_start(&harness);
    fake_greet(0, false,
               "{\"session\":\"00112233445566778899aabbccddeeff\",\"session_key\":"
               "\"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\","
               "\"server\":\"" FAKE_SERVER "\",\"ping\":10,\"dead_after\":30,\"threads\":1,\"resume\":30,"
               "\"features\":[\"services\"]}");
    ck_assert(fake_plane()->dials[0].accepted);
    ck_assert_uint_eq(fake_sent(0, CONTROL_OP_PUBLISH), 0);
    ck_assert_int_eq(at_first("web")->state, PUBLICATION_UNSUPPORTED);
    ck_assert_str_eq(at_first("web")->reason, "this server is too old to publish; upgrade munneld");
    agent_recheck(harness.agent);
    ck_assert_uint_eq(answers, 2); /* of both services, once */
    char *log = harness_end(&harness);
    ck_assert_ptr_nonnull(strstr(log, "cannot publish"));
    free(log);
}
END_TEST

/* ---- a hostile server ---- */

START_TEST(names_that_were_not_asked_for_are_an_error) {
    harness_connect(&harness);
    answer(0, "{\"name\":\"ssh\",\"address\":\"relay.example:22\",\"port\":22},"
              "{\"name\":\"web\",\"address\":\"relay.example:80\",\"port\":80}");
    ck_assert_uint_eq(fake_sent(0, CONTROL_OP_ERROR), 1);
    ck_assert_int_eq(at_first("web")->state, PUBLICATION_WAITING); /* the whole message counts for nothing */
    ck_assert_uint_eq(answers, 0);
}
END_TEST

START_TEST(address_cannot_steer_a_terminal) {
    harness_connect(&harness);
    answer(0, "{\"name\":\"web\",\"address\":\"http://x\\u001b[2J\",\"port\":80}");
    ck_assert_uint_eq(fake_sent(0, CONTROL_OP_ERROR), 1);
    answer(0, "{\"name\":\"web\",\"address\":\"http://x y\\u202ez\",\"port\":80}");
    ck_assert_str_eq(at_first("web")->address, "http://x?y???z");
}
END_TEST

START_TEST(endless_changes_are_told_so_often_and_no_more) {
    harness_connect(&harness);
    for (unsigned i = 0; i < 10000; i++)
        answer(0,
               i % 2 ? "{\"name\":\"web\",\"address\":\"a:1\",\"port\":1}" : "{\"name\":\"web\",\"refused\":\"no\"}");
    ck_assert_uint_le(answers, 2 * PUBLICATIONS_MOST);
    ck_assert_str_eq(at_first("web")->address, "a:1");
}
END_TEST

START_TEST(endless_lies_end_the_session) {
    harness_connect(&harness);
    for (unsigned i = 0; i < 200; i++)
        answer(0, "{\"name\":\"ssh\",\"address\":\"relay.example:22\",\"port\":22}");
    ck_assert(fake_plane()->dials[0].closed);
}
END_TEST

/* ---- several servers, and the end ---- */

START_TEST(each_server_has_an_answer_of_its_own) {
    harness_start(&harness);
    ck_assert_uint_eq(fake_plane()->dial_count, 2);
    fake_welcome(0, NULL);
    fake_welcome_from(1, NULL, "00112233445566778899aabbccddeeff");
    ck_assert_uint_eq(fake_sent(0, CONTROL_OP_PUBLISH) + fake_sent(1, CONTROL_OP_PUBLISH), 2);
    answer(1, "{\"name\":\"web\",\"refused\":\"no\"}");
    answer(0, "{\"name\":\"web\",\"address\":\"a:1\",\"port\":1}");
    ck_assert_int_eq(entry_of("web")->at[0].state, PUBLICATION_PUBLISHED);
    ck_assert_int_eq(entry_of("web")->at[1].state, PUBLICATION_REFUSED);
}
END_TEST

START_TEST(what_is_configured_stays_while_the_agent_is_started_anew) {
    harness_connect(&harness);
    agent_end(harness.agent);
    ck_assert_uint_eq(fake_sent(0, CONTROL_OP_PUBLISH), 1);
}
END_TEST

START_TEST(shared_service_is_withdrawn_before_the_agent_drains) {
    harness.settings.only_published = true;
    harness_connect(&harness);
    agent_end(harness.agent);
    ck_assert_uint_eq(fake_sent(0, CONTROL_OP_PUBLISH), 2);
    ck_assert_str_eq(fake_plane()->sent[fake_plane()->sent_count - 2].json,
                     "{\"op\":\"publish\",\"add\":[],\"remove\":[\"web\",\"db\"]}");
}
END_TEST

static TCase *asked(void) {
    TCase *group = tcase_create("asked");
    tcase_add_checked_fixture(group, begin, tear_down);
    tcase_add_test(group, server_is_asked_as_soon_as_it_is_connected);
    tcase_add_test(group, answer_is_kept_and_told_once);
    tcase_add_test(group, address_without_a_host_has_the_one_by_which_the_server_was_reached);
    tcase_add_test(group, next_link_is_asked_for_the_port_that_it_had);
    tcase_add_test(group, refusal_is_told_once_and_asked_again_later);
    tcase_add_test(group, what_has_no_answer_is_asked_again);
    tcase_add_test(group, removal_is_repeated_once);
    tcase_add_test(group, withdrawn_service_is_removed_and_its_late_answer_changes_nothing);
    tcase_add_test(group, what_is_configured_stays_while_the_agent_is_started_anew);
    tcase_add_test(group, shared_service_is_withdrawn_before_the_agent_drains);
    return group;
}

static TCase *logged(void) {
    TCase *group = tcase_create("logged");
    tcase_add_checked_fixture(group, begin, NULL);
    tcase_add_test(group, server_that_is_too_old_is_asked_for_nothing);
    return group;
}

static TCase *hostile(void) {
    TCase *group = tcase_create("hostile");
    tcase_add_checked_fixture(group, begin, tear_down);
    tcase_add_test(group, names_that_were_not_asked_for_are_an_error);
    tcase_add_test(group, address_cannot_steer_a_terminal);
    tcase_add_test(group, endless_changes_are_told_so_often_and_no_more);
    tcase_add_test(group, endless_lies_end_the_session);
    return group;
}

static TCase *of_two(void) {
    TCase *group = tcase_create("of_two");
    tcase_add_checked_fixture(group, begin_two, tear_down);
    tcase_add_test(group, each_server_has_an_answer_of_its_own);
    return group;
}

UNIT_MAIN("agent/upstream/publisher", asked, logged, hostile, of_two)
