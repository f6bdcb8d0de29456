/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * http: see http.h.
 */
#include "config.h"

#include "harness/http.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

unsigned http_converse(int fd, const char *request, char *answer, size_t size, unsigned ms) {
    size_t got = 0;

    ck_assert(socket_send(fd, request, strlen(request), ms));
    socket_read(fd, answer, size - 1, &got, ms);
    answer[got] = '\0';
    close(fd);
    return got > 9 ? (unsigned)strtoul(answer + 9, NULL, 10) : 0;
}
