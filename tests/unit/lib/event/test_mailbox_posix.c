/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_mailbox_posix: without descriptors there is no mailbox, and none stays open.
 */
#include "config.h"

#include "lib/event/mailbox.h"
#include "unit.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

/* The first number above all that are open; what was free below it, as a parent that left one open makes it, is taken.
 */
static int fill_descriptors(void) {
    int fd, highest = 0;
    for (int open_one = 0; open_one < 256; open_one++)
        highest = fcntl(open_one, F_GETFD) >= 0 ? open_one : highest;
    while ((fd = dup(STDIN_FILENO)) >= 0 && fd < highest) {
    }
    close(fd);
    return fd;
}

START_TEST(without_descriptors_there_is_no_mailbox) {
    struct event_base *base = event_base_new();
    struct rlimit limit;
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    int lowest_free = fill_descriptors();
    for (int spare = 0; spare <= 2; spare++) { /* it needs two */
        limit.rlim_cur = (rlim_t)(lowest_free + spare);
        ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
        struct mailbox *mailbox = mailbox_new(base);
        ck_assert_int_eq(!!mailbox, spare == 2);
        mailbox_free(mailbox);
    }
    limit.rlim_cur = limit.rlim_max;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    int now = dup(STDIN_FILENO);
    ck_assert_int_eq(now, lowest_free); /* nothing is left open */
    close(now);
    event_base_free(base);
}
END_TEST

static TCase *limits(void) {
    TCase *group = tcase_create("limits");
    tcase_add_test(group, without_descriptors_there_is_no_mailbox);
    return group;
}

UNIT_MAIN("lib/event/mailbox_posix", limits)
