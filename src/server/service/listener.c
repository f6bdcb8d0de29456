/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * listener: see listener.h. accept() fails with EMFILE while descriptors are short, and the socket stays readable:
 * without a pause the loop would spin.
 * Where the system cannot end listening (sock_unlisten), the state is refusing instead of bound: connections are reset
 * at once. The socket is never bound again, which a process that has dropped its privileges may not do below port 1024,
 * or in a folder that is not its own.
 */
#include "config.h"

#include "server/service/listener.h"

#include "lib/base/clock.h"
#include "lib/base/error.h"
#include "lib/net/passed_sockets.h"
#include "lib/net/sock.h"
#include "relay/plane.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PAUSE_MS = 100, LOG_EVERY_US = 1000000 };
enum listener_state { LISTENER_BOUND, LISTENER_LISTENING, LISTENER_PAUSED, LISTENER_REFUSING };

struct listener {
    struct listener_options options;
    struct addr addr;
    char *origin, *interface;
    evutil_socket_t fd;    /* -1: of UDP, where the port has it */
    struct udp_port *port; /* of UDP, and then there are no events; else NULL */
    bool is_passed;        /* the service manager has the socket, too, and its path stays */
    enum listener_state state;
    struct event *readable, *resume;
    struct event *turn; /* accepts after all other events of the turn */
    uint64_t logged_us;
};

/* The event is level-triggered: a connection that cannot be accepted would wake the loop in each turn. */
static bool stop_reading(struct listener *listener) {
    static const struct timeval pause = {0, PAUSE_MS * 1000};

    if (event_add(listener->resume, &pause)) /* on ENOMEM accept is retried in each turn */
        return false;
    event_del(listener->readable);
    return true;
}

static void pause_accepting(struct listener *listener, const char *detail) {
    uint64_t now = clock_us();
    char text[ADDR_TEXT];

    if (stop_reading(listener))
        listener->state = LISTENER_PAUSED;
    if (now - listener->logged_us < LOG_EVERY_US)
        return;
    listener->logged_us = now;
    log_write(listener->options.log, LOG_LEVEL_WARNING, listener->options.who, "accept paused on %s: %s",
              addr_format(&listener->addr, text, sizeof text), detail);
}

static void on_resume(evutil_socket_t fd, short what, void *context) {
    struct listener *listener = context;

    (void)fd;
    (void)what;
    if (listener->state == LISTENER_PAUSED)
        listener->state = LISTENER_LISTENING;
    if (event_add(listener->readable, NULL) == 0)
        return;
    if (listener->state == LISTENER_REFUSING)
        stop_reading(listener); /* the timer has just left its heap, whose room is still there */
    else
        pause_accepting(listener, "out of memory");
}

/* Errors of the one connection that is gone already: accept the next one. After all others accepting is paused. */
static bool is_passing(int error_number) {
    return error_number == ECONNABORTED || error_number == EINTR || error_number == EPROTO || error_number == EPERM;
}

static bool refuse_one(struct listener *listener) {
    struct addr peer;
    evutil_socket_t fd = sock_accept(listener->fd, &peer);

    if (fd >= 0)
        sock_close_reset(fd);
    else if (!sock_would_block(errno) && !is_passing(errno))
        stop_reading(listener);
    return fd >= 0;
}

static bool accept_one(struct listener *listener) {
    struct addr peer;

    if (!listener->options.has_room(listener->options.context)) {
        pause_accepting(listener, "there are as many clients as this process has descriptors for");
        return false;
    }
    evutil_socket_t fd = sock_accept(listener->fd, &peer);
    if (fd >= 0) {
        listener->options.on_accept(listener->options.context, fd, &peer, listener_addr(listener));
        return listener->state == LISTENER_LISTENING;
    }
    if (sock_would_block(errno))
        return false;
    if (is_passing(errno))
        return true;
    pause_accepting(listener, error_text(errno));
    return false;
}

/*
 * Accept after all other events of this turn: clients that end return their links first, and the first bytes of new
 * clients are more likely to have arrived.
 */
