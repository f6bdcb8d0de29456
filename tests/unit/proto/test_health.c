/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_health: checks and reports there and back, their limits, and what a peer may make of them.
 */
#include "config.h"

#include "lib/base/json.h"
#include "proto/control.h"
#include "proto/frame.h"
#include "proto/health.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

static const struct health_check http = {.type = HEALTH_CHECK_HTTP,
                                         .interval_s = 10,
                                         .timeout_s = 5,
                                         .rise = 2,
                                         .fall = 3,
                                         .path = "/health?x=1",
                                         .host = "www.example.org",
                                         .status = "200-399,401"};

/* ---- what is expected ---- */

static const struct {
    const char *expected;
    unsigned status;
    bool matches;
} expectations[] = {
    {"200", 200, true},
    {"200", 201, false},
    {"200-399", 200, true},
    {"200-399", 399, true},
    {"200-399", 400, false},
    {"200-399", 199, false},
    {"200,401", 401, true},
    {"200,300-302,401", 301, true},
    {"200,300-302,401", 303, false},
    {"100-599", 101, true},
};

START_TEST(status_matches_what_is_expected) {
    ck_assert_int_eq(health_status_check(expectations[_i].expected, NULL), 0);
    ck_assert_int_eq(health_status_matches(expectations[_i].expected, expectations[_i].status),
                     expectations[_i].matches);
}
END_TEST

static const char *const no_status[] = {"",         "99",   "600",     "2",        "200-", "-200",
                                        "300-200",  "200,", ",200",    "200 201",  "2000", "200-3999",
                                        "200--300", "abc",  "200-abc", "200, 201", "20x",  "200-300x"};

START_TEST(what_is_no_list_of_codes_is_refused) {
    struct error error = {""};
    ck_assert_msg(health_status_check(no_status[_i], &error) == -1, "\"%s\"", no_status[_i]);
    ck_assert_str_ne(error.text, "");
}
END_TEST

START_TEST(status_list_has_a_longest_length) {
    char text[HEALTH_STATUS_TEXT_MAX + 2];
    for (size_t i = 0; i < sizeof text - 1; i++)
        text[i] = "200,"[i % 4];
    text[sizeof text - 1] = '\0'; /* ends with "2" */
    ck_assert_int_eq(health_status_check(text, NULL), -1);
    text[HEALTH_STATUS_TEXT_MAX - 1] = '\0';
    ck_assert_int_eq(health_status_check(text, NULL), 0);
}
END_TEST

START_TEST(path_and_host_cannot_add_to_the_request) {
    static const char *const paths[] = {"", "health", "/a b", "/a\r\nX: y", "/\x01", "/a#b", "http://x/"},
                             *const hosts[] = {"a b", "a\r\nX: y", "a/b", "a@b", "\"a\""};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        ck_assert_msg(health_path_check(paths[i], NULL) == -1, "\"%s\"", paths[i]);
    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++)
        ck_assert_msg(health_host_check(hosts[i], NULL) == -1, "\"%s\"", hosts[i]);
    ck_assert_int_eq(health_path_check("/a/b?c=%20", NULL), 0);
    ck_assert_int_eq(health_host_check("www.example.org:8080", NULL), 0);
    ck_assert_int_eq(health_host_check("[::1]:80", NULL), 0);
}
END_TEST

/* ---- a check ---- */

START_TEST(check_comes_back_as_it_was_sent) {
    struct health_check got;
    struct error error = {""};
    json_t *service = json_object();
    ck_assert(health_check_put(service, &http));
    ck_assert_msg(health_check_take(&got, service, &error) == 0, "%s", error.text);
    ck_assert_int_eq(got.type, HEALTH_CHECK_HTTP);
    ck_assert_uint_eq(got.interval_s, 10);
    ck_assert_uint_eq(got.timeout_s, 5);
    ck_assert_uint_eq(got.rise, 2);
    ck_assert_uint_eq(got.fall, 3);
    ck_assert_str_eq(got.path, http.path);
    ck_assert_str_eq(got.host, http.host);
    ck_assert_str_eq(got.status, http.status);
    json_decref(service);
}
END_TEST

