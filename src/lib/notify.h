/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * notify: tells the service manager how the program is (systemd's sd_notify protocol: READY, RELOADING, STOPPING,
 * STATUS and WATCHDOG as datagrams to NOTIFY_SOCKET). Without such a manager it does nothing.
 *
 * Why not libsystemd: what is needed is one datagram, while the library brings liblzma, libzstd, liblz4 and libgcrypt
 * into a process that holds keys and faces the network (which is how the back door of xz got into sshd), and is not
 * there on other systems. The protocol is documented and promised to stay as it is.
 * Runs on: the control thread. Owns: its socket and timer.
 */
#ifndef MUNNEL_LIB_NOTIFY_H
#define MUNNEL_LIB_NOTIFY_H

#include <event2/event.h>
#include <stdbool.h>

struct notify;

/*
 * Takes NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID out of the environment. The watchdog is fed by the loop of
 * `base`, at half of its time, while `is_alive` says true. NULL: out of memory or descriptors.
 */
struct notify *notify_new(struct event_base *base, bool (*is_alive)(void *context), void *context);
void notify_free(struct notify *notify); /* NULL is fine, here and below */

void notify_ready(struct notify *notify); /* at the end of the start, and of a reload */
void notify_reloading(struct notify *notify);
void notify_stopping(struct notify *notify);
/* One line for people; sent if it has changed. */
void notify_status(struct notify *notify, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
