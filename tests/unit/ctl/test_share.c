/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_share: the names of shared services.
 */
#include "config.h"

#include "ctl/share.h"
#include "unit.h"

#include <string.h>

static const struct {
    const char *host, *to, *name;
} names[] = {
    {"laptop", "localhost:8080", "laptop-8080"},
    {"laptop.lan", "[::1]:22", "laptop-22"},
    {"Anna's Mac", "localhost:3000", "Anna-s-Mac-3000"},
    {"laptop", "unix:/run/x/y.sock", "laptop-y.sock"},
    {"", "localhost:80", "80"},
    {"a-host-name-of-more-than-thirty-two-characters", "unix:/x/a-socket-whose-name-is-as-long-as-that-of-the-host",
     "a-host-name-of-more-than-thirty--a-socket-whose-name-is-as-long"},
};

START_TEST(name_has_the_machine_and_the_port) {
    char name[SHARE_NAME];
    share_make_name(name, names[_i].host, names[_i].to);
    ck_assert_str_eq(name, names[_i].name);
}
END_TEST

static TCase *named(void) {
    TCase *group = tcase_create("named");
    tcase_add_loop_test(group, name_has_the_machine_and_the_port, 0, (int)(sizeof names / sizeof *names));
    return group;
}

UNIT_MAIN("ctl/share", named)
