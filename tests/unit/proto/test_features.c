/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_features: the list of words in HELLO and WELCOME, and what a peer may make of it.
 */
#include "config.h"

#include "lib/base/json.h"
#include "proto/features.h"
#include "unit.h"

#include <string.h>

static int take(const char *text, unsigned *features, struct error *error) {
    json_t *json = json_parse_object(text, strlen(text), 4096, error);
    ck_assert_ptr_nonnull(json);
    int result = features_take(json, features, error);
    json_decref(json);
    return result;
}

START_TEST(features_come_back_as_they_were_sent) {
    json_t *json = json_object();
    unsigned got = 0;
    ck_assert(features_put(json, FEATURES_ALL));
    ck_assert_int_eq(features_take(json, &got, NULL), 0);
    ck_assert_uint_eq(got, FEATURES_ALL);
    ck_assert_ptr_null(features_missing(got));
    json_decref(json);
}
END_TEST

START_TEST(unknown_word_is_left_out) {
    unsigned got = 0;
    struct error error = {""};
    ck_assert_int_eq(take("{\"features\":[\"telepathy\",\"services\",\"\"]}", &got, &error), 0);
    ck_assert_uint_eq(got, 1U << FEATURE_SERVICES);
}
END_TEST

START_TEST(program_without_features_lacks_services) {
    unsigned got = 7;
    struct error error = {""};
    ck_assert_int_eq(take("{}", &got, &error), 0);
    ck_assert_uint_eq(got, 0);
    ck_assert_str_eq(features_missing(got), "services");
}
END_TEST

START_TEST(first_lacking_feature_is_named) {
    ck_assert_str_eq(features_lacking(FEATURES_ALL, 0), "services");
    ck_assert_ptr_null(features_lacking(FEATURES_ALL, FEATURES_ALL));
    ck_assert_ptr_null(features_lacking(0, 0));
}
END_TEST

static const char *const bad[] = {
    "{\"features\":\"services\"}",
    "{\"features\":{}}",
    "{\"features\":null}",
    "{\"features\":[7]}",
    "{\"features\":[null]}",
    "{\"features\":[[]]}",
    "{\"features\":[\"a\\u0007\"]}",
    "{\"features\":[\"12345678901234567890123456789012345678901234567890123456789012345\"]}",
    "{\"features\":[0,1,2,3,4,5,6,7,8,9,0,1,2,3,4,5,6,7,8,9,0,1,2,3,4,5,6,7,8,9,0,1,2]}",
};

START_TEST(malformed_list_is_refused) {
    unsigned got = 0;
    struct error error = {""};
    ck_assert_msg(take(bad[_i], &got, &error) == -1, "taken: %s", bad[_i]);
    ck_assert_ptr_nonnull(strstr(error.text, "\"features\""));
}
END_TEST

static TCase *features(void) {
    TCase *group = tcase_create("features");
    tcase_add_test(group, features_come_back_as_they_were_sent);
    tcase_add_test(group, unknown_word_is_left_out);
    tcase_add_test(group, program_without_features_lacks_services);
    tcase_add_test(group, first_lacking_feature_is_named);
    tcase_add_loop_test(group, malformed_list_is_refused, 0, sizeof bad / sizeof bad[0]);
    return group;
}

UNIT_MAIN("proto/features", features)
