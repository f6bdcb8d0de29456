/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * sock_linux: the calls that Linux has and others lack: flags at birth, keepalive, tcp_info.
 * Runs on: any thread. Owns: nothing. sock_portable.c is its counterpart elsewhere.
 */
#include "config.h"

#include "lib/base/clock.h"
#include "lib/net/sock_priv.h"

#ifdef __linux__
#include <errno.h>
#include <linux/sockios.h>
#include <linux/tcp.h> /* and not netinet/tcp.h, whose tcp_info ends before the window */
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

evutil_socket_t sock_system_open(int family, int type) {
    return socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

bool sock_has_loopback_network(void) {
    return true;
}

/* TCP_NODELAY is there already: accepted sockets have what the listener has. */
evutil_socket_t sock_system_accept(evutil_socket_t listener, struct sockaddr *peer, socklen_t *length) {
    return accept4(listener, peer, length, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

/*
 * Nothing is lost within a machine and no queue builds up that another would feel. Where the system's own choice paces
 * what it sends (BBR), the timers for it cost a tenth of a stream's CPU and more of its speed. Reno is in every kernel
 * and open to every user; were it refused, all would work as before.
 */
void sock_system_stays_within(evutil_socket_t fd) {
    static const char unpaced[] = "reno";
    (void)setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, unpaced, sizeof unpaced - 1);
}

/* Else bind() looks through all ports once thousands of them are in use, or were a minute ago, for 10 ms each time. */
void sock_system_choose_port_late(evutil_socket_t fd) {
    sock_set_number(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
}

bool sock_peer_user(evutil_socket_t fd, uid_t *user) {
    struct ucred peer;
    socklen_t length = sizeof peer;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length))
        return false;
    *user = peer.uid;
    return true;
}

pid_t sock_peer_process(evutil_socket_t fd) {
    struct ucred peer;
    socklen_t length = sizeof peer;
    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0 ? peer.pid : 0;
}

static bool has_group(evutil_socket_t fd, gid_t group, size_t room) {
    socklen_t length = (socklen_t)(room * sizeof(gid_t));
    gid_t *groups = malloc(length);
    if (!groups || getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &length))
        length = 0;
    bool is_in = false;
    for (size_t i = 0; i < length / sizeof(gid_t); i++)
        is_in = is_in || groups[i] == group;
    free(groups);
    return is_in;
}

bool sock_peer_is_in(evutil_socket_t fd, gid_t group) {
    struct ucred peer;
    socklen_t length = sizeof peer;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length))
        return false;
    if (peer.gid == group)
        return true;
    length = 0; /* asks how many there are */
    if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, NULL, &length) == 0 || errno != ERANGE)
        return false;
    return has_group(fd, group, length / sizeof(gid_t));
}

/* A listening TCP socket is disconnected by this and stays bound; a Unix one could never listen again. */
int sock_unlisten(evutil_socket_t fd) {
    int family = AF_UNSPEC;
    socklen_t length = sizeof family;

    if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &length) || family == AF_UNIX)
        return -1;
    return shutdown(fd, SHUT_RD);
}

void sock_set_keepalive(evutil_socket_t fd, const struct sock_keepalive *keepalive) {
    if (keepalive->idle_s) {
        sock_set_number(fd, IPPROTO_TCP, TCP_KEEPIDLE, (int)keepalive->idle_s);
        sock_set_number(fd, IPPROTO_TCP, TCP_KEEPINTVL, (int)keepalive->interval_s);
        sock_set_number(fd, IPPROTO_TCP, TCP_KEEPCNT, (int)keepalive->probes);
    }
    sock_set_number(fd, SOL_SOCKET, SO_KEEPALIVE, keepalive->idle_s > 0);
}

/* Of both families: the name is that of IPv4, which the kernel has looked at for IPv6, too, since it has had it. */
int sock_system_bind_freely(evutil_socket_t fd) {
    const int on = 1;
    return setsockopt(fd, IPPROTO_IP, IP_FREEBIND, &on, sizeof on) ? errno : 0;
}

/* Open to each user since Linux 5.7. */
int sock_system_bind_to(evutil_socket_t fd, const char *interface) {
    return setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, interface, (socklen_t)strlen(interface)) ? errno : 0;
}

size_t sock_unsent(evutil_socket_t fd) {
    int queued = 0;
    return ioctl(fd, SIOCOUTQ, &queued) == 0 && queued > 0 ? (size_t)queued : 0;
}

static bool ask(evutil_socket_t fd, struct tcp_info *info, socklen_t *length) {
    memset(info, 0, sizeof *info);
    *length = sizeof *info;
    return getsockopt(fd, IPPROTO_TCP, TCP_INFO, info, length) == 0;
}

unsigned sock_round_trip_us(evutil_socket_t fd) {
    struct tcp_info info;
    socklen_t length;
    return ask(fd, &info, &length) ? info.tcpi_rtt : 0;
}

/* What a closed window holds back is no stall; kernels that do not report the window probe it. */
static bool has_outstanding(const struct tcp_info *info, socklen_t length) {
    bool knows_window = length >= offsetof(struct tcp_info, tcpi_snd_wnd) + sizeof info->tcpi_snd_wnd;
    if (!knows_window)
        return info->tcpi_unacked > 0 && info->tcpi_probes == 0;
    return info->tcpi_snd_wnd > 0 && (info->tcpi_unacked > 0 || info->tcpi_notsent_bytes > 0);
}

/*
 * Neither the back-off nor the time of the last transmission shows for how long: where the own interface has lost its
 * carrier or its route, sending fails within the machine, and the kernel tries again and again as if for the first
 * time.
 */
unsigned sock_stalled_ms(evutil_socket_t fd, struct sock_stall *stall) {
    struct tcp_info info;
    socklen_t length;
    if (!ask(fd, &info, &length) || !has_outstanding(&info, length)) {
        stall->since_us = 0;
        return 0;
    }
    uint64_t now_us = clock_us();
    if (stall->since_us == 0 || stall->acknowledged != info.tcpi_bytes_acked) {
        uint64_t at_least_us = info.tcpi_unacked > 0 ? info.tcpi_last_data_sent * 1000ull : 0;
        stall->since_us = now_us > at_least_us ? now_us - at_least_us : 1;
        stall->acknowledged = info.tcpi_bytes_acked;
    }
    /* A connection that was silent for an hour and has just sent has an old ACK and no stall. */
    uint64_t outstanding_ms = (now_us - stall->since_us) / 1000;
    return outstanding_ms < info.tcpi_last_ack_recv ? (unsigned)outstanding_ms : info.tcpi_last_ack_recv;
}

/* What a sandbox hides (ProcSubset=pid of systemd) is what the kernel begins with. */
unsigned sock_ephemeral_ports(void) {
    FILE *file = fopen("/proc/sys/net/ipv4/ip_local_port_range", "re");
    unsigned first = 32768, last = 60999, read[2];

    if (file && fscanf(file, "%u %u", &read[0], &read[1]) == 2 && read[0] <= read[1] && read[1] <= UINT16_MAX) {
        first = read[0];
        last = read[1];
    }
    if (file)
        fclose(file);
    return last - first + 1;
}
#endif
