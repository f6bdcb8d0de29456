/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_services: what a server announces, judged by the agent's rules, and when the answer leaves.
 */
#include "config.h"

#include "agent/identity/service_keys.h"
#include "agent/one_harness.h"
#include "agent/upstream/services.h"
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define KEY "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static void connect_with(const char *const *rules) {
    struct acl *allow = acl_new();
    struct error error = {""};

    for (; *rules; rules++)
        ck_assert_msg(acl_add(allow, *rules, &error) == 0, "%s", error.text);
    harness.settings.allow = allow; /* lives as long as the test's process */
    harness_connect(&harness);
}

static void announce(unsigned version, const char *members) {
    char text[4096];

    ck_assert_int_lt(snprintf(text, sizeof text, "{\"op\":\"services\",\"version\":%u,%s}", version, members),
                     (int)sizeof text);
    fake_control_text(0, text);
}

static void announce_one(unsigned version, uint32_t id, const char *destinations) {
    char members[2048];

    snprintf(members, sizeof members, "\"add\":[{\"id\":%u,\"name\":\"s%u\",\"to\":[%s]}]", id, id, destinations);
    announce(version, members);
}

static bool serves(uint32_t id) {
    return service_table_find(fake_plane()->services, id);
}

/* The answer that was sent last. */
static const char *answer(void) {
    ck_assert_uint_gt(fake_plane()->sent_count, 0);
    return fake_plane()->sent[fake_plane()->sent_count - 1].json;
}

static const char keys_text[] = "{ \"ssh\": {\"keys\": [\"" KEY "\"], \"connect\": \"127.0.0.1:22\"},\n"
                                " \"visited\": {\"keys\": [\"" KEY "\"]} }";

static void connect_with_keys(void) {
    const char *path = unit_text_file("keys.json", keys_text);
    struct error error = {""};
    ck_assert_int_eq(chmod(path, 0600), 0);
    harness.settings.keys = service_keys_new(path, &error);
    ck_assert_msg(harness.settings.keys, "%s", error.text);
    harness_connect(&harness);
}

/* What a server may not decide: whether a service with a key is encrypted past it, and where that ends. */
static const struct {
    const char *name, *members, *reason; /* NULL: permitted */
} by_key[] = {
    {"ssh", "\"to\":[\"127.0.0.1:22\"],\"end_to_end\":true", NULL},
    {"ssh", "\"to\":[\"127.0.0.1:22\"]", "the server announces it without end_to_end"},
    {"ssh", "\"to\":[\"127.0.0.1:22\"],\"end_to_end\":false", "the server announces it without end_to_end"},
    {"ssh", "\"to\":[\"127.0.0.1:23\"],\"end_to_end\":true", "its connect is not the one"},
    {"ssh", "\"to\":[\"127.0.0.1:22\",\"10.0.0.1:22\"],\"end_to_end\":true", "its connect is not the one"},
    {"ssh", "\"to\":[\"127.0.0.1:22\"],\"end_to_end\":true,\"proxy_protocol\":\"v2\"", "with proxy_protocol"},
    {"ssh",
     "\"to\":[\"127.0.0.1:22\"],\"end_to_end\":true,\"check\":{\"type\":\"http\",\"interval\":10,\"timeout\":3,"
     "\"rise\":2,\"fall\":3,\"path\":\"/\",\"host\":\"h\",\"status\":\"200\"}",
     "by HTTP"},
    {"ssh",
     "\"to\":[\"127.0.0.1:22\"],\"end_to_end\":true,\"check\":{\"type\":\"tcp\",\"interval\":10,\"timeout\":3,\"rise\":"
     "2,\"fall\":3}",
     NULL},
    {"ssh", "\"to\":[\"127.0.0.1:22\"],\"end_to_end\":true,\"protocol\":\"udp\"", "for services of TCP"},
    {"visited", "\"to\":[\"127.0.0.1:22\"],\"end_to_end\":true", "has no \\\"connect\\\""},
    {"visited", "\"to\":[\"127.0.0.1:22\"]", "the server announces it without end_to_end"},
    {"web", "\"to\":[\"127.0.0.1:80\"],\"end_to_end\":true", "this agent has no key for it"},
    {"web", "\"to\":[\"127.0.0.1:80\"]", NULL},
};
enum { BY_KEY = sizeof by_key / sizeof *by_key };

