/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * log_socket_posix: a datagram for each record, to syslog or to systemd's journal.
 *
 * By hand, and not by syslog(3) and sd_journal_send(3): those wait for a reader that does not read for as long as it
 * takes, cannot report that a line is lost, and syslog(3) has one connection for the whole process. A datagram is sent
 * to the path each time, not to a connection, so that a daemon that was started again is found. The journal's protocol
 * needs a file descriptor only for what does not fit into a datagram, and a record always does.
 */
#include "config.h"

#include "lib/log/log_socket.h"

#include "lib/base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

static const char *remedy_of(enum log_envelope envelope) {
    return envelope == LOG_ENVELOPE_SYSLOG ? "start a syslog daemon" : "systemd-journald has to run";
}

static int set_address(struct sockaddr_un *address, const char *path, struct error *error) {
    if (strlen(path) >= sizeof address->sun_path)
        return error_set(error, "the path \"%s\" is too long for a socket", path);
    memset(address, 0, sizeof *address);
    address->sun_family = AF_UNIX;
    memcpy(address->sun_path, path, strlen(path));
    return 0;
}

static int new_socket(void) {
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    if (fd >= 0 && fcntl(fd, F_SETFD, FD_CLOEXEC)) {
        close(fd);
        return -1;
    }
    return fd;
}

/* A connection is made to find out whether there is a reader, without a line for it. */
int log_socket_check(enum log_envelope envelope, const char *path, struct error *error) {
    struct sockaddr_un address;
    if (set_address(&address, path, error))
        return -1;
    int fd = new_socket();
    if (fd < 0)
        return error_set(error, "cannot make a socket for the log: %s", error_text(errno));
    int result = 0;
    if (connect(fd, (const struct sockaddr *)&address, sizeof address))
        result = error_set(error, "cannot log to the socket \"%s\": %s; %s, or name another", path, error_text(errno),
                           remedy_of(envelope));
    close(fd);
    return result;
}

int log_socket_open(struct posix_target *target, enum log_envelope envelope, const char *path, struct error *error) {
    static const struct timeval most = {LOG_BLOCKED_MS / 1000, LOG_BLOCKED_MS % 1000 * 1000};
    if (log_socket_check(envelope, path, error) || set_address(&target->address, path, error))
        return -1;
    target->common.envelope = envelope;
    target->fd = new_socket();
    if (target->fd < 0 || setsockopt(target->fd, SOL_SOCKET, SO_SNDTIMEO, &most, sizeof most))
        return error_set(error, "cannot make a socket for the log: %s", error_text(errno));
    return 0;
}

/* ---- writing ---- */

/* The parts from `skip` on, `length` bytes of them at most. Returns how many parts these are. */
static int cut_out(struct iovec out[2], const struct iovec *parts, int count, size_t skip, size_t length) {
    int used = 0;
    for (int i = 0; i < count && length > 0; i++) {
        size_t before = skip < parts[i].iov_len ? skip : parts[i].iov_len;
        size_t here = parts[i].iov_len - before < length ? parts[i].iov_len - before : length;
        skip -= before;
        length -= here;
        if (here > 0)
            out[used++] = (struct iovec){(char *)parts[i].iov_base + before, here};
    }
    return used;
}

/* The length of the record at `skip`, without its end; 0: there is no whole one. */
static size_t record_length(const struct iovec *parts, int count, size_t skip) {
    struct iovec rest[2];
    size_t length = 0;
    int used = cut_out(rest, parts, count, skip, SIZE_MAX);
    for (int i = 0; i < used; i++) {
        const char *end = memchr(rest[i].iov_base, '\0', rest[i].iov_len);
        if (end)
            return length + (size_t)(end - (const char *)rest[i].iov_base);
        length += rest[i].iov_len;
    }
    return 0;
}

static int send_record(const struct posix_target *target, struct iovec *parts, int count, unsigned *lost) {
    struct sockaddr_un address = target->address;
    const struct msghdr message = {.msg_name = &address,
                                   .msg_namelen = sizeof address,
                                   .msg_iov = parts,
                                   .msg_iovlen = (size_t)count};
    ssize_t sent;
    do
        sent = sendmsg(target->fd, &message, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    if (sent < 0 && errno != EMSGSIZE)
        return -1;
    *lost += sent < 0;
    return 0;
}

ssize_t log_socket_write(const struct posix_target *target, const struct iovec *parts, int count, unsigned *lost) {
    struct iovec record[2];
    size_t done = 0, length;
    while ((length = record_length(parts, count, done)) > 0) {
        if (send_record(target, record, cut_out(record, parts, count, done, length), lost))
            return done > 0 ? (ssize_t)done : -1;
        done += length + 1;
    }
    return (ssize_t)done;
}