static void on_readable(evutil_socket_t fd, short what, void *context) {
    struct listener *listener = context;

    (void)fd;
    (void)what;
    event_active(listener->turn, 0, 0);
}

static void on_turn(evutil_socket_t fd, short what, void *context) {
    struct listener *listener = context;

    (void)fd;
    (void)what;
    bool (*take_one)(struct listener *) = listener->state == LISTENER_REFUSING ? refuse_one : accept_one;
    for (unsigned i = 0; i < listener->options.accepts_per_turn && take_one(listener); i++)
        ;
}

/* On failure listener_free closes it. */
static int get_socket(struct listener *listener, struct error *error) {
    int found = passed_sockets_open(listener->options.passed, &listener->addr, &listener->fd, error);

    if (found < 0)
        return -1;
    listener->is_passed = found;
    if (found)
        return 0;
    const struct sock_bind_options options = {.freebind = listener->options.freebind, .interface = listener->interface};
    listener->fd = sock_bind_as(&listener->addr, &options, error);
    if (listener->fd < 0)
        return -1;
    return sock_set_access(&listener->addr, listener->options.owner, listener->options.mode, error);
}

static int bind_socket(struct listener *listener, struct error *error) {
    if (get_socket(listener, error))
        return -1;
    listener->options.owner = NULL; /* its text need not live as long */
    listener->state = LISTENER_BOUND;
    sock_set_keepalive(listener->fd, &listener->options.keepalive); /* what is accepted inherits both */
    sock_set_reset_on_close(listener->fd, listener->options.rst_on_close);
    sock_set_urgent_inline(listener->fd);
    if (event_assign(listener->readable, listener->options.base, listener->fd, EV_READ | EV_PERSIST, on_readable,
                     listener) == 0)
        return 0;
    sock_close(listener->fd);
    listener->fd = -1;
    return error_set(error, "out of memory");
}

static int make_events(struct listener *listener) {
    struct event_base *base = listener->options.base;

    listener->readable = event_new(base, -1, EV_READ, on_readable, listener);
    listener->resume = evtimer_new(base, on_resume, listener);
    listener->turn = event_new(base, -1, 0, on_turn, listener);
    return listener->readable && listener->resume && listener->turn ? 0 : -1;
}

/* ---- of UDP ---- */

static struct udp_port_options port_options(const struct listener_options *options) {
    return (struct udp_port_options){options->terms, options->on_flow, options->context};
}

static int bind_port(struct listener *listener, struct error *error) {
    const struct sock_bind_options how = {.freebind = listener->options.freebind,
                                          .interface = listener->interface,
                                          .datagrams = true,
                                          .beside = listener->options.beside};
    const struct udp_port_options options = port_options(&listener->options);
    evutil_socket_t fd = sock_bind_as(&listener->addr, &how, error);

    if (fd < 0)
        return -1;
    listener->port = plane_port_new(listener->options.plane, fd, &listener->addr, &options);
    if (listener->port)
        return 0;
    sock_close(fd);
    return error_set(error, "out of memory");
}

void listener_let_beside(struct listener *listener, bool on) {
    plane_port_let_beside(listener->port, on);
}

bool listener_is_udp(const struct listener *listener) {
    return listener->port;
}

/* ---- life ---- */

struct listener *listener_new(const struct listener_options *options, const struct addr *addr, struct error *error) {
    struct listener *listener = calloc(1, sizeof *listener);

    if (!listener) {
        error_set(error, "out of memory");
        return NULL;
    }
    listener->options = *options;
    listener->addr = *addr;
    listener->fd = -1;
    listener->interface = options->interface ? strdup(options->interface) : NULL;
    listener->options.interface = NULL; /* its text need not live as long */
    bool has_memory = (options->plane || make_events(listener) == 0) && (!options->interface || listener->interface);
    if (!has_memory)
        error_set(error, "out of memory");
    if (has_memory && (options->plane ? bind_port : bind_socket)(listener, error) == 0)
        return listener;
    listener_free(listener);
    return NULL;
}

static unsigned backlog_of(const struct listener_options *options) {
    return options->backlog ? options->backlog : SOCK_BACKLOG;
}

