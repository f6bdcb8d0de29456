/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * sock_errors_windows: Windows Sockets has error numbers of its own, which no other call of the system returns; callers
 * know errno.
 * Runs on: any thread. Owns: nothing.
 */
#include "config.h"

#include "lib/net/sock_priv.h"

#include <errno.h>

static const struct pair {
    int system, error_number;
} pairs[] = {
    {WSAEWOULDBLOCK, EAGAIN},
    {WSAECONNRESET, ECONNRESET},
    {WSAECONNABORTED, ECONNABORTED},
    {WSAECONNREFUSED, ECONNREFUSED},
    {WSAETIMEDOUT, ETIMEDOUT},
    {WSAENETRESET, ETIMEDOUT}, /* keepalive had no answer */
    {WSAEDISCON, ECONNRESET},
    {WSAESHUTDOWN, EPIPE},
    {WSAENOTCONN, ENOTCONN},
    {WSAEISCONN, EISCONN},
    {WSAEINPROGRESS, EINPROGRESS},
    {WSAEALREADY, EALREADY},
    {WSAEINTR, EINTR},
    {WSAENETDOWN, ENETDOWN},
    {WSAENETUNREACH, ENETUNREACH},
    {WSAEHOSTDOWN, EHOSTUNREACH},
    {WSAEHOSTUNREACH, EHOSTUNREACH},
    {WSAEADDRINUSE, EADDRINUSE},
    {WSAEADDRNOTAVAIL, EADDRNOTAVAIL},
    {WSAEAFNOSUPPORT, EAFNOSUPPORT},
    {WSAEPFNOSUPPORT, EAFNOSUPPORT},
    {WSAEPROTONOSUPPORT, EPROTONOSUPPORT},
    {WSAESOCKTNOSUPPORT, EPROTONOSUPPORT},
    {WSAEPROTOTYPE, EPROTOTYPE},
    {WSAENOPROTOOPT, ENOPROTOOPT},
    {WSAEOPNOTSUPP, EOPNOTSUPP},
    {WSAEACCES, EACCES},
    {WSAEMFILE, EMFILE},
    {WSAEPROCLIM, EMFILE},
    {WSAENOBUFS, ENOBUFS},
    {WSA_NOT_ENOUGH_MEMORY, ENOMEM},
    {WSAEBADF, EBADF},
    {WSA_INVALID_HANDLE, EBADF},
    {WSAENOTSOCK, ENOTSOCK},
    {WSAEINVAL, EINVAL},
    {WSA_INVALID_PARAMETER, EINVAL},
    {WSAEFAULT, EFAULT},
    {WSAEMSGSIZE, EMSGSIZE},
    {WSAEDESTADDRREQ, EDESTADDRREQ},
    {WSAENAMETOOLONG, ENAMETOOLONG},
    {WSAELOOP, ELOOP},
    /* of a Unix socket's path, and of IP Helper */
    {ERROR_FILE_NOT_FOUND, ENOENT},
    {ERROR_PATH_NOT_FOUND, ENOENT},
    {ERROR_ACCESS_DENIED, EACCES},
    {ERROR_NOT_SUPPORTED, ENOTSUP},
};

int sock_errno_of(int system_error) {
    if (system_error == 0)
        return 0;
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        if (pairs[i].system == system_error)
            return pairs[i].error_number;
    return EIO;
}

int sock_result(int result) {
    if (result < 0)
        errno = sock_errno_of(WSAGetLastError());
    return result;
}
