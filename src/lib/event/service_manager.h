/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * service_manager: reports the program's state to the service manager (systemd's sd_notify protocol: READY, RELOADING,
 * STOPPING, STATUS and WATCHDOG as datagrams to NOTIFY_SOCKET). Without such a manager it does nothing.
 *
 * Why not libsystemd: what is needed is one datagram, while the library brings liblzma, libzstd, liblz4 and libgcrypt
 * into a process that holds keys and faces the network (which is how the back door of xz got into sshd), and is not
 * there on other systems. The protocol is documented and promised to stay as it is.
 * Runs on: the control thread. Owns: its socket and timer.
 */
#ifndef MUNNEL_LIB_EVENT_SERVICE_MANAGER_H
#define MUNNEL_LIB_EVENT_SERVICE_MANAGER_H

#include "lib/base/format.h"

#include <event2/event.h>
#include <stdbool.h>

struct service_manager;

/*
 * Takes NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID out of the environment. The loop of `base` sends WATCHDOG=1 at
 * half of the watchdog's time, while `is_alive` returns true. NULL: out of memory or descriptors.
 */
struct service_manager *service_manager_new(struct event_base *base, bool (*is_alive)(void *context), void *context);
void service_manager_free(struct service_manager *manager); /* NULL is fine, here and below */

void service_manager_ready(struct service_manager *manager); /* at the end of the start, and of a reload */
void service_manager_reloading(struct service_manager *manager);
void service_manager_stopping(struct service_manager *manager);
/* One line for people; sent if it has changed. */
void service_manager_status(struct service_manager *manager, const char *format, ...) PRINTF_LIKE(2, 3);

#endif