START_TEST(service_without_a_check_has_none) {
    const struct health_check none = {.type = HEALTH_CHECK_NONE};
    struct health_check got;
    json_t *service = json_object();
    ck_assert(health_check_put(service, &none));
    ck_assert_uint_eq(json_object_size(service), 0);
    ck_assert_int_eq(health_check_take(&got, service, NULL), 0);
    ck_assert_int_eq(got.type, HEALTH_CHECK_NONE);
    json_decref(service);
}
END_TEST

#define COMMON "\"interval\":10,\"timeout\":5,\"rise\":2,\"fall\":3"
static const char *const bad_checks[] = {
    "1",
    "[]",
    "{" COMMON "}",
    "{\"type\":\"none\"," COMMON "}",
    "{\"type\":\"ping\"," COMMON "}",
    "{\"type\":\"tcp\"}",
    "{\"type\":\"tcp\",\"interval\":0,\"timeout\":5,\"rise\":2,\"fall\":3}",
    "{\"type\":\"tcp\",\"interval\":3601,\"timeout\":5,\"rise\":2,\"fall\":3}",
    "{\"type\":\"tcp\",\"interval\":10,\"timeout\":601,\"rise\":2,\"fall\":3}",
    "{\"type\":\"tcp\",\"interval\":10,\"timeout\":5,\"rise\":0,\"fall\":3}",
    "{\"type\":\"tcp\",\"interval\":10,\"timeout\":5,\"rise\":2,\"fall\":-1}",
    "{\"type\":\"tcp\",\"host\":7," COMMON "}",
    "{\"type\":\"tls\",\"host\":\"a b\"," COMMON "}",
    "{\"type\":\"http\"," COMMON "}",
    "{\"type\":\"http\",\"path\":\"/\"," COMMON "}",
    "{\"type\":\"http\",\"path\":\"x\",\"status\":\"200\"," COMMON "}",
    "{\"type\":\"http\",\"path\":\"/ HTTP/1.1\",\"status\":\"200\"," COMMON "}",
    "{\"type\":\"http\",\"path\":\"/\",\"status\":\"all\"," COMMON "}",
};

START_TEST(malformed_check_is_refused) {
    struct health_check got;
    struct error error = {""};
    json_t *service = json_pack("{s:o}", "check", json_loads(bad_checks[_i], JSON_DECODE_ANY, NULL));
    ck_assert_ptr_nonnull(service);
    ck_assert_msg(health_check_take(&got, service, &error) == -1, "%s", bad_checks[_i]);
    ck_assert_str_ne(error.text, "");
    json_decref(service);
}
END_TEST

/* ---- reports ---- */

START_TEST(reports_come_back_as_they_were_sent) {
    const struct health_report first = {7, false, "HTTP 503, \"expected\" 200\n"}, second = {UINT32_MAX, true, ""};
    struct health_reports reports;
    struct health_report got;
    struct control_message control;
    struct error error = {""};
    json_t *message = health_message_new();
    ck_assert(health_report_put(message, &first) && health_report_put(message, &second));
    char *text = json_to_text(message);
    ck_assert_msg(control_parse(&control, text, strlen(text), &error) == 0, "%s", error.text);
    ck_assert_int_eq(control.op, CONTROL_OP_HEALTH);
    ck_assert_msg(health_reports_take(&reports, control.json, &error) == 0, "%s", error.text);
    ck_assert_uint_eq(reports.count, 2);
    health_reports_get(&reports, 0, &got);
    ck_assert(got.id == 7 && !got.is_healthy);
    ck_assert_str_eq(got.detail, "HTTP 503, \"expected\" 200?");
    health_reports_get(&reports, 1, &got);
    ck_assert(got.id == UINT32_MAX && got.is_healthy);
    ck_assert_str_eq(got.detail, "");
    control_done(&control);
    free(text);
}
END_TEST