static const char *const no_rules[] = {NULL};
static const char *const web_rules[] = {"10.0.0.0/8:80", "db.example:5432", "*.local:*", "unix:/run/x.sock", NULL};

START_TEST(answer_waits_until_all_relay_threads_have_the_table) {
    connect_with(no_rules);
    announce_one(1, 1, "\"127.0.0.1:22\"");
    ck_assert_uint_eq(fake_sent(0, CONTROL_OP_SERVICES_ACK), 0);
    ck_assert(serves(1));
    fake_services_set();
    ck_assert_uint_eq(fake_sent(0, CONTROL_OP_SERVICES_ACK), 1);
    ck_assert_str_eq(answer(), "{\"op\":\"services_ack\",\"version\":1,\"refused\":[]}");
}
END_TEST

static const struct {
    const char *const *rules;
    const char *destinations;
    bool is_permitted;
} judgements[] = {
    {no_rules, "\"127.0.0.1:22\"", true},
    {no_rules, "\"db.example:22\"", true},
    {no_rules, "\"169.254.169.254:80\"", false},
    {no_rules, "\"[::ffff:169.254.169.254]:80\"", false},
    {no_rules, "\"unix:/run/x.sock\"", false},
    {web_rules, "\"10.1.2.3:80\"", true},
    {web_rules, "\"10.1.2.3:81\"", false},
    {web_rules, "\"127.0.0.1:80\"", false},
    {web_rules, "\"unix:/run/x.sock\"", true},
    {web_rules, "\"unix:/run/y.sock\"", false},
    {web_rules, "\"db.example:5432\"", true},
    {web_rules, "\"db.example:5433\"", false}, /* no network has this port either */
    {web_rules, "\"other.example:80\"", true}, /* may resolve to 10.x */
    {web_rules, "\"other.example:443\"", false},
    {web_rules, "\"printer.local:443\"", true},
    {web_rules, "\"127.0.0.1:80\",\"10.1.2.3:80\"", true}, /* one that may be permitted is enough */
    {web_rules, "\"127.0.0.1:80\",\"10.1.2.3:443\"", false},
    {web_rules, "\"nonsense\"", true}, /* connecting tells what is wrong with it */
};

START_TEST(service_is_refused_only_if_all_its_destinations_are_forbidden) {
    connect_with(judgements[_i].rules);
    announce_one(1, 1, judgements[_i].destinations);
    fake_services_set();
    ck_assert_msg(serves(1) == judgements[_i].is_permitted, "%s", judgements[_i].destinations);
    ck_assert_msg(!strstr(answer(), "not allowed by this agent's rules; see --allow") == judgements[_i].is_permitted,
                  "%s", answer());
}
END_TEST

START_TEST(service_of_udp_has_nothing_of_tcp) {
    connect_with(web_rules);
    announce(1, "\"add\":["
                "{\"id\":1,\"name\":\"a\",\"protocol\":\"udp\",\"to\":[\"unix:/run/x.sock\"]},"
                "{\"id\":2,\"name\":\"b\",\"protocol\":\"udp\",\"to\":[\"10.1.2.3:80\"]},"
                "{\"id\":3,\"name\":\"c\",\"protocol\":\"udp\",\"proxy_protocol\":\"v2\",\"to\":[\"10.1.2.3:80\"]}]");
    fake_services_set();
    ck_assert(!serves(1) && serves(2) && !serves(3));
    ck_assert_int_eq(service_table_find(fake_plane()->services, 2)->protocol, SERVICE_UDP);
    ck_assert_ptr_nonnull(strstr(answer(), "proxy_protocol and check are for services of TCP"));
}
END_TEST

