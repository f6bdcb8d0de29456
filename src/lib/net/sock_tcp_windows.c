/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * sock_tcp_windows: TCP's timers, and what the system says about a connection (SIO_TCP_INFO, Windows 10 1703).
 * Runs on: any thread. Owns: nothing.
 */
#define NTDDI_VERSION 0x0A000003 /* SIO_TCP_INFO; where the system has it not, the call fails */

#include "config.h"

#include "lib/base/clock.h"
#include "lib/net/sock_priv.h"

#include <mstcpip.h>
#include <string.h>

enum { TCP_KEEPALIVE_COUNT = 16 }; /* TCP_KEEPCNT, Windows 10 1703, which headers of mingw-w64 lack */

int sock_unlisten(evutil_socket_t fd) {
    (void)fd; /* listening ends with the socket alone */
    return -1;
}

/* A refused connection is tried three times, for two seconds: a SYN could have been lost, but not on the loopback. */
void sock_system_choose_port_late(evutil_socket_t fd) {
    (void)fd;
}

void sock_system_stays_within(evutil_socket_t fd) {
    TCP_INITIAL_RTO_PARAMETERS once = {.Rtt = TCP_INITIAL_RTO_UNSPECIFIED_RTT,
                                       .MaxSynRetransmissions = TCP_INITIAL_RTO_NO_SYN_RETRANSMISSIONS};
    DWORD length = 0;
    (void)WSAIoctl((SOCKET)fd, SIO_TCP_INITIAL_RTO, &once, sizeof once, NULL, 0, &length, NULL, NULL);
}

void sock_set_keepalive(evutil_socket_t fd, const struct sock_keepalive *keepalive) {
    struct tcp_keepalive times = {.onoff = keepalive->idle_s > 0,
                                  .keepalivetime = keepalive->idle_s * 1000,
                                  .keepaliveinterval = keepalive->interval_s * 1000};
    DWORD length = 0;
    (void)WSAIoctl((SOCKET)fd, SIO_KEEPALIVE_VALS, &times, sizeof times, NULL, 0, &length, NULL, NULL);
    sock_set_number(fd, IPPROTO_TCP, TCP_KEEPALIVE_COUNT, (int)keepalive->probes); /* else 10 */
}

static bool ask(evutil_socket_t fd, TCP_INFO_v0 *info) {
    DWORD version = 0, length = 0;
    memset(info, 0, sizeof *info);
    return WSAIoctl((SOCKET)fd, SIO_TCP_INFO, &version, sizeof version, info, sizeof *info, &length, NULL, NULL) == 0;
}

/* Without what is still to be sent for the first time, which the system does not say. */
size_t sock_unsent(evutil_socket_t fd) {
    TCP_INFO_v0 info;
    return ask(fd, &info) ? info.BytesInFlight : 0;
}

unsigned sock_round_trip_us(evutil_socket_t fd) {
    TCP_INFO_v0 info;
    return ask(fd, &info) ? info.RttUs : 0;
}

/* BytesOut counts bytes again that are sent again; so nothing that waits for an ACK changes this. */
static uint64_t acknowledged(const TCP_INFO_v0 *info) {
    return info->BytesOut - info->BytesRetrans - info->BytesInFlight;
}

/* The time of the last ACK is not to be had: a look later than the first bytes without one counts from then. */
unsigned sock_stalled_ms(evutil_socket_t fd, struct sock_stall *stall) {
    TCP_INFO_v0 info;
    if (!ask(fd, &info) || info.BytesInFlight == 0 || info.SndWnd == 0) {
        stall->since_us = 0;
        return 0;
    }
    uint64_t now_us = clock_us();
    if (stall->since_us == 0 || stall->acknowledged != acknowledged(&info)) {
        stall->since_us = now_us;
        stall->acknowledged = acknowledged(&info);
    }
    return (unsigned)((now_us - stall->since_us) / 1000);
}
