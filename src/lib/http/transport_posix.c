/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * transport_posix: a Unix socket. transport_windows.c is its counterpart.
 * Runs on: any thread, one at a time. Owns: the socket.
 */
#include "config.h"

#include "lib/base/error.h"
#include "lib/base/strbuf.h"
#include "lib/http/transport.h"
#include "lib/net/sock.h"
#include "lib/net/socket_types.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct http_transport {
    evutil_socket_t fd;
};

static int make_addr(struct addr *addr, const char *path, struct error *error) {
    struct endpoint endpoint = {.is_unix = true};
    strbuf_copy(endpoint.host, sizeof endpoint.host, path);
    if (strlen(path) < sizeof endpoint.host && path[0] && addr_from_endpoint(addr, &endpoint))
        return 0;
    return error_set(error, "\"%s\" is too long for the path of a Unix socket, or empty", path);
}

int http_transport_check(const char *path, struct error *error) {
    struct addr addr;
    return make_addr(&addr, path, error);
}

static int explain(const struct addr *addr, int error_number, struct error *error) {
    char where[ADDR_TEXT];
    const char *remedy = "";
    addr_format(addr, where, sizeof where);
    if (error_number == ENOENT || error_number == ECONNREFUSED)
        remedy = "; no program listens there: is it running, and is this its socket?";
    if (error_number == EACCES || error_number == EPERM)
        remedy = "; only root, the program's own user and members of the socket's group may";
    if (error_number == EAGAIN)
        remedy = "; the program does not answer";
    return error_set(error, "cannot connect to %s: %s%s", where, error_text(error_number), remedy);
}

/* A Unix socket connects at once, or not at all. */
struct http_transport *http_transport_open(const char *path, uint64_t deadline_ms, struct error *error) {
    (void)deadline_ms;
    struct addr addr;
    bool done;
    if (make_addr(&addr, path, error))
        return NULL;
    struct http_transport *transport = malloc(sizeof *transport);
    if (!transport) {
        (void)error_set(error, "out of memory");
        return NULL;
    }
    transport->fd = sock_connect(&addr, NULL, &done);
    if (transport->fd >= 0)
        return transport;
    (void)explain(&addr, errno, error);
    free(transport);
    return NULL;
}

void http_transport_close(struct http_transport *transport) {
    if (transport)
        sock_close(transport->fd);
    free(transport);
}

static enum http_transport_result fail(int error_number, struct error *error) {
    (void)error_set(error, "the connection broke: %s", error_text(error_number));
    return HTTP_TRANSPORT_BROKEN;
}

enum http_transport_result http_transport_read(struct http_transport *transport, void *bytes, size_t size,
                                               uint64_t deadline_ms, size_t *count, struct error *error) {
    for (;;) {
        ssize_t got = sock_readv(transport->fd, &(struct iovec){bytes, size}, 1);
        *count = got > 0 ? (size_t)got : 0;
        if (got >= 0)
            return got > 0 ? HTTP_TRANSPORT_DONE : HTTP_TRANSPORT_ENDED;
        if (!sock_would_block(errno))
            return fail(errno, error);
        if (!sock_wait(transport->fd, POLLIN, deadline_ms))
            return HTTP_TRANSPORT_LATE;
    }
}

enum http_transport_result http_transport_write(struct http_transport *transport, const void *bytes, size_t size,
                                                uint64_t deadline_ms, size_t *count, struct error *error) {
    for (;;) {
        ssize_t taken = sock_writev(transport->fd, &(struct iovec){(void *)(uintptr_t)bytes, size}, 1);
        *count = taken > 0 ? (size_t)taken : 0;
        if (taken > 0)
            return HTTP_TRANSPORT_DONE;
        if (taken < 0 && !sock_would_block(errno))
            return errno == EPIPE ? HTTP_TRANSPORT_ENDED : fail(errno, error);
        if (!sock_wait(transport->fd, POLLOUT, deadline_ms))
            return HTTP_TRANSPORT_LATE;
    }
}

bool http_transport_is_readable(struct http_transport *transport) {
    return sock_wait(transport->fd, POLLIN, 0);
}

evutil_socket_t http_transport_fd(const struct http_transport *transport) {
    return transport->fd;
}
