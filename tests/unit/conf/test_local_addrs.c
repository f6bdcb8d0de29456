/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_local_addrs: the names of this machine, with any interfaces: its own, the loopback's, each once.
 */
#include "config.h"

#include "conf/local_addrs.h"
#include "unit.h"

#include <string.h>
#include <strings.h>
#include <unistd.h>

START_TEST(host_and_loopback_are_there) {
    struct strlist names = {0};
    char host[256] = "";
    ck_assert_int_eq(local_addrs_add(&names), 0);
    ck_assert_int_eq(gethostname(host, sizeof host - 1), 0);
    ck_assert(!host[0] || strlist_has(&names, host));
    ck_assert(strlist_has(&names, "localhost"));
    ck_assert(strlist_has(&names, "127.0.0.1"));
    ck_assert(strlist_has(&names, "::1"));
    strlist_done(&names);
}
END_TEST

START_TEST(none_is_there_twice_or_means_nothing_elsewhere) {
    struct strlist names = {0};
    ck_assert_int_eq(strlist_add(&names, "localhost"), 0); /* what is there already is not added either */
    ck_assert_int_eq(local_addrs_add(&names), 0);
    for (size_t i = 0; i < names.count; i++) {
        const char *name = names.items[i];
        ck_assert_msg(strncasecmp(name, "fe80:", 5) != 0 && strncmp(name, "169.254.", 8) != 0, "%s", name);
        for (size_t j = 0; j < i; j++)
            ck_assert_str_ne(names.items[j], name);
    }
    strlist_done(&names);
}
END_TEST

static TCase *names(void) {
    TCase *group = tcase_create("names");
    tcase_add_test(group, host_and_loopback_are_there);
    tcase_add_test(group, none_is_there_twice_or_means_nothing_elsewhere);
    return group;
}

UNIT_MAIN("conf/local_addrs", names)
