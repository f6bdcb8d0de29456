/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * datagrams_linux: see datagrams.h.
 */
#include "config.h"

#include "lib/net/datagrams.h"
#include "lib/net/sock_priv.h"

#ifdef __linux__
#include <errno.h>
#include <linux/errqueue.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum {
    SEND_TRIES = 4,
    CONTROL_SIZE = CMSG_SPACE(sizeof(struct in6_pktinfo)) + CMSG_SPACE(sizeof(uint32_t)),
};

union control { /* aligned for a header */
    char bytes[CONTROL_SIZE];
    struct cmsghdr header;
};

struct datagram_batch {
    struct mmsghdr headers[DATAGRAMS_BATCH];
    struct iovec parts[DATAGRAMS_BATCH];
    union control controls[DATAGRAMS_BATCH];
    struct datagram_read datagrams[DATAGRAMS_BATCH];
    uint8_t buffers[DATAGRAMS_BATCH][DATAGRAM_MOST + 1];
};

void datagrams_tell_lost(evutil_socket_t fd) {
    sock_set_number(fd, SOL_SOCKET, SO_RXQ_OVFL, 1);
}

void datagrams_prepare(evutil_socket_t fd, int family) {
    datagrams_tell_lost(fd);
    if (family == AF_INET6) {
        sock_set_number(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
        sock_set_number(fd, IPPROTO_IPV6, IPV6_RECVERR, 1);
    } else {
        sock_set_number(fd, IPPROTO_IP, IP_PKTINFO, 1);
        sock_set_number(fd, IPPROTO_IP, IP_RECVERR, 1);
    }
}

/* The parts of a header that a read does not change. */
static void set_up(struct datagram_batch *batch, int index) {
    struct msghdr *header = &batch->headers[index].msg_hdr;

    batch->parts[index] = (struct iovec){batch->buffers[index], DATAGRAM_MOST};
    header->msg_name = &batch->datagrams[index].peer.address;
    header->msg_iov = &batch->parts[index];
    header->msg_iovlen = 1;
    header->msg_control = &batch->controls[index];
}

/* By malloc: so large a block comes from mmap, and what is not touched costs nothing. */
struct datagram_batch *datagram_batch_new(void) {
    struct datagram_batch *batch = malloc(sizeof *batch);

    if (!batch)
        return NULL;
    memset(batch->headers, 0, sizeof batch->headers);
    memset(batch->datagrams, 0, sizeof batch->datagrams);
    for (int i = 0; i < DATAGRAMS_BATCH; i++)
        set_up(batch, i);
    return batch;
}

void datagram_batch_free(struct datagram_batch *batch) {
    free(batch);
}

static void take_local(struct datagram_local *local, const struct cmsghdr *at) {
    struct in_pktinfo four;
    struct in6_pktinfo six;

    if (at->cmsg_level == IPPROTO_IP && at->cmsg_type == IP_PKTINFO) {
        memcpy(&four, CMSG_DATA(at), sizeof four);
        memcpy(local->host, &four.ipi_spec_dst, sizeof four.ipi_spec_dst);
    } else if (at->cmsg_level == IPPROTO_IPV6 && at->cmsg_type == IPV6_PKTINFO) {
        memcpy(&six, CMSG_DATA(at), sizeof six);
        if (IN6_IS_ADDR_MULTICAST(&six.ipi6_addr))
            return; /* no answer may have it as its source */
        memcpy(local->host, &six.ipi6_addr, sizeof six.ipi6_addr);
        local->interface = IN6_IS_ADDR_LINKLOCAL(&six.ipi6_addr) ? six.ipi6_ifindex : 0;
    }
}

static void take_lost(uint32_t *lost, const struct cmsghdr *at) {
    if (at->cmsg_level == SOL_SOCKET && at->cmsg_type == SO_RXQ_OVFL)
        memcpy(lost, CMSG_DATA(at), sizeof *lost);
}

static void take(struct datagram_batch *batch, int index) {
    struct msghdr *header = &batch->headers[index].msg_hdr;
    struct datagram_read *datagram = &batch->datagrams[index];

    memset(&datagram->local, 0, sizeof datagram->local);
    datagram->lost = 0;
    for (struct cmsghdr *at = CMSG_FIRSTHDR(header); at; at = CMSG_NXTHDR(header, at)) {
        take_local(&datagram->local, at);
        take_lost(&datagram->lost, at);
    }
    datagram->bytes = batch->buffers[index];
    datagram->length = batch->headers[index].msg_len;
}

int datagram_batch_read(struct datagram_batch *batch, evutil_socket_t fd, bool *may_have_more) {
    for (int i = 0; i < DATAGRAMS_BATCH; i++) {
        batch->headers[i].msg_hdr.msg_namelen = sizeof batch->datagrams[i].peer.address;
        batch->headers[i].msg_hdr.msg_controllen = CONTROL_SIZE;
    }
    int count = recvmmsg(fd, batch->headers, DATAGRAMS_BATCH, MSG_DONTWAIT, NULL);
    if (count < 0)
        return sock_would_block(errno) || errno == EINTR ? 0 : -1;
    *may_have_more = count == DATAGRAMS_BATCH;
    for (int i = 0; i < count; i++)
        take(batch, i);
    return count;
}

const struct datagram_read *datagram_batch_at(const struct datagram_batch *batch, int index) {
    return &batch->datagrams[index];
}

/* The source of the answer; nothing, where it is not known. */
static void put_local(struct msghdr *header, union control *control, int family, const struct datagram_local *local) {
    static const uint8_t unknown[sizeof local->host];
    struct in6_pktinfo six = {.ipi6_ifindex = local->interface};
    struct in_pktinfo four = {.ipi_ifindex = 0};
    bool is_six = family == AF_INET6;

    if (memcmp(local->host, unknown, sizeof unknown) == 0)
        return;
    memcpy(&four.ipi_spec_dst, local->host, sizeof four.ipi_spec_dst);
    memcpy(&six.ipi6_addr, local->host, sizeof six.ipi6_addr);
    size_t size = is_six ? sizeof six : sizeof four;
    memset(control, 0, sizeof *control);
    header->msg_control = control;
    header->msg_controllen = CMSG_SPACE(size);
    struct cmsghdr *at = CMSG_FIRSTHDR(header);
    at->cmsg_level = is_six ? IPPROTO_IPV6 : IPPROTO_IP;
    at->cmsg_type = is_six ? IPV6_PKTINFO : IP_PKTINFO;
    at->cmsg_len = CMSG_LEN(size);
    memcpy(CMSG_DATA(at), is_six ? (const void *)&six : (const void *)&four, size);
}

/* With IP_RECVERR a call also fails for an error that waits and was another peer's: any that the kernel makes of ICMP
 * and ICMPv6. It is taken by failing; what is this datagram's own fails again. */
static bool may_be_of_another(int error_number) {
    static const int errors[] = {ECONNREFUSED, EHOSTUNREACH, ENETUNREACH, EMSGSIZE, ENOPROTOOPT, EHOSTDOWN,
                                 ENONET,       EOPNOTSUPP,   EACCES,      EPROTO,   EINTR};

    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++)
        if (errors[i] == error_number)
            return true;
    return false;
}

