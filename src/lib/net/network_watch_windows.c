/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * network_watch_windows: what IP Helper reports of addresses, routes and interfaces, and the system of a resumption, on
 * threads of their own, each of which wakes the loop by one end of a pair.
 *
 * Only what comes or goes matters: metrics and lifetimes change no way to another machine, and an interface without a
 * carrier loses its routes.
 */
#include "config.h"

#include "lib/net/network_watch_priv.h"

#include "lib/net/power_notice.h"
#include "lib/net/sock_priv.h"

#include <errno.h>
#include <iphlpapi.h>
#include <stdlib.h>

enum { REPORTS = 3 };

struct network_source {
    evutil_socket_t wake; /* the callbacks' end of the pair */
    HANDLE reports[REPORTS];
    struct power_notice *power; /* NULL: there are no notices, and the watch's timer finds a resumption */
};

static void on_change(struct network_source *source, MIB_NOTIFICATION_TYPE type) {
    if (type != MibParameterNotification)
        sock_wake(source->wake);
}

static void NETIOAPI_API_ on_address(void *source, MIB_UNICASTIPADDRESS_ROW *row, MIB_NOTIFICATION_TYPE type) {
    (void)row;
    on_change(source, type);
}

static void NETIOAPI_API_ on_route(void *source, MIB_IPFORWARD_ROW2 *row, MIB_NOTIFICATION_TYPE type) {
    (void)row;
    on_change(source, type);
}

static void NETIOAPI_API_ on_interface(void *source, MIB_IPINTERFACE_ROW *row, MIB_NOTIFICATION_TYPE type) {
    (void)row;
    on_change(source, type);
}

static void on_resume(void *context) {
    struct network_source *source = context;
    sock_wake(source->wake);
}

/* 0 or the system's error number. */
static DWORD begin(struct network_source *source) {
    DWORD failure = NotifyUnicastIpAddressChange(AF_UNSPEC, on_address, source, FALSE, &source->reports[0]);
    if (!failure)
        failure = NotifyRouteChange2(AF_UNSPEC, on_route, source, FALSE, &source->reports[1]);
    if (!failure)
        failure = NotifyIpInterfaceChange(AF_UNSPEC, on_interface, source, FALSE, &source->reports[2]);
    return failure;
}

evutil_socket_t network_watch_system_open(struct network_source **source) {
    evutil_socket_t ends[2];
    struct network_source *made = calloc(1, sizeof *made);
    *source = made;
    if (!made || sock_wake_pair(ends)) {
        free(made);
        *source = NULL;
        return -1;
    }
    made->wake = ends[1];
    made->power = power_notice_begin(on_resume, made);
    DWORD failure = begin(made);
    if (!failure)
        return ends[0];
    network_watch_system_close(ends[0], made);
    *source = NULL;
    errno = sock_errno_of((int)failure);
    return -1;
}

/* CancelMibChangeNotify2() waits until no callback runs any more. */
void network_watch_system_close(evutil_socket_t fd, struct network_source *source) {
    sock_close(fd);
    if (!source)
        return;
    for (int i = 0; i < REPORTS; i++)
        if (source->reports[i])
            CancelMibChangeNotify2(source->reports[i]);
    power_notice_end(source->power);
    sock_close(source->wake);
    free(source);
}

enum network_read network_watch_system_read(evutil_socket_t fd, struct network_interfaces *interfaces) {
    (void)interfaces;
    sock_wake_clear(fd);
    return NETWORK_READ_CHANGE;
}

/* The time since the start with and without what the machine slept; the first by steps of 16 ms. */
uint64_t network_watch_system_suspended_us(void) {
    ULONGLONG awake = 0; /* in units of 100 ns */
    QueryUnbiasedInterruptTime(&awake);
    uint64_t awake_us = awake / 10, total_us = GetTickCount64() * 1000;
    return total_us > awake_us ? total_us - awake_us : 0;
}
