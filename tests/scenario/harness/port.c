/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * port: free TCP ports.
 */
#include "config.h"

#include "harness/port.h"

#include <check.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { PORT_FIRST = 12000, PORT_COUNT = 18000 };

/* The mark is left open on purpose: it is held as long as this process lives. */
static bool mark(unsigned port) {
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    int length = snprintf(name.sun_path + 1, sizeof name.sun_path - 1, "munnel-scenario-port-%u", port);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)length);
    if (fd >= 0 && bind(fd, (struct sockaddr *)&name, size) == 0)
        return true;
    if (fd >= 0)
        close(fd);
    return false;
}

static bool nobody_listens(unsigned port) {
    struct sockaddr_in6 any = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
    struct sockaddr_in any4 = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool six = fd >= 0; /* a host may have no IPv6 at all */
    if (!six)
        fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool free = bind(fd, six ? (struct sockaddr *)&any : (struct sockaddr *)&any4, six ? sizeof any : sizeof any4) == 0;
    close(fd);
    return free;
}

/* Ports that are free and in use by turns are marked in vain: they are many. */
uint16_t port_take_range(unsigned count) {
    unsigned start = (unsigned)getpid() * 61u, run = 0;
    for (unsigned i = 0; i < PORT_COUNT; i++) {
        unsigned port = PORT_FIRST + (start + i) % PORT_COUNT;
        if (port == PORT_FIRST)
            run = 0;
        run = mark(port) && nobody_listens(port) ? run + 1 : 0;
        if (run == count)
            return (uint16_t)(port - count + 1);
    }
    ck_abort_msg("no %u free ports between %d and %d", count, PORT_FIRST, PORT_FIRST + PORT_COUNT);
}

uint16_t port_take(void) {
    return port_take_range(1);
}
