/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * network_watch_linux: the kernel's messages about addresses, routes and interfaces, by rtnetlink(7).
 *
 * Interfaces are among them because IPv4 routes that go with their interface are removed without a message. Left out is
 * what changes no way to another machine: neighbours, the kernel's cached routes and its table of own addresses, a
 * lifetime that a router or a DHCP server has prolonged, an interface that is as it was.
 * network_watch_portable.c is its counterpart elsewhere.
 */
#include "config.h"

#include "lib/net/network_watch_priv.h"

#include "lib/net/sock.h"

#ifdef __linux__
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { READS_PER_TURN = 16, MESSAGES_SIZE = 8192 };

evutil_socket_t network_watch_system_open(struct network_source **source) {
    *source = NULL;
    evutil_socket_t fd = socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_ROUTE);
    const struct sockaddr_nl address = {.nl_family = AF_NETLINK,
                                        .nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR |
                                                     RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE};
    if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    int failure = errno;
    close(fd);
    errno = failure;
    return -1;
}

void network_watch_system_close(evutil_socket_t fd, struct network_source *source) {
    (void)source;
    sock_close(fd);
}

uint64_t network_watch_system_suspended_us(void) {
    struct timespec running = {0, 0}, total = {0, 0};
    clock_gettime(CLOCK_MONOTONIC, &running);
    clock_gettime(CLOCK_BOOTTIME, &total);
    return (uint64_t)((total.tv_sec - running.tv_sec) * 1000000 + (total.tv_nsec - running.tv_nsec) / 1000);
}

/* ---- messages ---- */

struct part {
    const uint8_t *bytes;
    size_t length;
};

/* Copies the beginning, which need not be aligned, and skips it with its padding. False: it is cut. */
static bool take(struct part *part, void *to, size_t size) {
    if (part->length < size)
        return false;
    memcpy(to, part->bytes, size);
    size_t skipped = NLMSG_ALIGN(size) < part->length ? NLMSG_ALIGN(size) : part->length;
    part->bytes += skipped;
    part->length -= skipped;
    return true;
}

/* True with the attribute's value in `value`, of `size` bytes. */
static bool find_attribute(struct part attributes, unsigned short type, void *value, size_t size) {
    struct rtattr attribute;
    while (attributes.length >= sizeof attribute) {
        memcpy(&attribute, attributes.bytes, sizeof attribute);
        if (attribute.rta_len < sizeof attribute || attribute.rta_len > attributes.length)
            return false;
        if (attribute.rta_type == type && attribute.rta_len >= sizeof attribute + size) {
            memcpy(value, attributes.bytes + sizeof attribute, size);
            return true;
        }
        size_t skipped = NLMSG_ALIGN((size_t)attribute.rta_len);
        if (skipped > attributes.length)
            return false;
        attributes.bytes += skipped;
        attributes.length -= skipped;
    }
    return false;
}

static bool address_matters(struct part part, bool is_new) {
    struct ifaddrmsg address;
    struct ifa_cacheinfo times;
    if (!take(&part, &address, sizeof address))
        return true;
    bool is_prolonged =
        is_new && find_attribute(part, IFA_CACHEINFO, &times, sizeof times) && times.tstamp != times.cstamp;
    return !is_prolonged;
}

static bool route_matters(struct part part) {
    struct rtmsg route;
    if (!take(&part, &route, sizeof route))
        return true;
    bool is_own = route.rtm_type == RTN_LOCAL || route.rtm_type == RTN_BROADCAST || route.rtm_type == RTN_ANYCAST ||
                  route.rtm_type == RTN_MULTICAST;
    return !is_own && !(route.rtm_flags & RTM_F_CLONED);
}

/* Its place in the list, or the place behind the last. */
static unsigned find_interface(const struct network_interfaces *interfaces, int index) {
    unsigned at = 0;
    while (at < interfaces->count && interfaces->list[at].index != index)
        at++;
    return at;
}

