/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * sock: what Munnel needs of the system's sockets; one .c per system behind it (sock_posix.c, sock_linux.c ...).
 * Runs on: any thread. Owns: nothing; descriptors belong to the caller. All are made non-blocking and close-on-exec.
 */
#ifndef MUNNEL_LIB_NET_SOCK_H
#define MUNNEL_LIB_NET_SOCK_H

#include "lib/base/posix_types.h"
#include "lib/net/addr.h"

#include <event2/util.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * A bound, not yet listening socket for `addr`: SO_REUSEADDR, IPV6_V6ONLY for IPv6, TCP_NODELAY (accepted sockets
 * inherit it where the system does that). A unix socket on which no program listens any more is replaced. -1 with
 * `error` that names the address and, for EADDRINUSE and EACCES, what to do.
 */
evutil_socket_t sock_bind(const struct addr *addr, struct error *error);
struct sock_bind_options {
    bool freebind;         /* also an address that this machine does not have yet */
    const char *interface; /* connections come in by this one alone; NULL: by any */
    bool datagrams;        /* a socket of UDP, see datagrams.h */
    bool beside;           /* of UDP: also where others are bound for which sock_let_beside is on */
};
/* The same; `error` also says what this system has not. */
evutil_socket_t sock_bind_as(const struct addr *addr, const struct sock_bind_options *options, struct error *error);
/* From now on sockets may be bound to the address of this one of UDP, or to a part of it, that are made `beside`. */
void sock_let_beside(evutil_socket_t fd, bool on);
/* Has this system what the options ask for? 0, or -1 with `error`. */
int sock_check_bind(const struct sock_bind_options *options, struct error *error);
/* Does a program listen at this Unix socket, and let us connect? It meets a connection that is closed at once. */
bool sock_is_served(const struct addr *addr);
enum { SOCK_BACKLOG = 4096 }; /* connections that may wait until they are accepted; the system may permit less */
/* On a socket that listens already it only changes the backlog. 0 or -1 with errno. */
int sock_listen(evutil_socket_t fd, unsigned backlog);
/* Ends listening and keeps the address: new connections are refused, those in the backlog are reset, and sock_listen()
 * works again, for which a process that has dropped its privileges could not bind once more. -1 where the system has no
 * such thing: for Unix sockets, and elsewhere than on Linux. The socket listens on then. */
int sock_unlisten(evutil_socket_t fd);
/* Puts into `error` why `addr` could not be bound or listened on, and what to do about it. Returns -1. */
int sock_explain(const struct addr *addr, int error_number, struct error *error);

/*
 * Of a Unix socket that is bound and does not listen yet: who may connect. `mode` 0: as the umask made it. `owner`:
 * "USER", "USER:GROUP" or ":GROUP"; NULL: as it is. Nothing to do for other addresses. 0 or -1.
 */
int sock_set_access(const struct addr *addr, const char *owner, unsigned mode, struct error *error);
/* Could it, by the rights that the process has now? Nothing is changed. */
int sock_check_access(const struct addr *addr, const char *owner, unsigned mode, struct error *error);
int sock_check_owner(const char *owner, struct error *error); /* are there such a user and group? 0 or -1 */

/* Accepts one: -1 with errno (EAGAIN, EMFILE ...). TCP_NODELAY is on for TCP. */
evutil_socket_t sock_accept(evutil_socket_t listener, struct addr *peer);
/* After another's accept() that failed, by EVUTIL_SOCKET_ERROR(): did the client go, so that the next can be accepted
 * at once? */
bool sock_client_has_gone(int socket_error);

/*
 * Who connected to our Unix socket, as the kernel noted it then. False: unknown. The groups are those that the process
 * had, not those that a directory service lists, for which one would have to wait.
 */
bool sock_peer_user(evutil_socket_t fd, uid_t *user);
bool sock_peer_is_in(evutil_socket_t fd, gid_t group);
/* The process that connected to our Unix socket, or that listens at the one that we have connected to; 0: unknown. */
pid_t sock_peer_process(evutil_socket_t fd);

/* Starts a connection, with TCP_NODELAY and urgent data in its place: the descriptor, with *done true if it is already
 * up; -1 with errno. `here`: the address that it comes from, of length 0 when unknown; may be NULL. */
evutil_socket_t sock_connect(const struct addr *addr, struct addr *here, bool *done);
/* The same from an address of this machine, NULL: as the system chooses. */
evutil_socket_t sock_connect_from(const struct addr *addr, const struct addr *from, struct addr *here, bool *done);
/* A UDP socket that sends to this address and takes what comes from there, and nothing else; from an address of this
 * machine as above. Read and written by sock_readv and sock_writev, a datagram each time. -1 with errno. */
