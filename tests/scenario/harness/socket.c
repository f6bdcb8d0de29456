/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * socket: a test's own connections, and how a stream ended: an end of file and a reset are never the same.
 */
#include "config.h"

#include "harness/socket.h"

#include "harness/deadline.h"

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { PART = 65536 };

static const char *const end_names[] = {"still open", "end of file", "reset", "nothing in time", "an error"};

const char *end_name(enum end end) {
    return end_names[end];
}

static socklen_t make_address(struct sockaddr_storage *storage, const char *address, uint16_t port) {
    memset(storage, 0, sizeof *storage);
    struct sockaddr_un *path = (struct sockaddr_un *)storage;
    struct sockaddr_in6 *six = (struct sockaddr_in6 *)storage;
    struct sockaddr_in *four = (struct sockaddr_in *)storage;
    if (strncmp(address, "unix:", 5) == 0) {
        path->sun_family = AF_UNIX;
        snprintf(path->sun_path, sizeof path->sun_path, "%s", address + 5);
        return sizeof *path;
    }
    if (inet_pton(AF_INET6, address, &six->sin6_addr) == 1) {
        six->sin6_family = AF_INET6;
        six->sin6_port = htons(port);
        return sizeof *six;
    }
    ck_assert_msg(inet_pton(AF_INET, address, &four->sin_addr) == 1, "%s is no address", address);
    four->sin_family = AF_INET;
    four->sin_port = htons(port);
    return sizeof *four;
}

int socket_listen(const char *address, uint16_t port, int backlog) {
    struct sockaddr_storage storage;
    socklen_t length = make_address(&storage, address, port);
    int fd = socket(storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
    ck_assert_int_ge(fd, 0);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    ck_assert_msg(bind(fd, (struct sockaddr *)&storage, length) == 0, "cannot bind %s:%u: %s", address, port,
                  strerror(errno));
    ck_assert_int_eq(listen(fd, backlog), 0);
    return fd;
}

uint16_t socket_port(int fd) {
    struct sockaddr_in6 name = {0};
    socklen_t length = sizeof name;
    ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&name, &length), 0);
    return ntohs(name.sin6_port); /* at the same place as sin_port */
}

