/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_places_posix: the configuration that munneld finds without being given one.
 */
#include "config.h"

#include "conf/places.h"
#include "lib/base/file.h"
#include "unit.h"

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* In a root of its own. */
static bool finds_each_in_its_order(void) {
    static const char short_one[] = "/etc/munnel.json", long_one[] = "/etc/munnel/munnel.json";
    struct error error;
    if (chroot(unit_folder()) || places_configuration() || file_make_folder("/etc/munnel", 0700, &error) ||
        file_write(long_one, "{}", 2, 0600, &error))
        return false;
    char *first = places_configuration();
    if (!first || strcmp(first, long_one) != 0 || file_write(short_one, "{}", 2, 0600, &error))
        return false;
    char *second = places_configuration();
    return second && strcmp(second, short_one) == 0;
}

START_TEST(the_file_is_looked_for_in_etc) {
    int status = 0;
    if (geteuid() != 0)
        return; /* only root has other roots */
    pid_t child = fork();
    if (child == 0)
        _exit(finds_each_in_its_order() ? 0 : 1);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
}
END_TEST

static TCase *looking(void) {
    TCase *group = tcase_create("looking");
    tcase_add_test(group, the_file_is_looked_for_in_etc);
    return group;
}

UNIT_MAIN("conf/places_posix", looking)