evutil_socket_t sock_connect_datagrams(const struct addr *addr, const struct addr *from, struct addr *here);
bool sock_has_loopback_network(void);                        /* can be connected from each address of 127.0.0.0/8 */
int sock_connect_result(evutil_socket_t fd);                 /* 0 or the errno with which the connection failed */
void sock_local_addr(evutil_socket_t fd, struct addr *here); /* length 0 when unknown */
/*
 * Is it no address of this machine any more? False when in doubt. True also during the second in which IPv6 checks that
 * a new address is no other machine's.
 */
bool sock_addr_is_gone(const struct addr *here);

/* After so long without a byte from the peer it is asked each `interval_s`, and is gone once it has not answered
 * `probes` times. idle_s 0: it is not asked. */
struct sock_keepalive {
    unsigned idle_s, interval_s, probes;
};
static const struct sock_keepalive sock_keepalive_link = {30, 10, 3}, sock_keepalive_plain = {60, 10, 6};
/* On Linux accepted sockets inherit it from the listener. */
void sock_set_keepalive(evutil_socket_t fd, const struct sock_keepalive *keepalive);

/*
 * How long data has been unacknowledged, or could not be sent at all, with no ACK, in ms; 0 if there is none, if the
 * peer's window is closed, or unknown. The kernel does not keep that time, so each look remembers what it found:
 * `stall` is all zero at first, and the result as exact as the looks are frequent.
 */
struct sock_stall {
    uint64_t acknowledged, since_us;
};
unsigned sock_stalled_ms(evutil_socket_t fd, struct sock_stall *stall);
unsigned sock_round_trip_us(evutil_socket_t fd); /* to the peer and back, of late; 0 if unknown */
size_t
sock_unsent(evutil_socket_t fd); /* bytes the kernel has queued and the peer has not acknowledged; 0 if unknown */
void sock_set_urgent_inline(
    evutil_socket_t fd); /* urgent data stays in its place in the stream; inherited from a listener */

ssize_t sock_readv(evutil_socket_t fd, const struct iovec *parts, int count);  /* EINTR handled; -1 with errno */
ssize_t sock_writev(evutil_socket_t fd, const struct iovec *parts, int count); /* no SIGPIPE */
/* The same for what the end follows at once, by sock_half_close or sock_close: both may leave in one packet. */
ssize_t sock_writev_last(evutil_socket_t fd, const struct iovec *parts, int count);
ssize_t sock_peek(evutil_socket_t fd, void *buffer, size_t size);
bool sock_wake_at(evutil_socket_t fd,
                  size_t bytes);          /* TCP: readable only with so many bytes, or at the end; false: cannot */
bool sock_would_block(int error_number);  /* EAGAIN or EWOULDBLOCK */
bool sock_lacks_memory(int error_number); /* here, or in the kernel for sockets: ENOMEM or ENOBUFS */

/* Waits until the socket is ready for `events` (POLLIN, POLLOUT) or has failed, at most until clock_ms() is
 * `deadline_ms`. Returns what poll() found, which may be POLLHUP and POLLERR besides; 0: it was not in time. */
short sock_wait(evutil_socket_t fd, short events, uint64_t deadline_ms);

int sock_half_close(evutil_socket_t fd);   /* no more from us: FIN; 0 or -1 */
void sock_close(evutil_socket_t fd);       /* the kernel finishes what is queued; fd < 0 is ignored */
void sock_close_reset(evutil_socket_t fd); /* RST (for unix: a plain close) */
/*
 * From now on any close is an RST, also the kernel's when the process is killed, until it is switched off. Accepted
 * sockets inherit it from the listener.
 */
void sock_set_reset_on_close(evutil_socket_t fd, bool on);
/* Two ends by which one thread wakes the loop of another: ends[0] becomes readable after sock_wake(ends[1]). 0 or -1.
 */
int sock_wake_pair(evutil_socket_t ends[2]);
void sock_wake(evutil_socket_t end);
void sock_wake_clear(evutil_socket_t end); /* reads away what woke */

/* How many ports the system itself chooses from for sockets that ask for none, of UDP as of TCP: an estimate where it
 * does not tell. */
unsigned sock_ephemeral_ports(void);

int sock_raise_limit(void); /* RLIMIT_NOFILE to its hard limit; returns the number now in force */

#endif
