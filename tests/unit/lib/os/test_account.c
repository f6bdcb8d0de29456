/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_account: users and groups are found by name, and none that is not there.
 */
#include "config.h"

#include "lib/os/account.h"
#include "unit.h"

#include <grp.h>
#include <pwd.h>
#include <sys/types.h>
#include <unistd.h>

static const char nowhere[] = "munnel-test-has-none";

START_TEST(a_user_is_found_with_its_group) {
    const struct passwd *self = getpwuid(getuid());
    uid_t user;
    gid_t group;

    if (!self)
        return; /* a number without a name */
    ck_assert(account_find_user(self->pw_name, &user, &group));
    ck_assert_uint_eq(user, self->pw_uid);
    ck_assert_uint_eq(group, self->pw_gid);
    ck_assert(account_find_user(self->pw_name, &user, NULL));
}
END_TEST

START_TEST(a_group_is_found) {
    const struct group *self = getgrgid(getgid());
    gid_t group;

    if (!self)
        return;
    ck_assert(account_find_group(self->gr_name, &group));
    ck_assert_uint_eq(group, self->gr_gid);
}
END_TEST

START_TEST(what_is_not_there_is_not_found_and_changes_nothing) {
    uid_t user = 4711;
    gid_t group = 4711;

    ck_assert(!account_find_user(nowhere, &user, &group));
    ck_assert(!account_find_group(nowhere, &group));
    ck_assert(user == 4711 && group == 4711);
}
END_TEST

static TCase *names(void) {
    TCase *tests = tcase_create("names");

    tcase_add_test(tests, a_user_is_found_with_its_group);
    tcase_add_test(tests, a_group_is_found);
    tcase_add_test(tests, what_is_not_there_is_not_found_and_changes_nothing);
    return tests;
}

UNIT_MAIN("lib/os/account", names)