START_TEST(service_with_a_key_is_served_as_the_key_wants_it_or_not_at_all) {
    char members[1024];

    connect_with_keys();
    snprintf(members, sizeof members, "\"add\":[{\"id\":1,\"name\":\"%s\",%s}]", by_key[_i].name, by_key[_i].members);
    announce(1, members);
    fake_services_set();
    ck_assert_int_eq(serves(1), !by_key[_i].reason);
    const char *reason = by_key[_i].reason ? by_key[_i].reason : "\"refused\":[]";
    ck_assert_msg(strstr(answer(), reason), "%s", answer());
    if (serves(1)) {
        const struct served_service *service = service_table_find(fake_plane()->services, 1);
        ck_assert_int_eq(service->end_to_end, strcmp(by_key[_i].name, "ssh") == 0);
        ck_assert_int_eq(!service->tls, !service->end_to_end);
    }
}
END_TEST

START_TEST(changed_table_has_what_was_added_and_not_what_was_removed) {
    connect_with(no_rules);
    announce_one(1, 1, "\"127.0.0.1:22\"");
    fake_services_set();
    announce(2, "\"remove\":[1],\"add\":[{\"id\":2,\"name\":\"b\",\"to\":[\"127.0.0.1:23\"]}]");
    fake_services_set();
    ck_assert(!serves(1) && serves(2));
    ck_assert_str_eq(answer(), "{\"op\":\"services_ack\",\"version\":2,\"refused\":[]}");
}
END_TEST

static const char *const out_of_order[] = {
    "{\"op\":\"services\",\"version\":1}",                                                      /* again */
    "{\"op\":\"services\",\"version\":3}",                                                      /* one is missing */
    "{\"op\":\"services\",\"version\":2,\"add\":[{\"id\":5,\"name\":\"b\",\"to\":[\"b:2\"]}]}", /* its id was used */
    "{\"op\":\"services\",\"version\":2,\"add\":[{\"id\":6,\"name\":\"b\",\"to\":[]}]}",
};

START_TEST(part_out_of_order_is_an_error_and_changes_nothing) {
    connect_with(no_rules);
    announce_one(1, 5, "\"127.0.0.1:22\"");
    fake_services_set();
    fake_control_text(0, out_of_order[_i]);
    ck_assert_uint_eq(fake_sent(0, CONTROL_OP_ERROR), 1);
    ck_assert_uint_eq(fake_sent(0, CONTROL_OP_SERVICES_ACK), 1);
    ck_assert(serves(5) && fake_plane()->services->count == 1);
    announce_one(2, 6, "\"127.0.0.1:23\"");
    fake_services_set();
    ck_assert(serves(6));
}
END_TEST

START_TEST(part_before_the_answer_to_the_last_is_an_error) {
    connect_with(no_rules);
    announce_one(1, 1, "\"127.0.0.1:22\"");
    announce_one(2, 2, "\"127.0.0.1:22\"");
    ck_assert_uint_eq(fake_sent(0, CONTROL_OP_ERROR), 1);
    ck_assert(serves(1) && !serves(2));
}
END_TEST

START_TEST(relay_threads_forget_the_services_of_a_session_that_is_over) {
    connect_with(no_rules);
    announce_one(1, 1, "\"127.0.0.1:22\"");
    fake_services_set();
    ck_assert_uint_eq(fake_plane()->services_session, harness_dial(0)->order.tag);
    fake_control(0, CONTROL_OP_BYE);
    fake_gone(0, "the server ended the session");
    ck_assert_ptr_null(fake_plane()->services);
}
END_TEST

START_TEST(data_links_serve_the_services_of_their_session) {
    connect_with(no_rules);
    ck_assert_uint_eq(fake_plane()->links[0].order.role.session, harness_dial(0)->order.tag);
}
END_TEST

/* ---- the control link is lost, and its session resumed ---- */

static void resume(void) {
    fake_gone(0, "cut");
    ck_assert(serves(1)); /* OPEN may have been on its way */
    harness_await_dials(&harness, 2);
    fake_welcome(1, NULL);
    ck_assert(harness_dial(1)->accepted);
}

