/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * local_fixture: see local_fixture.h.
 */
#include "config.h"

#include "local_fixture.h"

#include "lib/base/clock.h"
#include "lib/net/sock.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char hello[] = "hello";

struct served serve_at(const char *name) {
    struct addr addr = local_addr(name);
    struct error error = {""};
    struct served served = {.path = local_path(name), .fd = -1};
    served.listener = local_listener_bind(&addr, NULL, &error);
    ck_assert_msg(served.listener && !local_listener_start(served.listener, &error), "%s", error.text);
    return served;
}

static bool accepts(void *context) {
    struct served *served = context;
    struct addr peer;
    served->fd = sock_accept(local_listener_fd(served->listener), &peer);
    return served->fd >= 0;
}

struct reading {
    evutil_socket_t fd;
    char bytes[16];
    size_t length, wanted;
    bool has_ended;
};

static bool reads(void *context) {
    struct reading *reading = context;
    ssize_t count =
        sock_readv(reading->fd,
                   &(struct iovec){reading->bytes + reading->length, sizeof reading->bytes - reading->length}, 1);
    reading->length += count > 0 ? (size_t)count : 0;
    reading->has_ended = count == 0 || (count < 0 && !sock_would_block(errno));
    return reading->has_ended || reading->length >= reading->wanted;
}

void client_connects(struct served *served) {
    struct error error = {""};
    size_t count;
    served->client = http_transport_open(served->path, clock_ms() + LOCAL_MS, &error);
    ck_assert_msg(served->client, "%s", error.text);
    ck_assert_int_eq(http_transport_write(served->client, hello, sizeof hello, clock_ms() + LOCAL_MS, &count, &error),
                     HTTP_TRANSPORT_DONE);
    ck_assert_uint_eq(count, sizeof hello);
    ck_assert(unit_wait_until(accepts, served, LOCAL_MS));
    struct reading reading = {.fd = served->fd, .wanted = sizeof hello};
    ck_assert(unit_wait_until(reads, &reading, LOCAL_MS));
    ck_assert_str_eq(reading.bytes, hello);
}

struct sending {
    struct served *served;
    const char *text;
    size_t left;
};

static bool sends(void *context) {
    struct sending *sending = context;
    struct iovec part = {(void *)(uintptr_t)sending->text, sending->left};
    ssize_t count = sending->left ? sock_writev(sending->served->fd, &part, 1) : 0;
    ck_assert(count >= 0 || sock_would_block(errno));
    sending->text += count > 0 ? count : 0;
    sending->left -= count > 0 ? (size_t)count : 0;
    if (sending->left)
        return false;
    sock_close(sending->served->fd);
    sending->served->fd = -1;
    return true;
}

size_t client_takes(struct served *served, const char *text, size_t length, char *got) {
    struct sending sending = {served, text, length};
    uint64_t deadline_ms = clock_ms() + LOCAL_MS;
    enum http_transport_result result = HTTP_TRANSPORT_LATE;
    struct error error = {""};
    size_t taken = 0, count;
    while (served->fd >= 0 || (result != HTTP_TRANSPORT_ENDED && result != HTTP_TRANSPORT_BROKEN)) {
        ck_assert(clock_ms() < deadline_ms);
        if (served->fd >= 0)
            (void)sends(&sending);
        result = http_transport_read(served->client, got + taken, length - taken + 1, clock_ms() + 1, &count, &error);
        taken += result == HTTP_TRANSPORT_DONE ? count : 0;
    }
    ck_assert_int_eq(result, HTTP_TRANSPORT_ENDED);
    return taken;
}

bool server_notices_end(struct served *served) {
    struct reading reading = {.fd = served->fd, .wanted = SIZE_MAX};
    return unit_wait_until(reads, &reading, LOCAL_MS) && reading.has_ended;
}

void serve_no_more(struct served *served) {
    http_transport_close(served->client);
    sock_close(served->fd);
    local_listener_free(served->listener);
}
