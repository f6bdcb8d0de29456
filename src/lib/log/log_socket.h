/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * log_socket: the socket of syslog or systemd's journal, and what POSIX keeps of a target. Only log_target_posix.c and
 * log_socket_posix.c include it.
 * Runs on: as log_target.h. Owns: nothing; the descriptor is the target's.
 */
#ifndef MUNNEL_LIB_LOG_LOG_SOCKET_H
#define MUNNEL_LIB_LOG_LOG_SOCKET_H

#include "lib/log/log_target.h"

#include <sys/socket.h>
#include <sys/un.h>

struct posix_target {
    struct log_target common; /* first */
    int fd;
    struct sockaddr_un address; /* of a datagram socket */
};

/* 0 or -1 with `error`, which names the socket and what to do. */
int log_socket_check(enum log_envelope envelope, const char *path, struct error *error);
int log_socket_open(struct posix_target *target, enum log_envelope envelope, const char *path, struct error *error);
ssize_t log_socket_write(const struct posix_target *target, const struct iovec *parts, int count, unsigned *lost);

#endif
