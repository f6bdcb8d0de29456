/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * local_addrs_posix: asks getifaddrs.
 * Runs on: start or a tool. Owns: nothing.
 */
#include "config.h"

#include "conf/local_addrs_priv.h"

#include <ifaddrs.h>
#include <net/if.h>

int local_addrs_each(int (*add)(struct strlist *names, const struct sockaddr *address), struct strlist *names) {
    struct ifaddrs *all = NULL;
    int result = 0;
    if (getifaddrs(&all) != 0)
        return 0;
    for (const struct ifaddrs *one = all; one && result == 0; one = one->ifa_next)
        if (one->ifa_addr && (one->ifa_flags & IFF_UP))
            result = add(names, one->ifa_addr);
    freeifaddrs(all);
    return result;
}
