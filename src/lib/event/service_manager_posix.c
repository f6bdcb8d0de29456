/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * service_manager_posix: see service_manager.h. The manager's queue may be full, and the loop must not block: the last
 * state and the last status stay marked as unsent and are sent by a timer, or with the next state, status or watchdog.
 */
#include "config.h"

#include "lib/event/service_manager.h"

#include "lib/base/clock.h"
#include "lib/net/sock.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { STATE_TEXT = 64, STATUS_TEXT = 256, RETRY_MS = 200 };

struct service_manager {
    int fd; /* -1: there is no manager */
    struct sockaddr_un address;
    socklen_t address_length;
    uint64_t watchdog_us; /* 0: there is no watchdog */
    struct event *timer, *retry;
    bool (*is_alive)(void *context);
    void *context;
    char state[STATE_TEXT], status[STATUS_TEXT];
    bool state_is_unsent, status_is_unsent;
};

/* --- sending --- */

static bool send_datagram(struct service_manager *manager, const char *text) {
    ssize_t sent;

    do
        sent = sendto(manager->fd, text, strlen(text), MSG_DONTWAIT, (struct sockaddr *)&manager->address,
                      manager->address_length);
    while (sent < 0 && errno == EINTR);
    return sent >= 0 || !sock_would_block(errno); /* after any other error sending again would not help */
}

static void send_unsent(struct service_manager *manager) {
    static const struct timeval later = {0, RETRY_MS * 1000};

    if (manager->fd < 0)
        return;
    manager->state_is_unsent = manager->state_is_unsent && !send_datagram(manager, manager->state);
    manager->status_is_unsent = manager->status_is_unsent && !send_datagram(manager, manager->status);
    if (manager->state_is_unsent || manager->status_is_unsent)
        (void)event_add(manager->retry, &later); /* without memory for it the next status or watchdog sends both */
}

static void send_state(struct service_manager *manager, const char *state) {
    if (!manager)
        return;
    snprintf(manager->state, sizeof manager->state, "%s", state);
    manager->state_is_unsent = true;
    send_unsent(manager);
}

void service_manager_ready(struct service_manager *manager) {
    send_state(manager, "READY=1");
}

void service_manager_reloading(struct service_manager *manager) {
    char text[STATE_TEXT];

    snprintf(text, sizeof text, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64, clock_us());
    send_state(manager, text);
}

void service_manager_stopping(struct service_manager *manager) {
    send_state(manager, "STOPPING=1");
}

void service_manager_status(struct service_manager *manager, const char *format, ...) {
    char text[STATUS_TEXT] = "STATUS=";
    size_t used = strlen(text);
    va_list arguments;

    if (!manager)
        return;
    va_start(arguments, format);
    vsnprintf(text + used, sizeof text - used, format, arguments);
    va_end(arguments);
    if (strcmp(text, manager->status) != 0) {
        memcpy(manager->status, text, sizeof text);
        manager->status_is_unsent = true;
    }
    send_unsent(manager);
}

static void on_retry(evutil_socket_t fd, short what, void *context) {
    (void)fd;
    (void)what;
    send_unsent(context);
}

static void on_timer(evutil_socket_t fd, short what, void *context) {
    struct service_manager *manager = context;

    (void)fd;
    (void)what;
    if (manager->is_alive(manager->context))
        send_datagram(manager, "WATCHDOG=1");
    send_unsent(manager);
}

/* --- from start to end --- */

/* "/path", or "@name" for the abstract namespace: that address begins with NUL and does not end in one. */
static bool set_address(struct service_manager *manager, const char *text) {
    size_t length = strlen(text);

    if ((text[0] != '/' && text[0] != '@') || length < 2 || length >= sizeof manager->address.sun_path)
        return false;
    manager->address.sun_family = AF_UNIX;
    memcpy(manager->address.sun_path, text, length);
    if (text[0] == '@')
        manager->address.sun_path[0] = '\0';
    manager->address_length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length + (text[0] == '@' ? 0 : 1));
    return true;
}

/* Half the time after which the manager would act; 0: none, or that of another process. */
static uint64_t read_watchdog(void) {
    const char *time = getenv("WATCHDOG_USEC"), *owner = getenv("WATCHDOG_PID");

    if (!time || (owner && strtoull(owner, NULL, 10) != (unsigned long long)getpid()))
        return 0;
    return strtoull(time, NULL, 10) / 2;
}

static bool make_events(struct service_manager *manager, struct event_base *base) {
    struct timeval every = clock_timeval(manager->watchdog_us);

    manager->retry = evtimer_new(base, on_retry, manager);
    manager->timer = event_new(base, -1, EV_PERSIST, on_timer, manager);
    return manager->retry && manager->timer && (manager->watchdog_us == 0 || event_add(manager->timer, &every) == 0);
}

struct service_manager *service_manager_new(struct event_base *base, bool (*is_alive)(void *context), void *context) {
    struct service_manager *manager = calloc(1, sizeof *manager);
    const char *where = getenv("NOTIFY_SOCKET");

    if (!manager)
        return NULL;
    *manager = (struct service_manager){.fd = -1, .is_alive = is_alive, .context = context};
    if (where && set_address(manager, where)) {
        manager->fd = socket(AF_UNIX, SOCK_DGRAM, 0);
        manager->watchdog_us = read_watchdog();
    }
    unsetenv("NOTIFY_SOCKET");
    unsetenv("WATCHDOG_USEC");
    unsetenv("WATCHDOG_PID");
    if ((manager->address_length && (manager->fd < 0 || evutil_make_socket_closeonexec(manager->fd))) ||
        !make_events(manager, base)) {
        service_manager_free(manager);
        return NULL;
    }
    return manager;
}

void service_manager_free(struct service_manager *manager) {
    if (!manager)
        return;
    if (manager->timer)
        event_free(manager->timer);
    if (manager->retry)
        event_free(manager->retry);
    if (manager->fd >= 0)
        close(manager->fd);
    free(manager);
}