static void announce_again(void) {
    fake_control_text(1, "{\"op\":\"services\",\"version\":1,\"add\":[{\"id\":2,\"name\":\"b\",\"to\":[\"b:2\"]}]}");
    ck_assert_uint_eq(fake_sent(1, CONTROL_OP_ERROR), 0);
    ck_assert(!serves(1) && serves(2));
    ck_assert_uint_eq(fake_plane()->services_session, harness_dial(0)->order.tag);
}

START_TEST(a_resumed_session_is_announced_its_services_anew) {
    connect_with(no_rules);
    announce_one(1, 1, "\"127.0.0.1:22\"");
    fake_services_set();
    resume();
    announce_again();
    fake_services_set();
    ck_assert_uint_eq(fake_sent(1, CONTROL_OP_SERVICES_ACK), 1);
}
END_TEST

START_TEST(what_came_by_a_lost_control_link_is_not_answered_by_the_next) {
    connect_with(no_rules);
    announce_one(1, 1, "\"127.0.0.1:22\"");
    resume();
    fake_services_set(); /* the table of the lost link */
    ck_assert_uint_eq(fake_plane()->sent_count, 0);
}
END_TEST

START_TEST(the_answer_does_not_come_before_the_threads_have_its_own_table) {
    connect_with(no_rules);
    announce_one(1, 1, "\"127.0.0.1:22\"");
    resume();
    announce_again();
    fake_services_set(); /* the table of the lost link */
    ck_assert_uint_eq(fake_plane()->sent_count, 0);
    fake_services_set();
    ck_assert_uint_eq(fake_sent(1, CONTROL_OP_SERVICES_ACK), 1);
}
END_TEST

START_TEST(agent_keeps_no_more_than_a_hundred_thousand_services) {
    unsigned version = 0;
    uint32_t id = 0;

    connect_with(no_rules);
    while (id <= SERVICES_MAX) {
        struct services_writer writer;
        services_write(&writer, ++version);
        for (int i = 0; i < SERVICES_PART_MAX; i++) {
            struct service_offer offer = {.id = ++id, .name = "s", .to = {"a:1"}, .to_count = 1};
            ck_assert(services_write_offer(&writer, &offer));
        }
        char *text = services_finish(&writer, true);
        fake_control_text(0, text);
        free(text);
        fake_services_set();
        free(fake_plane()->sent[--fake_plane()->sent_count].json); /* it has room for a few only */
    }
    ck_assert_uint_eq(fake_plane()->services->count, SERVICES_MAX);
    ck_assert(serves(SERVICES_MAX) && !serves(SERVICES_MAX + 1));
    ck_assert(!harness_dial(0)->closed);
}
END_TEST

START_TEST(server_without_services_is_named_too_old) {
    harness_start(&harness);
    fake_greet(0, false,
               "{\"session\":\"" FAKE_SERVER "\",\"server\":\"" FAKE_SERVER "\",\"threads\":1,\"session_key\":"
               "\"0101010101010101010101010101010101010101010101010101010101010101\",\"features\":[\"dance\"]}");
    ck_assert(harness_dial(0)->rejected && !harness_dial(0)->accepted);
    fake_gone(0, "rejected");
    char *text = harness_end(&harness);
    ck_assert_msg(strstr(text, "the server is too old: it does not know \\\"services\\\"") ||
                      strstr(text, "the server is too old: it does not know \"services\""),
                  "%s", text);
    free(text);
    set_up_numeric();
}
END_TEST

/* ---- what this agent publishes itself ---- */

static const struct publication_order published = {.name = "s1", .to = "unix:/run/x.sock", .host = ""};
static const char *const elsewhere[] = {"192.0.2.1:1", "db.example:5432", NULL};

static void publish(bool only) {
    harness.settings.published = &published;
    harness.settings.published_count = 1;
    harness.settings.only_published = only;
    connect_with(elsewhere);
}

