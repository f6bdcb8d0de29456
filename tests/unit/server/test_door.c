/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_door: who gets past the agent port: TLS does, strangers do not, and nobody can fill it up.
 */
#include "config.h"

#include "server/peek.h"
#include "server/stage.h"
#include "unit.h"

#include <string.h>
#include <unistd.h>

static const char *const ungrouped[] = {NULL};
static const char hello_of_tls[] = {0x16, 0x03, 0x01, 0x00, 0x10};

static int knock(struct stage *stage) {
    stage->ports[3] = stage->agent_port;
    return stage_connect(stage, 3);
}

START_TEST(strangers_are_called_by_name) {
    static const struct {
        const char *bytes;
        size_t length;
        const char *words;
    } strangers[] = {
        {"GET / HTTP/1.1\r\n", 16, "an HTTP request"},
        {"SSH-2.0-OpenSSH", 15, "an SSH client"},
        {"\x15\x03\x01\x00\x02", 5, "TLS, but not the beginning of it"},
        {"hello?\n", 7, "plain text"},
        {"\x01\x02\x03", 3, "no TLS"},
        {"\x80\x2e\x01\x00\x02", 5, "an SSL 2 client"},
    };

    for (size_t i = 0; i < sizeof strangers / sizeof *strangers; i++)
        ck_assert_str_eq(peek_stranger((const uint8_t *)strangers[i].bytes, strangers[i].length), strangers[i].words);
    ck_assert_ptr_null(peek_stranger((const uint8_t *)hello_of_tls, 1)); /* more may come */
    ck_assert_ptr_null(peek_stranger((const uint8_t *)hello_of_tls, sizeof hello_of_tls));
}
END_TEST

START_TEST(tls_is_handed_on_with_all_its_bytes) {
    struct stage stage;
    struct fake_order order;
    char bytes[16];

    stage_set(&stage, ungrouped, 1);
    stage_open(&stage);
    int fd = knock(&stage);
    ck_assert_uint_eq(fake_count(FAKE_ADOPT), 0);
    ck_assert_int_eq(write(fd, hello_of_tls, sizeof hello_of_tls), sizeof hello_of_tls);
    ck_assert(stage_wait_for(&stage, FAKE_ADOPT, 1));
    ck_assert(fake_take(FAKE_ADOPT, &order));
    ck_assert_int_eq(read(order.fd, bytes, sizeof bytes), sizeof hello_of_tls);
    ck_assert_uint_eq(door_count(stage.server->door), 1); /* until it has greeted, or is gone */
    struct link_end end = {.link = fake_link(), .tag = order.tag, .why = "no more of it"};
    fake_options()->events->on_gone(fake_options()->context, &end);
    ck_assert_uint_eq(door_count(stage.server->door), 0);
    close(order.fd);
    close(fd);
    stage_clear(&stage);
}
END_TEST

START_TEST(plain_http_is_sent_away) {
    struct stage stage;

    stage_set(&stage, ungrouped, 1);
    stage_open(&stage);
    int fd = knock(&stage);
    ck_assert_int_eq(write(fd, "GET / HTTP/1.0\r\n\r\n", 18), 18);
    ck_assert(stage_is_closed(&stage, fd));
    ck_assert_uint_eq(door_count(stage.server->door), 0);
    close(fd);
    stage_clear(&stage);
}
END_TEST

START_TEST(silence_ends_at_the_deadline) {
    struct stage stage;

    stage_set(&stage, ungrouped, 1);
    stage.conf->agents.unauthenticated_deadline_s = 1;
    stage_open(&stage);
    int fd = knock(&stage);
    ck_assert(stage_is_closed(&stage, fd));
    close(fd);
    stage_clear(&stage);
}
END_TEST

START_TEST(full_door_sends_the_oldest_silent_one_away) {
    struct stage stage;
    struct fake_order order;
    int fds[4];

    stage_set(&stage, ungrouped, 1);
    stage.conf->agents.unauthenticated_max = 3;
    stage_open(&stage);
    for (int i = 0; i < 3; i++) {
        fds[i] = knock(&stage);
        fake_clock_advance(1);
    }
    ck_assert_int_eq(write(fds[0], hello_of_tls, sizeof hello_of_tls), sizeof hello_of_tls);
    ck_assert(stage_wait_for(&stage, FAKE_ADOPT, 1)); /* the oldest has spoken, so it is not his turn */
    fds[3] = knock(&stage);
    ck_assert(stage_is_closed(&stage, fds[1]));
    ck_assert_uint_eq(door_count(stage.server->door), 3);
    ck_assert_int_eq(write(fds[3], hello_of_tls, sizeof hello_of_tls), sizeof hello_of_tls);
    ck_assert(stage_wait_for(&stage, FAKE_ADOPT, 2));
    while (fake_take(FAKE_ADOPT, &order))
        close(order.fd);
    for (int i = 0; i < 4; i++)
        close(fds[i]);
    stage_clear(&stage);
}
END_TEST

START_TEST(one_source_has_a_share_only) {
    struct stage stage;

    stage_set(&stage, ungrouped, 1);
    stage.conf->agents.unauthenticated_per_source = 1;
    stage_open(&stage);
    int first = knock(&stage);
    fake_clock_advance(1);
    int second = knock(&stage);
    ck_assert(stage_is_closed(&stage, first));
    ck_assert_uint_eq(door_count(stage.server->door), 1);
    close(first);
    close(second);
    stage_clear(&stage);
}
END_TEST

START_TEST(links_that_were_ordered_are_let_in) {
    struct stage stage;
    int fds[4];

    stage_set(&stage, ungrouped, 1);
    stage.conf->agents.unauthenticated_max = stage.conf->agents.unauthenticated_per_source = 1;
    stage.conf->agents.idle_min = 3;
    stage_open(&stage);
    stage_join(&stage, "a", ""); /* from the same address, and three links are ordered */
    stage_run(&stage);
    for (int i = 0; i < 4; i++)
        fds[i] = knock(&stage);
    ck_assert_uint_eq(door_count(stage.server->door), 4);
    int more = knock(&stage);
    ck_assert_uint_eq(door_count(stage.server->door), 4);
    ck_assert(stage_is_closed(&stage, fds[0]));
    for (int i = 0; i < 4; i++)
        close(fds[i]);
    close(more);
    stage_clear(&stage);
}
END_TEST

static TCase *door(void) {
    TCase *group = tcase_create("door");

    tcase_add_test(group, strangers_are_called_by_name);
    tcase_add_test(group, tls_is_handed_on_with_all_its_bytes);
    tcase_add_test(group, plain_http_is_sent_away);
    tcase_add_test(group, silence_ends_at_the_deadline);
    tcase_add_test(group, full_door_sends_the_oldest_silent_one_away);
    tcase_add_test(group, one_source_has_a_share_only);
    tcase_add_test(group, links_that_were_ordered_are_let_in);
    return group;
}

UNIT_MAIN("server/door", door)
