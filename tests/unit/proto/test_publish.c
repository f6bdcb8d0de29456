/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_publish: what an agent offers its server reads, the answers come back, and what is malformed is refused whole.
 */
#include "config.h"

#include "proto/control.h"
#include "proto/frame.h"
#include "proto/publish.h"
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static json_t *parse(const char *text) {
    json_t *json = json_loads(text, 0, NULL);

    ck_assert_msg(json, "%s", text);
    return json;
}

START_TEST(offers_are_read_as_they_were_written) {
    const struct publish_offer web = {.name = "web",
                                      .to = {"localhost:8080", "unix:/run/web"},
                                      .to_count = 2,
                                      .host = "web.dev.example.org",
                                      .is_exact = true};
    const struct publish_offer ssh = {.name = "ssh", .to = {"localhost:22"}, .to_count = 1, .port = 20017};
    struct publish_writer writer;
    struct publish publish;
    struct publish_offer got;
    struct error error = {""};

    publish_write(&writer);
    ck_assert(publish_write_offer(&writer, &web) && publish_write_removed(&writer, "old") &&
              publish_write_offer(&writer, &ssh));
    char *message = publish_finish(&writer);
    ck_assert_str_eq(message, "{\"op\":\"publish\",\"add\":[{\"name\":\"web\",\"to\":[\"localhost:8080\","
                              "\"unix:/run/web\"],\"host\":\"web.dev.example.org\",\"exact\":true},{\"name\":\"ssh\","
                              "\"to\":[\"localhost:22\"],\"port\":20017}],\"remove\":[\"old\"]}");
    json_t *json = parse(message);
    ck_assert_msg(publish_parse(&publish, json, &error) == 0, "%s", error.text);
    ck_assert_uint_eq(publish.add_count, 2);
    ck_assert_uint_eq(publish.remove_count, 1);
    publish_added(&publish, 0, &got);
    ck_assert_str_eq(got.name, "web");
    ck_assert_uint_eq(got.to_count, 2);
    ck_assert_str_eq(got.to[1], "unix:/run/web");
    ck_assert_str_eq(got.host, "web.dev.example.org");
    ck_assert(got.is_exact && got.port == 0);
    publish_added(&publish, 1, &got);
    ck_assert(!got.is_exact && !got.host && got.port == 20017);
    ck_assert_str_eq(publish_removed(&publish, 0), "old");
    json_decref(json);
    free(message);
}
END_TEST

START_TEST(answers_are_read_as_they_were_written) {
    const struct published_service ssh = {.name = "ssh", .address = "relay.example.org:20017", .port = 20017};
    const struct published_service web = {.name = "web",
                                          .address = "https://web.dev.example.org",
                                          .host = "web.dev.example.org"};
    const struct published_service refused = {.name = "db", .refusal = "\"db\" is published by agent laptop2"};
    struct publish_writer writer;
    struct published published;
    struct published_service got;
    struct error error = {""};

    published_write(&writer);
    ck_assert(published_write_service(&writer, &ssh) && published_write_service(&writer, &web) &&
              published_write_service(&writer, &refused));
    char *message = publish_finish(&writer);
    json_t *json = parse(message);
    ck_assert_msg(published_parse(&published, json, &error) == 0, "%s", error.text);
    ck_assert_uint_eq(published.count, 3);
    published_get(&published, 0, &got);
    ck_assert_str_eq(got.address, "relay.example.org:20017");
    ck_assert(got.port == 20017 && !got.host && !got.refusal);
    published_get(&published, 1, &got);
    ck_assert_str_eq(got.host, "web.dev.example.org");
    ck_assert_uint_eq(got.port, 0);
    published_get(&published, 2, &got);
    ck_assert_str_eq(got.refusal, "\"db\" is published by agent laptop2");
    ck_assert_ptr_null(got.address);
    json_decref(json);
    free(message);
}
END_TEST

START_TEST(message_is_full_before_it_is_too_large_for_a_frame) {
    char to[SERVICE_DESTINATION_MAX + 1], name[PROTO_NAME_MAX + 1];
    struct publish_offer offer = {.name = name, .to_count = SERVICE_DESTINATIONS_MAX};
    struct publish_writer writer;
    size_t count = 0;

    memset(to, '"', sizeof to - 1);
    to[sizeof to - 1] = '\0';
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    for (size_t i = 0; i < offer.to_count; i++)
        offer.to[i] = to;
    publish_write(&writer);
    while (publish_write_offer(&writer, &offer))
        count++;
    char *message = publish_finish(&writer);
    ck_assert_uint_ge(count, 1);
    ck_assert_uint_lt(strlen(message), FRAME_JSON_MAX);
    free(message);
    publish_write(&writer);
    for (count = 0; publish_write_removed(&writer, "x"); count++)
        ;
    ck_assert_uint_eq(count, PUBLISH_MAX);
    free(publish_finish(&writer));
}
END_TEST

