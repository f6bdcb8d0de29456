/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * log_target: where the log's thread writes: a stream, a file, or what the system has for logs: the socket of syslog or
 * of systemd's journal, or the Event Log of Windows. One .c per system.
 * Runs on: made and freed on any thread; written and reopened by the log's own. Owns: the descriptor that it opened.
 */
#ifndef MUNNEL_LIB_LOG_LOG_TARGET_H
#define MUNNEL_LIB_LOG_LOG_TARGET_H

#include "lib/base/posix_types.h"
#include "lib/log/log_line.h"

#include <sys/types.h>

enum { LOG_FILE_MODE = 0640, LOG_BLOCKED_MS = 1000 };

struct log_target { /* the system's file begins its own with it */
    enum log_envelope envelope;
    bool has_colours;
    char *path; /* of a file, to open it again; NULL: none */
};

/*
 * Writes what can be written of the ring's `parts` (one or two), waiting at most LOG_BLOCKED_MS for a socket; a pipe or
 * a terminal may make it wait longer. Returns how many bytes are done, -1: none now, try later. *lost: records among
 * them that the reader does not take, for their size.
 */
ssize_t log_target_write(const struct log_target *target, const struct iovec *parts, int count, unsigned *lost);
/* Opens a file again, after a rotation. 0, or -1 with errno: it stays with the old one. */
int log_target_reopen(struct log_target *target);

#endif
