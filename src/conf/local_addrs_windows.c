/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * local_addrs_windows: asks GetAdaptersAddresses.
 * Runs on: start or a tool. Owns: nothing.
 */
#include "config.h"

#include "conf/local_addrs_priv.h"

#include <iphlpapi.h>
#include <stdlib.h>

enum { LIST_SIZE = 16384, LIST_MOST = 1 << 22 };

/* The list, malloc'ed; NULL where there is none. It may grow between two calls. */
static IP_ADAPTER_ADDRESSES *list_adapters(void) {
    const ULONG left_out = GAA_FLAG_SKIP_ANYCAST | GAA_FLAG_SKIP_MULTICAST | GAA_FLAG_SKIP_DNS_SERVER;
    IP_ADAPTER_ADDRESSES *list = NULL;
    ULONG size = LIST_SIZE, failure = ERROR_BUFFER_OVERFLOW;
    while (failure == ERROR_BUFFER_OVERFLOW && size <= LIST_MOST) {
        free(list);
        list = malloc(size);
        failure = list ? GetAdaptersAddresses(AF_UNSPEC, left_out, NULL, list, &size) : ERROR_OUTOFMEMORY;
    }
    if (failure) {
        free(list);
        return NULL;
    }
    return list;
}

static int each_of(const IP_ADAPTER_ADDRESSES *adapter,
                   int (*add)(struct strlist *names, const struct sockaddr *address), struct strlist *names) {
    int result = 0;
    if (adapter->OperStatus != IfOperStatusUp)
        return 0;
    for (const IP_ADAPTER_UNICAST_ADDRESS *one = adapter->FirstUnicastAddress; one && result == 0; one = one->Next)
        result = add(names, one->Address.lpSockaddr);
    return result;
}

int local_addrs_each(int (*add)(struct strlist *names, const struct sockaddr *address), struct strlist *names) {
    IP_ADAPTER_ADDRESSES *list = list_adapters();
    int result = 0;
    for (const IP_ADAPTER_ADDRESSES *one = list; one && result == 0; one = one->Next)
        result = each_of(one, add, names);
    free(list);
    return result;
}