int socket_try(const char *address, uint16_t port) {
    struct sockaddr_storage storage;
    socklen_t length = make_address(&storage, address, port);
    int fd = socket(storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
    if (fd < 0)
        return -1;
    if (connect(fd, (struct sockaddr *)&storage, length) != 0) {
        int why = errno;
        close(fd);
        errno = why;
        return -1;
    }
    if (storage.ss_family != AF_UNIX)
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return fd;
}

int socket_connect(const char *address, uint16_t port) {
    int fd = socket_try(address, port);
    ck_assert_msg(fd >= 0, "cannot connect to %s:%u: %s", address, port, strerror(errno));
    return fd;
}

int socket_client(uint16_t port) {
    return socket_connect("127.0.0.1", port);
}

bool socket_is_refused(uint16_t port) {
    int fd = socket_try("127.0.0.1", port);
    if (fd < 0)
        return errno == ECONNREFUSED;
    close(fd);
    return false;
}

static bool wait_until_ready(int fd, short events, uint64_t deadline) {
    struct pollfd ready = {.fd = fd, .events = events};
    int count;
    do
        count = poll(&ready, 1, deadline_left_poll(deadline));
    while (count < 0 && errno == EINTR);
    return count > 0;
}

bool socket_send(int fd, const void *data, size_t size, unsigned ms) {
    uint64_t deadline = deadline_in(ms);
    const char *at = data;
    while (size > 0) {
        ssize_t sent = send(fd, at, size, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && errno == EAGAIN && wait_until_ready(fd, POLLOUT, deadline))
            continue;
        if (sent < 0)
            return false;
        at += sent;
        size -= (size_t)sent;
    }
    return true;
}

void socket_finish(int fd) {
    shutdown(fd, SHUT_WR);
}

void socket_reset(int fd) {
    struct linger abort = {.l_onoff = 1, .l_linger = 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &abort, sizeof abort);
    close(fd);
}

static enum end end_of_error(int error_number) {
    return error_number == ECONNRESET || error_number == EPIPE ? END_RESET : END_ERROR;
}

/* One read of what is there, or the end. */
static enum end receive(int fd, void *data, size_t size, size_t *got, uint64_t deadline) {
    *got = 0;
    while (true) {
        ssize_t count = recv(fd, data, size, MSG_DONTWAIT);
        if (count > 0) {
            *got = (size_t)count;
            return END_NONE;
        }
        if (count == 0)
            return END_FILE;
        if (errno != EAGAIN && errno != EINTR)
            return end_of_error(errno);
        if (!wait_until_ready(fd, POLLIN, deadline))
            return END_LATE;
    }
}

enum end socket_read(int fd, void *data, size_t size, size_t *got, unsigned ms) {
    uint64_t deadline = deadline_in(ms);
    size_t count = 0;
    enum end end = END_NONE;
    while (count < size && end == END_NONE) {
        size_t part;
        end = receive(fd, (char *)data + count, size - count, &part, deadline);
        count += part;
    }
    if (got)
        *got = count;
    return end;
}

enum end socket_read_some(int fd, void *data, size_t size, size_t *got, unsigned ms) {
    return receive(fd, data, size, got, deadline_in(ms));
}

enum end socket_drain(int fd, struct tally_result *result, unsigned ms) {
    uint64_t deadline = deadline_in(ms);
    struct tally *tally = tally_new();
    static _Thread_local char part[PART];
    enum end end;
    size_t got;
    do {
        end = receive(fd, part, sizeof part, &got, deadline);
        tally_add(tally, part, got);
    } while (end == END_NONE && deadline_left(deadline) > 0);
    tally_end(tally, result);
    return end == END_NONE ? END_LATE : end;
}

enum end socket_wait_end(int fd, unsigned ms) {
    return socket_drain(fd, NULL, ms);
}

struct talk { /* an exchange under way */
    int fd;
    struct exchange *exchange;
    struct source source, sizes;
    struct tally *sent, *received;
    uint64_t left; /* to be sent, without what is in `out` */
    size_t out_at, out_end;
    bool finished; /* our FIN is out, or cannot be any more */
    char out[PART], in[PART];
};

static void fill_out(struct talk *talk) {
    size_t size = sizeof talk->out;
    if (talk->exchange->largest_write > 0)
        size = 1 + (size_t)source_number(&talk->sizes, talk->exchange->largest_write);
    size = size < sizeof talk->out ? size : sizeof talk->out;
    size = size < talk->left ? size : (size_t)talk->left;
    source_fill(&talk->source, talk->out, size);
    talk->left -= size;
    talk->out_at = 0;
    talk->out_end = size;
}

static void talk_send(struct talk *talk) {
    if (talk->out_at == talk->out_end && talk->left > 0)
        fill_out(talk);
    if (talk->out_at == talk->out_end) {
        talk->finished = talk->exchange->sent_all = true;
        socket_finish(talk->fd);
        return;
    }
    ssize_t sent = send(talk->fd, talk->out + talk->out_at, talk->out_end - talk->out_at, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0) {
        talk->finished = errno != EAGAIN;
        return;
    }
    tally_add(talk->sent, talk->out + talk->out_at, (size_t)sent);
    talk->out_at += (size_t)sent;
}

static void talk_receive(struct talk *talk) {
    ssize_t got = recv(talk->fd, talk->in, sizeof talk->in, MSG_DONTWAIT);
    if (got > 0)
        tally_add(talk->received, talk->in, (size_t)got);
    else if (got == 0)
        talk->exchange->end = END_FILE;
    else if (errno != EAGAIN)
        talk->exchange->end = end_of_error(errno);
}

static void talk_on(struct talk *talk, uint64_t deadline) {
    while (talk->exchange->end == END_NONE || !talk->finished) {
        bool reading = talk->exchange->end == END_NONE;
        struct pollfd ready = {.fd = talk->fd};
        ready.events = (short)((reading ? POLLIN : 0) | (talk->finished ? 0 : POLLOUT));
        if (deadline_left(deadline) == 0 || poll(&ready, 1, deadline_left_poll(deadline)) == 0) {
            talk->exchange->end = reading ? END_LATE : talk->exchange->end;
            return;
        }
        if (reading && (ready.revents & (POLLIN | POLLHUP | POLLERR)))
            talk_receive(talk);
        if (!talk->finished && (ready.revents & (POLLOUT | POLLHUP | POLLERR)))
            talk_send(talk);
        if (talk->exchange->end == END_RESET || talk->exchange->end == END_ERROR)
            return;
    }
}

void socket_exchange(int fd, struct exchange *exchange, unsigned ms) {
    struct talk *talk = calloc(1, sizeof *talk);
    if (!talk)
        abort();
    talk->fd = fd;
    talk->exchange = exchange;
    talk->left = exchange->length;
    talk->sent = tally_new();
    talk->received = tally_new();
    source_begin(&talk->source, exchange->seed);
    source_begin(&talk->sizes, ~exchange->seed);
    exchange->end = END_NONE;
    exchange->sent_all = false;
    talk_on(talk, deadline_in(ms));
    tally_end(talk->sent, &exchange->sent);
    tally_end(talk->received, &exchange->received);
    free(talk);
}

bool socket_converse(int fd, const char *text, unsigned ms) {
    char answer[256];
    size_t length = strlen(text);
    ck_assert_uint_le(length, sizeof answer);
    return socket_send(fd, text, length, ms) && socket_read(fd, answer, length, NULL, ms) == END_NONE &&
           memcmp(answer, text, length) == 0;
}

bool socket_echoes(uint16_t port, unsigned ms) {
    int fd = socket_try("127.0.0.1", port);
    if (fd < 0)
        return false;
    bool answered = socket_converse(fd, "echo?", ms);
    if (answered) {
        socket_finish(fd);
        answered = socket_wait_end(fd, ms) == END_FILE;
    }
    close(fd);
    return answered;
}

bool socket_ask(uint16_t port, char *answer, size_t size, unsigned ms) {
    int fd = socket_try("127.0.0.1", port);
    answer[0] = '\0';
    if (fd < 0)
        return false;
    size_t got = 0;
    enum end end = socket_read(fd, answer, size - 1, &got, ms);
    answer[got] = '\0';
    close(fd);
    return end == END_FILE;
}
