/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * local_client_windows: see local_client.h. Two threads carry a pipe on to a connection of the loopback, until its
 * client closes that or the server the pipe.
 */
#include "config.h"

#include "local_client.h"

#include "lib/net/sock.h"

#include <process.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

#define PREFIX "\\\\.\\pipe\\"

enum { PIECE = 16 * 1024, PATIENCE_MS = 10000, LOOK_MS = 5 };

struct carrier {
    HANDLE pipe;
    SOCKET fd;
};

/* The folder's name is that of no other test; "/" is not for names of pipes. */
const char *local_path(const char *name) {
    static char texts[8][ADDR_TEXT]; /* valid for some calls */
    static unsigned next;
    char *text = texts[next++ % 8];
    const char *path = unit_path(name), *folder = strstr(path, "munnel-unit-");
    snprintf(text, sizeof *texts, PREFIX "%s", folder ? folder : name);
    for (char *at = text + strlen(PREFIX); *at; at++)
        *at = (char)(*at == '/' ? '-' : *at);
    return text;
}

bool local_is_pipe(void) {
    return true;
}

/* Reads or writes; how many bytes, 0 when the pipe has ended. */
static DWORD move(HANDLE pipe, char *bytes, DWORD size, bool writes) {
    OVERLAPPED under_way = {.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL)};
    DWORD count = 0;
    bool has_begun =
        writes ? WriteFile(pipe, bytes, size, NULL, &under_way) : ReadFile(pipe, bytes, size, NULL, &under_way);
    if (has_begun || GetLastError() == ERROR_IO_PENDING)
        has_begun = GetOverlappedResult(pipe, &under_way, &count, TRUE);
    CloseHandle(under_way.hEvent);
    return has_begun ? count : 0;
}

static bool send_all(SOCKET fd, const char *bytes, DWORD size) {
    while (size > 0) {
        int count = send(fd, bytes, (int)size, 0);
        if (count <= 0)
            return false;
        bytes += count;
        size -= (DWORD)count;
    }
    return true;
}

static unsigned __stdcall carry_back(void *context) {
    const struct carrier *carrier = context;
    char bytes[PIECE];
    DWORD count;
    while ((count = move(carrier->pipe, bytes, sizeof bytes, false)) > 0 && send_all(carrier->fd, bytes, count)) {
    }
    shutdown(carrier->fd, SD_SEND);
    return 0;
}

static bool write_all(HANDLE pipe, char *bytes, DWORD size) {
    for (DWORD count; size > 0; bytes += count, size -= count) {
        count = move(pipe, bytes, size, true);
        if (count == 0)
            return false;
    }
    return true;
}

/* What the server sent before it closed the pipe is still carried back; once the client has gone nothing is. */
static unsigned __stdcall carry(void *context) {
    struct carrier *carrier = context;
    HANDLE back = (HANDLE)_beginthreadex(NULL, 0, carry_back, carrier, 0, NULL);
    char bytes[PIECE];
    int count;
    while ((count = recv(carrier->fd, bytes, sizeof bytes, 0)) > 0 && write_all(carrier->pipe, bytes, (DWORD)count)) {
    }
    while (back && WaitForSingleObject(back, count > 0 ? INFINITE : LOOK_MS) == WAIT_TIMEOUT)
        CancelIoEx(carrier->pipe, NULL);
    CloseHandle(back);
    CloseHandle(carrier->pipe);
    closesocket(carrier->fd);
    free(carrier);
    return 0;
}

static HANDLE open_pipe(const char *path) {
    for (;;) {
        HANDLE pipe = CreateFileA(path, FILE_READ_DATA | FILE_WRITE_DATA | SYNCHRONIZE, 0, NULL, OPEN_EXISTING,
                                  FILE_FLAG_OVERLAPPED, NULL);
        if (pipe != INVALID_HANDLE_VALUE || GetLastError() != ERROR_PIPE_BUSY)
            return pipe;
        if (!WaitNamedPipeA(path, PATIENCE_MS))
            return INVALID_HANDLE_VALUE;
    }
}

evutil_socket_t local_connect(const struct addr *addr) {
    char path[ADDR_TEXT];
    struct carrier *carrier = calloc(1, sizeof *carrier);
    evutil_socket_t here, there;
    u_long blocks = 0;
    ck_assert_ptr_nonnull(carrier);
    carrier->pipe = open_pipe(addr_format_host(addr, path, sizeof path));
    DWORD failure = carrier->pipe == INVALID_HANDLE_VALUE ? GetLastError() : 0;
    ck_assert_msg(failure == 0, "%s: %lu", path, failure);
    unit_tcp_pair(&here, &there);
    carrier->fd = (SOCKET)there;
    ck_assert_int_eq(ioctlsocket(carrier->fd, (long)FIONBIO, &blocks), 0);
    HANDLE thread = (HANDLE)_beginthreadex(NULL, 0, carry, carrier, 0, NULL);
    ck_assert_ptr_nonnull(thread);
    CloseHandle(thread);
    return here;
}