int datagram_send(evutil_socket_t fd, const struct datagram_peer *peer, const struct datagram_local *local,
                  const uint8_t *bytes, size_t length) {
    bool is_six = peer->address.any.sa_family == AF_INET6;
    struct datagram_peer to = *peer;
    struct iovec part = {(void *)(uintptr_t)bytes, length};
    struct msghdr header = {.msg_name = &to.address,
                            .msg_namelen = is_six ? sizeof to.address.six : sizeof to.address.four,
                            .msg_iov = &part,
                            .msg_iovlen = 1};
    union control control;

    put_local(&header, &control, peer->address.any.sa_family, local);
    for (int i = 0; i < SEND_TRIES; i++) {
        if (sendmsg(fd, &header, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
            return 0;
        if (!may_be_of_another(errno))
            break;
    }
    return errno;
}

static bool is_port_unreachable(struct msghdr *header) {
    struct sock_extended_err what;

    for (struct cmsghdr *at = CMSG_FIRSTHDR(header); at; at = CMSG_NXTHDR(header, at)) {
        bool is_error = (at->cmsg_level == IPPROTO_IP && at->cmsg_type == IP_RECVERR) ||
                        (at->cmsg_level == IPPROTO_IPV6 && at->cmsg_type == IPV6_RECVERR);
        if (!is_error)
            continue;
        memcpy(&what, CMSG_DATA(at), sizeof what);
        bool is_icmp = what.ee_origin == SO_EE_ORIGIN_ICMP || what.ee_origin == SO_EE_ORIGIN_ICMP6;
        return is_icmp && what.ee_errno == ECONNREFUSED;
    }
    return false;
}

bool datagrams_take_unreachable(evutil_socket_t fd, struct datagram_peer *peer) {
    union {
        char bytes[512];
        struct cmsghdr header;
    } control;
    char byte;
    struct iovec part = {&byte, sizeof byte};

    for (;;) {
        struct msghdr header = {.msg_name = &peer->address,
                                .msg_namelen = sizeof peer->address,
                                .msg_iov = &part,
                                .msg_iovlen = 1,
                                .msg_control = &control,
                                .msg_controllen = sizeof control};
        memset(peer, 0, sizeof *peer);
        if (recvmsg(fd, &header, MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
            return false;
        if (is_port_unreachable(&header) && header.msg_namelen >= sizeof peer->address.four)
            return true;
    }
}
#endif
