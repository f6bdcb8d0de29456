/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * passed_sockets_windows: the service manager of Windows opens no sockets for services, so there are none.
 */
#include "config.h"

#include "lib/net/passed_sockets.h"

#include <stdlib.h>

struct passed_sockets {
    char none;
};

struct passed_sockets *passed_sockets_new(struct error *error) {
    struct passed_sockets *passed = calloc(1, sizeof *passed);

    if (!passed)
        error_set(error, "out of memory");
    return passed;
}

void passed_sockets_free(struct passed_sockets *passed) {
    free(passed);
}

int passed_sockets_open(struct passed_sockets *passed, const struct addr *addr, evutil_socket_t *fd,
                        struct error *error) {
    (void)passed, (void)addr, (void)fd, (void)error;
    return 0;
}

void passed_sockets_report_unused(const struct passed_sockets *passed, void (*report)(void *context, const char *text),
                                  void *context) {
    (void)passed, (void)report, (void)context;
}