START_TEST(full_message_fits_into_a_frame_whatever_its_texts_are) {
    char detail[HEALTH_DETAIL_SIZE];
    memset(detail, '"', sizeof detail - 1);
    detail[sizeof detail - 1] = '\0';
    const struct health_report report = {UINT32_MAX, false, detail};
    json_t *message = health_message_new();
    for (int i = 0; i < HEALTH_REPORTS_MAX; i++)
        ck_assert(health_report_put(message, &report));
    char *text = json_to_text(message);
    ck_assert_uint_le(strlen(text), FRAME_JSON_MAX);
    free(text);
}
END_TEST

static const char *const bad_reports[] = {
    "1",
    "{}",
    "[1]",
    "[{}]",
    "[{\"id\":1}]",
    "[{\"healthy\":true}]",
    "[{\"id\":0,\"healthy\":true}]",
    "[{\"id\":1,\"healthy\":true},{\"id\":1,\"healthy\":false}]",
    "[{\"id\":2,\"healthy\":true},{\"id\":1,\"healthy\":false}]",
    "[{\"id\":-1,\"healthy\":true}]",
    "[{\"id\":4294967296,\"healthy\":true}]",
    "[{\"id\":\"1\",\"healthy\":true}]",
    "[{\"id\":1,\"healthy\":1}]",
    "[{\"id\":1,\"healthy\":false,\"detail\":5}]",
    "[{\"id\":1,\"healthy\":false,\"detail\":\"a\\nb\"}]",
};

START_TEST(malformed_reports_are_refused) {
    struct health_reports reports;
    struct error error = {""};
    json_t *json = json_pack("{s:o}", "reports", json_loads(bad_reports[_i], JSON_DECODE_ANY, NULL));
    ck_assert_ptr_nonnull(json);
    ck_assert_msg(health_reports_take(&reports, json, &error) == -1, "%s", bad_reports[_i]);
    ck_assert_str_ne(error.text, "");
    json_decref(json);
}
END_TEST

START_TEST(too_many_reports_or_too_long_ones_are_refused) {
    struct health_reports reports;
    char detail[HEALTH_DETAIL_SIZE + 1];
    memset(detail, 'x', sizeof detail - 1);
    detail[sizeof detail - 1] = '\0';
    json_t *list = json_array(), *json = json_pack("{s:o}", "reports", list);
    for (int i = 0; i < HEALTH_REPORTS_MAX; i++)
        json_array_append_new(list, json_pack("{s:i,s:b}", "id", i + 1, "healthy", 1));
    ck_assert_int_eq(health_reports_take(&reports, json, NULL), 0);
    json_array_append_new(list, json_pack("{s:i,s:b}", "id", 1000, "healthy", 1));
    ck_assert_int_eq(health_reports_take(&reports, json, NULL), -1);
    json_array_clear(list);
    json_array_append_new(list, json_pack("{s:i,s:b,s:s}", "id", 1, "healthy", 0, "detail", detail));
    ck_assert_int_eq(health_reports_take(&reports, json, NULL), -1);
    json_decref(json);
}
END_TEST

static TCase *checks(void) {
    TCase *group = tcase_create("checks");
    tcase_add_loop_test(group, status_matches_what_is_expected, 0, sizeof expectations / sizeof *expectations);
    tcase_add_loop_test(group, what_is_no_list_of_codes_is_refused, 0, sizeof no_status / sizeof *no_status);
    tcase_add_test(group, status_list_has_a_longest_length);
    tcase_add_test(group, path_and_host_cannot_add_to_the_request);
    tcase_add_test(group, check_comes_back_as_it_was_sent);
    tcase_add_test(group, service_without_a_check_has_none);
    tcase_add_loop_test(group, malformed_check_is_refused, 0, sizeof bad_checks / sizeof *bad_checks);
    return group;
}

static TCase *reporting(void) {
    TCase *group = tcase_create("reports");
    tcase_add_test(group, reports_come_back_as_they_were_sent);
    tcase_add_test(group, full_message_fits_into_a_frame_whatever_its_texts_are);
    tcase_add_loop_test(group, malformed_reports_are_refused, 0, sizeof bad_reports / sizeof *bad_reports);
    tcase_add_test(group, too_many_reports_or_too_long_ones_are_refused);
    return group;
}

UNIT_MAIN("proto/health", checks, reporting)