int listener_open(struct listener *listener, struct error *error) {
    char text[ADDR_TEXT];

    if (listener->port) {
        plane_port_open(listener->port);
        listener->state = LISTENER_LISTENING;
        return 0;
    }
    if (listener->state == LISTENER_REFUSING && event_add(listener->readable, NULL) == 0) /* it may not be there */
        listener->state = LISTENER_LISTENING;
    if (listener->state == LISTENER_REFUSING)
        return error_set(error, "cannot listen on %s: out of memory", addr_format(&listener->addr, text, sizeof text));
    if (listener->state != LISTENER_BOUND)
        return 0;
    if (sock_listen(listener->fd, backlog_of(&listener->options)) || event_add(listener->readable, NULL))
        return error_set(error, "cannot listen on %s: %s", addr_format(&listener->addr, text, sizeof text),
                         error_text(errno));
    listener->state = LISTENER_LISTENING;
    return 0;
}

static void stop_events(struct listener *listener) {
    if (listener->readable)
        event_del(listener->readable);
    if (listener->resume)
        event_del(listener->resume);
    if (listener->turn)
        event_del(listener->turn);
}

void listener_shut(struct listener *listener) {
    if (listener->port) {
        plane_port_shut(listener->port);
        listener->state = LISTENER_BOUND;
        return;
    }
    bool does_listen =
        listener->state != LISTENER_BOUND || listener->is_passed; /* the service manager made it listen */

    if (!does_listen || listener->state == LISTENER_REFUSING)
        return;
    stop_events(listener);
    if (!listener->is_passed && sock_unlisten(listener->fd) == 0) {
        listener->state = LISTENER_BOUND;
        return;
    }
    listener->state = LISTENER_REFUSING;
    (void)event_add(listener->readable, NULL); /* on ENOMEM its clients wait in the backlog instead */
}

static void remove_path(const struct listener *listener) {
    const char *path = addr_unix_path(&listener->addr);

    if (path)
        remove(path);
}

void listener_free(struct listener *listener) {
    if (!listener)
        return;
    stop_events(listener);
    if (listener->port)
        plane_port_free(listener->port);
    if (listener->fd >= 0) {
        sock_close(listener->fd);
        if (!listener->is_passed)
            remove_path(listener);
    }
    if (listener->readable)
        event_free(listener->readable);
    if (listener->resume)
        event_free(listener->resume);
    if (listener->turn)
        event_free(listener->turn);
    free(listener->origin);
    free(listener->interface);
    free(listener);
}

bool listener_is_passed(const struct listener *listener) {
    return listener->is_passed;
}

bool listener_is_open(const struct listener *listener) {
    return listener->state == LISTENER_LISTENING || listener->state == LISTENER_PAUSED;
}

/* What is accepted inherits what bind_socket has set, which differs between services and the agent port. */
void listener_hand_over(struct listener *listener, const struct listener_options *options) {
    struct error error;

    listener->options = *options;
    listener->options.owner = NULL;
    listener->options.interface = NULL;
    if (listener->port) {
        const struct udp_port_options port = port_options(options);
        plane_port_set(listener->port, &port);
        return;
    }
    sock_set_keepalive(listener->fd, &options->keepalive);
    if (listener_is_open(listener) && !listener->is_passed)
        (void)sock_listen(listener->fd, backlog_of(options)); /* where it fails the backlog is as it was */
    sock_set_reset_on_close(listener->fd, options->rst_on_close);
    if (!listener->is_passed && sock_set_access(&listener->addr, options->owner, options->mode, &error))
        log_write(options->log, LOG_LEVEL_ERROR, options->who, "%s", error.text);
}

void listener_set_origin(struct listener *listener, const char *text) {
    free(listener->origin);
    listener->origin = strdup(text);
}

const char *listener_origin(const struct listener *listener) {
    return listener->origin;
}

const char *listener_interface(const struct listener *listener) {
    return listener->interface;
}

const struct addr *listener_addr(const struct listener *listener) {
    return &listener->addr;
}
