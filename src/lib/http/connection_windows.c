/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * connection_windows: of connection.c what differs by system. connection_posix.c is its counterpart.
 * Runs on: the thread of the event base. Owns: nothing.
 */
#include "config.h"

#include <winsock2.h>

#include "lib/http/pool_priv.h"

#include <windows.h>

evutil_socket_t http_duplicate(evutil_socket_t fd) {
    WSAPROTOCOL_INFOW same;
    if (WSADuplicateSocketW((SOCKET)fd, GetCurrentProcessId(), &same))
        return -1;
    SOCKET copy = WSASocketW(FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, &same, 0,
                             WSA_FLAG_OVERLAPPED | WSA_FLAG_NO_HANDLE_INHERIT);
    return copy == INVALID_SOCKET ? -1 : (evutil_socket_t)copy;
}
