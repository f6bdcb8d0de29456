/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * service_manager: see service_manager.h.
 *
 * The manager may be slow and its queue full, and the loop must not wait for it: what cannot be sent now is sent with
 * the next thing that is said, or by the timer.
 * Runs on: the control thread. Owns: its socket and timer.
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
    int fd; /* -1: nobody wants to know */
    struct sockaddr_un address;
    socklen_t address_length;
    uint64_t feed_us; /* 0: there is no watchdog */
    struct event *timer, *retry;
    bool (*is_alive)(void *context);
    void *context;
    char state[STATE_TEXT], status[STATUS_TEXT];
    bool owes_state, owes_status;
};

/* --- sending --- */

static bool put(struct service_manager *notify, const char *text) {
    ssize_t sent;

    do
        sent = sendto(notify->fd, text, strlen(text), MSG_DONTWAIT, (struct sockaddr *)&notify->address,
                      notify->address_length);
    while (sent < 0 && errno == EINTR);
    return sent >= 0 || !sock_would_block(errno); /* a manager that is not there is not waited for */
}

static void pay(struct service_manager *notify) {
    static const struct timeval later = {0, RETRY_MS * 1000};

    if (notify->fd < 0)
        return;
    notify->owes_state = notify->owes_state && !put(notify, notify->state);
    notify->owes_status = notify->owes_status && !put(notify, notify->status);
    if (notify->owes_state || notify->owes_status)
        event_add(notify->retry, &later);
}

static void say(struct service_manager *notify, const char *state) {
    if (!notify)
        return;
    snprintf(notify->state, sizeof notify->state, "%s", state);
    notify->owes_state = true;
    pay(notify);
}

void service_manager_ready(struct service_manager *notify) {
    say(notify, "READY=1");
}

void service_manager_reloading(struct service_manager *notify) {
    char text[STATE_TEXT];

    snprintf(text, sizeof text, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64, clock_us());
    say(notify, text);
}

void service_manager_stopping(struct service_manager *notify) {
    say(notify, "STOPPING=1");
}

void service_manager_status(struct service_manager *notify, const char *format, ...) {
    char text[STATUS_TEXT] = "STATUS=";
    size_t used = strlen(text);
    va_list arguments;

    if (!notify)
        return;
    va_start(arguments, format);
    vsnprintf(text + used, sizeof text - used, format, arguments);
    va_end(arguments);
    if (strcmp(text, notify->status) == 0)
        return;
    memcpy(notify->status, text, sizeof text);
    notify->owes_status = true;
    pay(notify);
}

static void on_retry(evutil_socket_t fd, short what, void *context) {
    (void)fd;
    (void)what;
    pay(context);
}

static void on_timer(evutil_socket_t fd, short what, void *context) {
    struct service_manager *notify = context;

    (void)fd;
    (void)what;
    if (notify->is_alive(notify->context))
        put(notify, "WATCHDOG=1");
}

/* --- from start to end --- */

/* "/path", or "@name" for a socket that is in no file system: its address begins with NUL and does not end in one. */
static bool set_address(struct service_manager *notify, const char *text) {
    size_t length = strlen(text);

    if ((text[0] != '/' && text[0] != '@') || length < 2 || length >= sizeof notify->address.sun_path)
        return false;
    notify->address.sun_family = AF_UNIX;
    memcpy(notify->address.sun_path, text, length);
    if (text[0] == '@')
        notify->address.sun_path[0] = '\0';
    notify->address_length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length + (text[0] == '@' ? 0 : 1));
    return true;
}

/* Half the time after which the manager would act; 0: none, or that of another process. */
static uint64_t read_watchdog(void) {
    const char *time = getenv("WATCHDOG_USEC"), *owner = getenv("WATCHDOG_PID");

    if (!time || (owner && strtoull(owner, NULL, 10) != (unsigned long long)getpid()))
        return 0;
    return strtoull(time, NULL, 10) / 2;
}

static bool make_events(struct service_manager *notify, struct event_base *base) {
    struct timeval every = {(time_t)(notify->feed_us / 1000000), (suseconds_t)(notify->feed_us % 1000000)};

    notify->retry = evtimer_new(base, on_retry, notify);
    notify->timer = event_new(base, -1, EV_PERSIST, on_timer, notify);
    return notify->retry && notify->timer && (notify->feed_us == 0 || event_add(notify->timer, &every) == 0);
}

struct service_manager *service_manager_new(struct event_base *base, bool (*is_alive)(void *context), void *context) {
    struct service_manager *notify = calloc(1, sizeof *notify);
    const char *where = getenv("NOTIFY_SOCKET");

    if (!notify)
        return NULL;
    *notify = (struct service_manager){.fd = -1, .is_alive = is_alive, .context = context};
    if (where && set_address(notify, where)) {
        notify->fd = socket(AF_UNIX, SOCK_DGRAM, 0);
        notify->feed_us = read_watchdog();
    }
    unsetenv("NOTIFY_SOCKET");
    unsetenv("WATCHDOG_USEC");
    unsetenv("WATCHDOG_PID");
    if ((notify->address_length && (notify->fd < 0 || evutil_make_socket_closeonexec(notify->fd))) ||
        !make_events(notify, base)) {
        service_manager_free(notify);
        return NULL;
    }
    return notify;
}

void service_manager_free(struct service_manager *notify) {
    if (!notify)
        return;
    if (notify->timer)
        event_free(notify->timer);
    if (notify->retry)
        event_free(notify->retry);
    if (notify->fd >= 0)
        close(notify->fd);
    free(notify);
}
