/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * network_watch_portable: what network_watch_linux.c does, by the routing socket that the BSDs and macOS have; nothing
 * where there is none. A suspension is not noticed: no two clocks that these systems share differ by it alone.
 */
#include "config.h"

#include "lib/net/network_watch_priv.h"

#include "lib/net/sock.h"

#ifndef __linux__
#include <errno.h>

void network_watch_system_close(evutil_socket_t fd, struct network_source *source) {
    (void)source;
    sock_close(fd);
}

uint64_t network_watch_system_suspended_us(void) {
    return 0;
}

#if HAVE_DECL_RTM_NEWADDR
#include <event2/util.h>
#include <net/if.h>
#include <net/route.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>

/* Routes to neighbours, where these are routes. */
#ifdef RTF_LLINFO
#define NEIGHBOUR_FLAGS RTF_LLINFO
#elif defined(RTF_LLDATA)
#define NEIGHBOUR_FLAGS RTF_LLDATA
#else
#define NEIGHBOUR_FLAGS 0
#endif

enum { READS_PER_TURN = 16, MESSAGE_SIZE = 8192 };

struct message_head { /* what all of them begin with */
    unsigned short length;
    unsigned char version, type;
};

evutil_socket_t network_watch_system_open(struct network_source **source) {
    *source = NULL;
    evutil_socket_t fd = socket(PF_ROUTE, SOCK_RAW, AF_UNSPEC);
    if (fd < 0 || (evutil_make_socket_nonblocking(fd) == 0 && evutil_make_socket_closeonexec(fd) == 0))
        return fd;
    int failure = errno;
    close(fd);
    errno = failure;
    return -1;
}

/* The flags of a route's message; those of a cut one as if it had none. */
static int route_flags(const uint8_t *message, size_t length) {
    struct rt_msghdr route;
    if (length < sizeof route)
        return 0;
    memcpy(&route, message, sizeof route);
    return route.rtm_flags;
}

static bool message_matters(unsigned type, const uint8_t *message, size_t length) {
    switch (type) {
    case RTM_NEWADDR:
    case RTM_DELADDR:
    case RTM_IFINFO:
        return true;
    case RTM_ADD:
    case RTM_DELETE:
    case RTM_CHANGE:
        return !(route_flags(message, length) & NEIGHBOUR_FLAGS);
    default:
        return false;
    }
}

bool network_watch_system_matters(struct network_interfaces *interfaces, const void *messages, size_t length) {
    const uint8_t *bytes = messages;
    bool matters = false;
    (void)interfaces; /* RTM_IFINFO is sent only when an interface goes up or down */
    while (length > 0) {
        struct message_head head;
        if (length < sizeof head)
            return true;
        memcpy(&head, bytes, sizeof head);
        if (head.length < sizeof head || head.length > length || head.version != RTM_VERSION)
            return true;
        matters = message_matters(head.type, bytes, head.length) || matters;
        bytes += head.length;
        length -= head.length;
    }
    return matters;
}

/* False: there is no more to read now; *result: whether the socket is still of use. */
static bool read_one(evutil_socket_t fd, struct network_interfaces *interfaces, enum network_read *result) {
    uint8_t message[MESSAGE_SIZE];
    ssize_t length = recv(fd, message, sizeof message, 0);
    if (length < 0 && sock_would_block(errno))
        return false;
    if (length < 0 && errno == EINTR)
        return true;
    if (length == 0 || (length < 0 && errno != ENOBUFS)) {
        *result = NETWORK_READ_FAILED;
        return false;
    }
    /* ENOBUFS: messages were lost, and any of them may have been a change. */
    if (length < 0 || network_watch_system_matters(interfaces, message, (size_t)length))
        *result = NETWORK_READ_CHANGE;
    return true;
}

enum network_read network_watch_system_read(evutil_socket_t fd, struct network_interfaces *interfaces) {
    enum network_read result = NETWORK_READ_NOTHING;
    for (int i = 0; i < READS_PER_TURN && read_one(fd, interfaces, &result); i++) {
    }
    return result;
}

#else /* no routing socket */
evutil_socket_t network_watch_system_open(struct network_source **source) {
    *source = NULL;
    errno = ENOTSUP;
    return -1;
}

enum network_read network_watch_system_read(evutil_socket_t fd, struct network_interfaces *interfaces) {
    (void)fd, (void)interfaces;
    return NETWORK_READ_FAILED;
}

bool network_watch_system_matters(struct network_interfaces *interfaces, const void *messages, size_t length) {
    (void)interfaces, (void)messages, (void)length;
    return false;
}
#endif
#endif