START_TEST(published_service_is_permitted_to_its_destination_and_to_no_other) {
    publish(false);
    announce(1, "\"add\":[{\"id\":1,\"name\":\"s1\",\"to\":[\"unix:/run/x.sock\"]},"
                "{\"id\":2,\"name\":\"s1\",\"to\":[\"unix:/run/y.sock\"]},"
                "{\"id\":3,\"name\":\"s2\",\"to\":[\"unix:/run/x.sock\"]},"
                "{\"id\":4,\"name\":\"s1\",\"to\":[\"unix:/run/x.sock\",\"10.0.0.1:22\"]}]");
    ck_assert(serves(1) && !serves(2) && !serves(3) && !serves(4));
    ck_assert_ptr_nonnull(service_table_find(fake_plane()->services, 1)->own_rules);
}
END_TEST

START_TEST(service_that_is_withdrawn_takes_no_more_clients) {
    publish(false);
    announce(1, "\"add\":[{\"id\":1,\"name\":\"s1\",\"to\":[\"unix:/run/x.sock\"]},"
                "{\"id\":2,\"name\":\"s2\",\"to\":[\"db.example:5432\"]}]");
    struct publications *list = agent_publications(harness.agent);
    publications_withdraw(list, publications_find(list, "s1"));
    ck_assert(atomic_load(&service_table_find(fake_plane()->services, 1)->is_withdrawn));
    ck_assert(!atomic_load(&service_table_find(fake_plane()->services, 2)->is_withdrawn));
}
END_TEST

START_TEST(agent_that_only_shares_refuses_every_other_service) {
    publish(true);
    announce(1, "\"add\":[{\"id\":1,\"name\":\"s1\",\"to\":[\"unix:/run/x.sock\"]},"
                "{\"id\":2,\"name\":\"s2\",\"to\":[\"db.example:5432\"]}]");
    ck_assert(serves(1) && !serves(2));
    fake_services_set();
    ck_assert_ptr_nonnull(strstr(answer(), "this agent serves nothing but what it publishes"));
}
END_TEST

static TCase *published_ones(void) {
    TCase *group = tcase_create("published");

    tcase_add_checked_fixture(group, set_up_numeric, tear_down);
    tcase_add_test(group, published_service_is_permitted_to_its_destination_and_to_no_other);
    tcase_add_test(group, service_that_is_withdrawn_takes_no_more_clients);
    tcase_add_test(group, agent_that_only_shares_refuses_every_other_service);
    return group;
}

static TCase *judging(void) {
    TCase *group = tcase_create("judging");

    tcase_add_checked_fixture(group, set_up_numeric, tear_down);
    tcase_add_loop_test(group, service_is_refused_only_if_all_its_destinations_are_forbidden, 0,
                        sizeof judgements / sizeof judgements[0]);
    tcase_add_loop_test(group, service_with_a_key_is_served_as_the_key_wants_it_or_not_at_all, 0, BY_KEY);
    tcase_add_test(group, agent_keeps_no_more_than_a_hundred_thousand_services);
    return group;
}

static TCase *parts(void) {
    TCase *group = tcase_create("parts");

    tcase_add_checked_fixture(group, set_up_numeric, tear_down);
    tcase_add_test(group, answer_waits_until_all_relay_threads_have_the_table);
    tcase_add_test(group, service_of_udp_has_nothing_of_tcp);
    tcase_add_test(group, changed_table_has_what_was_added_and_not_what_was_removed);
    tcase_add_loop_test(group, part_out_of_order_is_an_error_and_changes_nothing, 0,
                        sizeof out_of_order / sizeof out_of_order[0]);
    tcase_add_test(group, part_before_the_answer_to_the_last_is_an_error);
    tcase_add_test(group, relay_threads_forget_the_services_of_a_session_that_is_over);
    tcase_add_test(group, data_links_serve_the_services_of_their_session);
    tcase_add_test(group, a_resumed_session_is_announced_its_services_anew);
    tcase_add_test(group, what_came_by_a_lost_control_link_is_not_answered_by_the_next);
    tcase_add_test(group, the_answer_does_not_come_before_the_threads_have_its_own_table);
    tcase_add_test(group, server_without_services_is_named_too_old);
    return group;
}

UNIT_MAIN("agent/upstream/services", judging, parts, published_ones)
