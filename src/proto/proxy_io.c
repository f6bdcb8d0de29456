/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * proxy_io: see proxy_io.h.
 */
#include "config.h"

#include "proto/proxy_io.h"

#include "lib/net/sock.h"

#include <errno.h>
#include <stdio.h>

/* False: nothing more can be done now, or the talk has failed. */
static bool send_some(struct proxy_talk *talk, evutil_socket_t fd) {
    size_t length;
    const uint8_t *bytes = proxy_talk_output(talk, &length);
    const struct iovec part = {.iov_base = (void *)(uintptr_t)bytes, .iov_len = length};
    ssize_t sent = sock_writev(fd, &part, 1);
    if (sent >= 0)
        proxy_talk_note_sent(talk, (size_t)sent);
    else if (!sock_would_block(errno))
        proxy_talk_note_error(talk, error_text(errno));
    return sent > 0;
}

static void note_read_error(struct proxy_talk *talk, int error_number) {
    char detail[160];
    snprintf(detail, sizeof detail, "ended the connection without an answer: %s", error_text(error_number));
    proxy_talk_note_error(talk, detail);
}

static bool receive_some(struct proxy_talk *talk, evutil_socket_t fd) {
    size_t size;
    uint8_t *room = proxy_talk_room(talk, &size);
    const struct iovec part = {.iov_base = room, .iov_len = size};
    ssize_t received = sock_readv(fd, &part, 1);
    if (received >= 0)
        proxy_talk_note_received(talk, (size_t)received);
    else if (!sock_would_block(errno))
        note_read_error(talk, errno);
    return received >= 0;
}

enum proxy_step proxy_io_proceed(struct proxy_talk *talk, evutil_socket_t fd) {
    for (bool goes_on = true; goes_on;) {
        enum proxy_step step = proxy_talk_step(talk);
        goes_on = step == PROXY_SENDS ? send_some(talk, fd) : step == PROXY_RECEIVES ? receive_some(talk, fd) : false;
    }
    return proxy_talk_step(talk);
}