static const char *const wrongs[] = {
    "{\"add\":7}",
    "{\"add\":[7]}",
    "{\"remove\":{}}",
    "{\"remove\":[7]}",
    "{\"remove\":[\"\"]}",
    "{\"remove\":[\"a b\"]}",
    "{\"add\":[{}]}",
    "{\"add\":[{\"name\":\"web\"}]}",
    "{\"add\":[{\"to\":[\"a:1\"]}]}",
    "{\"add\":[{\"name\":\"\",\"to\":[\"a:1\"]}]}",
    "{\"add\":[{\"name\":\"..\",\"to\":[\"a:1\"]}]}",
    "{\"add\":[{\"name\":\"w\xc3\xa4"
    "b\",\"to\":[\"a:1\"]}]}",
    "{\"add\":[{\"name\":\"a\\u001b[2J\",\"to\":[\"a:1\"]}]}",
    "{\"add\":[{\"name\":\"01234567890123456789012345678901234567890123456789012345678901234\",\"to\":[\"a:1\"]}]}",
    "{\"add\":[{\"name\":\"web\",\"to\":\"a:1\"}]}",
    "{\"add\":[{\"name\":\"web\",\"to\":[]}]}",
    "{\"add\":[{\"name\":\"web\",\"to\":[\"\"]}]}",
    "{\"add\":[{\"name\":\"web\",\"to\":[\"a\\n:1\"]}]}",
    "{\"add\":[{\"name\":\"web\",\"to\":[\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\",\"9\"]}]}",
    "{\"add\":[{\"name\":\"web\",\"to\":[\"a:1\"],\"port\":0}]}",
    "{\"add\":[{\"name\":\"web\",\"to\":[\"a:1\"],\"port\":65536}]}",
    "{\"add\":[{\"name\":\"web\",\"to\":[\"a:1\"],\"port\":\"80\"}]}",
    "{\"add\":[{\"name\":\"web\",\"to\":[\"a:1\"],\"host\":\"\"}]}",
    "{\"add\":[{\"name\":\"web\",\"to\":[\"a:1\"],\"host\":7}]}",
    "{\"add\":[{\"name\":\"web\",\"to\":[\"a:1\"],\"exact\":1}]}",
    "{\"add\":[{\"name\":\"web\",\"to\":[\"a:1\"]},{\"name\":\"b\"}]}", /* the second one */
};

START_TEST(malformed_offer_is_refused) {
    struct error error = {""};
    struct publish publish;
    json_t *json = parse(wrongs[_i]);

    ck_assert_msg(publish_parse(&publish, json, &error) == -1, "%s", wrongs[_i]);
    ck_assert_str_ne(error.text, "");
    json_decref(json);
}
END_TEST

static const char *const wrong_answers[] = {
    "{}",
    "{\"services\":{}}",
    "{\"services\":[7]}",
    "{\"services\":[{\"name\":\"web\"}]}",
    "{\"services\":[{\"address\":\"a:1\"}]}",
    "{\"services\":[{\"name\":\"web\",\"address\":\"\"}]}",
    "{\"services\":[{\"name\":\"web\",\"address\":\"a\\u0007\"}]}",
    "{\"services\":[{\"name\":\"web\",\"address\":\"a:1\",\"port\":0}]}",
    "{\"services\":[{\"name\":\"web\",\"refused\":7}]}",
};

START_TEST(malformed_answer_is_refused) {
    struct error error = {""};
    struct published published;
    json_t *json = parse(wrong_answers[_i]);

    ck_assert_msg(published_parse(&published, json, &error) == -1, "%s", wrong_answers[_i]);
    ck_assert_str_ne(error.text, "");
    json_decref(json);
}
END_TEST

START_TEST(longer_lists_and_texts_are_refused) {
    struct error error = {""};
    struct publish publish;
    char to[SERVICE_DESTINATION_MAX + 2];
    json_t *list = json_array(), *json = json_pack("{s:o}", "remove", list);

    for (int i = 0; i < PUBLISH_MAX; i++)
        json_array_append_new(list, json_string("web"));
    ck_assert_int_eq(publish_parse(&publish, json, &error), 0);
    json_array_append_new(list, json_string("web"));
    ck_assert_int_eq(publish_parse(&publish, json, &error), -1);
    json_decref(json);
    memset(to, 'x', sizeof to - 1);
    to[sizeof to - 1] = '\0';
    json = json_pack("{s:[{s:s,s:[s]}]}", "add", "name", "web", "to", to);
    ck_assert_int_eq(publish_parse(&publish, json, &error), -1);
    json_decref(json);
}
END_TEST

static TCase *messages(void) {
    TCase *group = tcase_create("messages");

    tcase_add_test(group, offers_are_read_as_they_were_written);
    tcase_add_test(group, answers_are_read_as_they_were_written);
    tcase_add_test(group, message_is_full_before_it_is_too_large_for_a_frame);
    tcase_add_loop_test(group, malformed_offer_is_refused, 0, sizeof wrongs / sizeof *wrongs);
    tcase_add_loop_test(group, malformed_answer_is_refused, 0, sizeof wrong_answers / sizeof *wrong_answers);
    tcase_add_test(group, longer_lists_and_texts_are_refused);
    return group;
}

UNIT_MAIN("proto/publish", messages)
