/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_listen_addrs: where to listen, from what somebody wrote.
 */
#include "config.h"

#include "server/service/listen_addrs.h"
#include "unit.h"

#include <string.h>

static bool has(const struct listen_addrs *places, const char *wanted) {
    char text[ADDR_TEXT];

    for (int i = 0; i < places->count; i++)
        if (strcmp(addr_format(&places->addresses[i], text, sizeof text), wanted) == 0)
            return true;
    return false;
}

START_TEST(numbers_and_paths_are_themselves) {
    static const char *const texts[] = {"127.0.0.1:80", "[::1]:80", "unix:/run/x.sock"};
    struct listen_addrs places;
    struct error error;

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        ck_assert_int_eq(listen_addrs_resolve(&places, texts[i], &error), 0);
        ck_assert_int_eq(places.count, 1);
        ck_assert(has(&places, texts[i]) && !places.every);
    }
}
END_TEST

START_TEST(star_is_both_families) {
    static const char *const texts[] = {"*:80", ":80"};
    struct listen_addrs places;
    struct error error;

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        ck_assert_int_eq(listen_addrs_resolve(&places, texts[i], &error), 0);
        ck_assert_int_eq(places.count, 2);
        ck_assert(places.every && has(&places, "0.0.0.0:80") && has(&places, "[::]:80"));
    }
}
END_TEST

START_TEST(name_is_all_its_addresses) {
    struct listen_addrs places;
    struct error error;

    ck_assert_msg(listen_addrs_resolve(&places, "localhost:80", &error) == 0, "%s", error.text);
    ck_assert(has(&places, "127.0.0.1:80") || has(&places, "[::1]:80"));
}
END_TEST

START_TEST(unknown_name_is_named_in_the_error) {
    struct listen_addrs places;
    struct error error;

    ck_assert_int_eq(listen_addrs_resolve(&places, "no-such-host.invalid:80", &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "no-such-host.invalid"));
    ck_assert_int_eq(listen_addrs_resolve(&places, "127.0.0.1", &error), -1);
}
END_TEST

static TCase *finding(void) {
    TCase *group = tcase_create("finding");

    tcase_add_test(group, numbers_and_paths_are_themselves);
    tcase_add_test(group, star_is_both_families);
    tcase_add_test(group, name_is_all_its_addresses);
    tcase_add_test(group, unknown_name_is_named_in_the_error);
    return group;
}

UNIT_MAIN("server/places", finding)