static void forget_interface(struct network_interfaces *interfaces, int index) {
    unsigned at = find_interface(interfaces, index);
    if (at < interfaces->count)
        interfaces->list[at] = interfaces->list[--interfaces->count];
}

/* True if it was otherwise before, or nothing was known of it. */
static bool note_interface(struct network_interfaces *interfaces, int index, bool is_up) {
    unsigned at = find_interface(interfaces, index);
    if (at == NETWORK_INTERFACES_MAX)
        return true;
    bool is_known = at < interfaces->count, was_up = is_known && interfaces->list[at].is_up;
    interfaces->list[at] = (struct network_interface){.index = index, .is_up = is_up};
    interfaces->count += !is_known;
    return !is_known || was_up != is_up;
}

static bool interface_matters(struct network_interfaces *interfaces, struct part part, bool is_new) {
    struct ifinfomsg interface;
    if (!take(&part, &interface, sizeof interface))
        return true;
    if (interface.ifi_family != AF_UNSPEC) /* of a bridge's port: its own message tells the same */
        return false;
    if (is_new)
        return note_interface(interfaces, interface.ifi_index,
                              (interface.ifi_flags & IFF_UP) && (interface.ifi_flags & IFF_RUNNING));
    forget_interface(interfaces, interface.ifi_index);
    return true;
}

static bool message_matters(struct network_interfaces *interfaces, unsigned type, struct part part) {
    switch (type) {
    case RTM_NEWADDR:
    case RTM_DELADDR:
        return address_matters(part, type == RTM_NEWADDR);
    case RTM_NEWROUTE:
    case RTM_DELROUTE:
        return route_matters(part);
    case RTM_NEWLINK:
    case RTM_DELLINK:
        return interface_matters(interfaces, part, type == RTM_NEWLINK);
    case NLMSG_OVERRUN:
        return true;
    default:
        return false;
    }
}

bool network_watch_system_matters(struct network_interfaces *interfaces, const void *messages, size_t length) {
    struct part rest = {messages, length};
    bool matters = false;
    while (rest.length > 0) {
        struct nlmsghdr header;
        struct part message = rest;
        if (!take(&message, &header, sizeof header) || header.nlmsg_len < sizeof header ||
            header.nlmsg_len > rest.length)
            return true;
        message.length = header.nlmsg_len - sizeof header;
        matters = message_matters(interfaces, header.nlmsg_type, message) || matters;
        size_t skipped = NLMSG_ALIGN((size_t)header.nlmsg_len);
        skipped = skipped < rest.length ? skipped : rest.length;
        rest.bytes += skipped;
        rest.length -= skipped;
    }
    return matters;
}

/* ---- the socket ---- */

/* False: there is no more to read now; *result: whether the socket is still of use. */
static bool read_one(evutil_socket_t fd, struct network_interfaces *interfaces, enum network_read *result) {
    uint8_t messages[MESSAGES_SIZE];
    struct sockaddr_nl from = {.nl_pid = 0};
    socklen_t from_length = sizeof from;
    ssize_t length = recvfrom(fd, messages, sizeof messages, MSG_TRUNC, (struct sockaddr *)&from, &from_length);
    if (length < 0 && sock_would_block(errno))
        return false;
    if (length < 0 && errno == EINTR)
        return true;
    if (length < 0 && errno != ENOBUFS) {
        *result = NETWORK_READ_FAILED;
        return false;
    }
    if (from.nl_pid != 0) /* another process sent it, not the kernel */
        return true;
    bool is_lost = length < 0 || (size_t)length > sizeof messages; /* too many at once, or one that is too long */
    if (is_lost || network_watch_system_matters(interfaces, messages, (size_t)length))
        *result = NETWORK_READ_CHANGE;
    return true;
}

enum network_read network_watch_system_read(evutil_socket_t fd, struct network_interfaces *interfaces) {
    enum network_read result = NETWORK_READ_NOTHING;
    for (int i = 0; i < READS_PER_TURN && read_one(fd, interfaces, &result); i++) {
    }
    return result;
}
#endif
