/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_control: every op there and back, unknown ones and malformed ones.
 */
#include "config.h"

#include "proto/control.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

START_TEST(each_op_comes_back) {
    for (int op = CONTROL_OP_LINKS + 1; op < CONTROL_OP_UNKNOWN; op++) {
        struct control_message got;
        char *text = control_format((enum control_op)op, "a \"reason\"");
        ck_assert_ptr_nonnull(text);
        ck_assert_int_eq(control_parse(&got, text, strlen(text), NULL), 0);
        ck_assert_int_eq(got.op, op);
        ck_assert_str_eq(got.reason, "a \"reason\"");
        control_done(&got);
        free(text);
    }
    ck_assert_ptr_null(control_format(CONTROL_OP_UNKNOWN, NULL));
}
END_TEST

START_TEST(an_order_for_links_names_count_thread_and_kind) {
    for (int exclusive = 0; exclusive < 2; exclusive++) {
        struct control_message got;
        char *text = control_format_links(16, 63, exclusive);
        ck_assert_ptr_nonnull(text);
        ck_assert_int_eq(control_parse(&got, text, strlen(text), NULL), 0);
        ck_assert_int_eq(got.op, CONTROL_OP_LINKS);
        ck_assert_uint_eq(got.count, 16);
        ck_assert_uint_eq(got.server_thread, 63);
        ck_assert_int_eq(got.is_exclusive, exclusive);
        control_done(&got);
        free(text);
    }
}
END_TEST

START_TEST(no_reason_is_an_empty_one) {
    struct control_message got;
    char *text = control_format(CONTROL_OP_DRAIN, NULL);
    ck_assert_str_eq(text, "{\"op\":\"drain\"}");
    ck_assert_int_eq(control_parse(&got, text, strlen(text), NULL), 0);
    ck_assert_str_eq(got.reason, "");
    control_done(&got);
    free(text);
}
END_TEST

START_TEST(an_op_of_a_later_version_is_unknown_and_not_wrong) {
    struct control_message got;
    static const char text[] = "{\"op\":\"dance\",\"count\":\"many\"}";
    ck_assert_int_eq(control_parse(&got, text, sizeof text - 1, NULL), 0);
    ck_assert_int_eq(got.op, CONTROL_OP_UNKNOWN);
    control_done(&got);
}
END_TEST

static const char *const bad[] = {
    "{}",
    "[\"op\"]",
    "{\"op\":1}",
    "{\"op\":\"\"}",
    "{\"op\":\"links\"}",
    "{\"op\":\"links\",\"count\":2}",
    "{\"op\":\"links\",\"thread\":0}",
    "{\"op\":\"links\",\"thread\":0,\"count\":0}",
    "{\"op\":\"links\",\"thread\":0,\"count\":-1}",
    "{\"op\":\"links\",\"thread\":0,\"count\":65}",
    "{\"op\":\"links\",\"count\":2,\"thread\":64}",
    "{\"op\":\"links\",\"count\":2,\"thread\":0,\"exclusive\":\"yes\"}",
    "{\"op\":\"bye\",\"reason\":5}",
    "{\"op\":\"bye\",\"reason\":\"\\u0007\"}",
    "{\"op\":\"bye\"}{\"op\":\"bye\"}",
};

START_TEST(a_malformed_one_is_refused) {
    struct control_message got;
    struct error error = {{0}};
    ck_assert_msg(control_parse(&got, bad[_i], strlen(bad[_i]), &error) == -1, "taken: %s", bad[_i]);
    ck_assert_str_ne(error.text, "");
    ck_assert_ptr_null(got.json);
}
END_TEST

static TCase *control(void) {
    TCase *group = tcase_create("control");
    tcase_add_test(group, each_op_comes_back);
    tcase_add_test(group, an_order_for_links_names_count_thread_and_kind);
    tcase_add_test(group, no_reason_is_an_empty_one);
    tcase_add_test(group, an_op_of_a_later_version_is_unknown_and_not_wrong);
    tcase_add_loop_test(group, a_malformed_one_is_refused, 0, (int)(sizeof bad / sizeof bad[0]));
    return group;
}

UNIT_MAIN("proto/control", control)
