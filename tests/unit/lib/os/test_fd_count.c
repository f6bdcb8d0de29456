/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_fd_count: descriptors are counted, also when none is left to count them by.
 */
#include "config.h"

#include "lib/os/fd_count.h"
#include "unit.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

/* One by one, as far as descriptors go in a test. */
static int counted(void) {
    int count = 0;
    for (int fd = 0; fd < 4096; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

START_TEST(each_descriptor_counts_once) {
    int before = fd_count(), ends[2];
    ck_assert_int_eq(before, counted());
    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_eq(fd_count(), before + 2);
    ck_assert_int_eq(fd_count(), before + 2); /* the count itself leaves none open */
    close(ends[0]);
    ck_assert_int_eq(fd_count(), before + 1);
    close(ends[1]);
    ck_assert_int_eq(fd_count(), before);
}
END_TEST

START_TEST(with_none_left_all_are_in_use) {
    struct rlimit limit = {64, 64};
    int before = fd_count(), count = 0, fds[64];
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    while ((fds[count] = dup(STDIN_FILENO)) >= 0)
        count++;
    ck_assert_int_eq(fd_count(), before + count); /* also where the count itself needs one */
    close(fds[--count]);
    ck_assert_int_eq(fd_count(), before + count);
    while (count > 0)
        close(fds[--count]);
}
END_TEST

static TCase *counting(void) {
    TCase *group = tcase_create("counting");
    tcase_add_test(group, each_descriptor_counts_once);
    tcase_add_test(group, with_none_left_all_are_in_use);
    return group;
}

UNIT_MAIN("lib/os/fd_count", counting)
