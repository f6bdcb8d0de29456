/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * listener: one listening socket; accepts a bounded number per turn of the loop, pauses without descriptors.
 * Runs on: the control thread. Owns: its socket and events; accepted descriptors go to on_accept.
 * States: bound <-> listening <-> paused -> freed; the port stays bound from new to free, and a Unix socket's owner and
 * mode stay, too. A socket that the service manager has opened keeps the owner and mode that its unit gave it, and goes
 * from listening to refusing instead: its clients are reset at once.
 */
#ifndef MUNNEL_SERVER_SERVICE_LISTENER_H
#define MUNNEL_SERVER_SERVICE_LISTENER_H

#include "lib/log/log.h"
#include "lib/net/addr.h"
#include "lib/net/sock.h"

#include <event2/event.h>
#include <event2/util.h>

struct listener;
struct plane;
struct service_terms;
struct udp_flow;

struct listener_options {
    struct event_base *base;
    struct log *log;
    const char *who; /* for log lines: "service web"; must live as long as the listener */
    struct sock_keepalive keepalive;
    unsigned backlog;      /* 0: SOCK_BACKLOG */
    bool freebind;         /* see sock_bind_as, as the next */
    const char *interface; /* or NULL; copied */
    bool rst_on_close;     /* close() of an accepted socket sends RST (sock_set_reset_on_close) */
    const char *owner;     /* of a Unix socket, as the next (sock_set_access); read at once */
    unsigned mode;
    struct passed_sockets *passed; /* the service manager's, which is taken instead of binding; may be NULL */
    unsigned accepts_per_turn;
    bool (*has_room)(void *context); /* asked before each accept; false: pause for 100 ms */
    /* Takes fd; may not free the listener. `local`: its address as it was given, which may be a wildcard. */
    void (*on_accept)(void *context, evutil_socket_t fd, const struct addr *peer, const struct addr *local);
    /* Not NULL: of UDP. Relay threads of this plane read it, new clients come by on_flow (see plane_ports.h), and what
     * is above of connections is not used. `terms`: of its service; NULL: as before. */
    struct plane *plane;
    bool beside; /* of UDP, see sock_bind_as */
    struct service_terms *terms;
    void (*on_flow)(void *context, struct udp_flow *flow);
    void *context;
};

struct listener *listener_new(const struct listener_options *options, const struct addr *addr, struct error *error);
int listener_open(struct listener *listener, struct error *error); /* clients get in; 0 also if they do already */
void listener_shut(struct listener *listener);                     /* clients are refused, the port is kept */
void listener_free(struct listener *listener);
bool listener_is_passed(const struct listener *listener);     /* the service manager has opened its socket */
void listener_let_beside(struct listener *listener, bool on); /* of UDP, see sock_let_beside */
bool listener_is_udp(const struct listener *listener);
bool listener_is_open(const struct listener *listener); /* clients get in, or will when a pause ends */
const struct addr *listener_addr(const struct listener *listener);
/* The name by which its address was found, as it was written; NULL: none, or out of memory. Copied. */
void listener_set_origin(struct listener *listener, const char *text);
const char *listener_origin(const struct listener *listener);
/* By which alone connections come in; NULL: by any. */
const char *listener_interface(const struct listener *listener);
/* From now on it belongs to these options; its socket stays as it is, but for the owner and mode of a Unix socket. */
void listener_hand_over(struct listener *listener, const struct listener_options *options);

#endif
