/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * error_windows: see error.h. msvcrt's strerror() has words for files, and "Unknown error" for each number that came
 * with sockets; those have here the words of other systems.
 */
#include "config.h"

#include "lib/base/error.h"

#include <errno.h>
#include <string.h>

static const struct {
    int number;
    const char *text;
} texts[] = {
    {EADDRINUSE, "Address already in use"},
    {EADDRNOTAVAIL, "Cannot assign requested address"},
    {EAFNOSUPPORT, "Address family not supported"},
    {EALREADY, "Operation already in progress"},
    {ECANCELED, "Operation canceled"},
    {ECONNABORTED, "Connection aborted"},
    {ECONNREFUSED, "Connection refused"},
    {ECONNRESET, "Connection reset by peer"},
    {EDESTADDRREQ, "Destination address required"},
    {EHOSTUNREACH, "No route to host"},
    {EINPROGRESS, "Operation now in progress"},
    {EISCONN, "Socket is already connected"},
    {ELOOP, "Too many levels of symbolic links"},
    {EMSGSIZE, "Message too long"},
    {ENETDOWN, "Network is down"},
    {ENETRESET, "Connection dropped by the network"},
    {ENETUNREACH, "Network is unreachable"},
    {ENOBUFS, "No buffer space available"},
    {ENOPROTOOPT, "Protocol option not available"},
    {ENOTCONN, "Socket is not connected"},
    {ENOTSOCK, "Not a socket"},
    {ENOTSUP, "Operation not supported"},
    {EOPNOTSUPP, "Operation not supported by the socket"},
    {EOVERFLOW, "Value too large"},
    {EPROTO, "Protocol error"},
    {EPROTONOSUPPORT, "Protocol not supported"},
    {EPROTOTYPE, "Wrong kind of socket for the protocol"},
    {ETIMEDOUT, "Connection timed out"},
    {EWOULDBLOCK, "Operation would block"},
};

const char *error_text(int number) {
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (texts[i].number == number)
            return texts[i].text;
    return strerror(number);
}

bool error_is_disk_full(int number) { /* a quota that is used up is ENOSPC, too */
    return number == ENOSPC;
}
