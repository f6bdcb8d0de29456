/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * netns: see netns.h.
 */
#include "config.h"

#include "harness/netns.h"

#include <check.h>
#include <fcntl.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { COMMAND_MAX = 512 };

/* In a child, so that the caller's namespace stays. */
bool netns_may_be_made(void) {
    return geteuid() == 0 && netns_run("unshare --net ip link set lo up 2>/dev/null");
}

int netns_new(void) {
    ck_assert_int_eq(unshare(CLONE_NEWNET), 0);
    int netns = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    ck_assert_int_ge(netns, 0);
    ck_assert(netns_run("ip link set lo up"));
    return netns;
}

void netns_enter(int netns) {
    ck_assert_int_eq(setns(netns, CLONE_NEWNET), 0);
}

bool netns_run(const char *format, ...) {
    char command[COMMAND_MAX];
    va_list values;
    va_start(values, format);
    int length = vsnprintf(command, sizeof command, format, values);
    va_end(values);
    ck_assert_int_lt(length, COMMAND_MAX);
    return system(command) == 0;
}

bool netns_connect(const char *device, int other, const char *other_device) {
    return netns_run("ip link add %s type veth peer name %s netns /proc/%d/fd/%d 2>/dev/null", device, other_device,
                     (int)getpid(), other);
}
