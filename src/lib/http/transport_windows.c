/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * transport_windows: a named pipe, by overlapped reads and writes, which can be given up at a deadline.
 * transport_posix.c is its counterpart.
 * Runs on: any thread, one at a time. Owns: the pipe's handle and an event.
 */
#include "config.h"

#include "lib/base/clock.h"
#include "lib/base/system_error.h"
#include "lib/base/wide.h"
#include "lib/http/pipe_rights.h"
#include "lib/http/transport.h"
#include "lib/net/local_name.h"

#include <stdlib.h>
#include <string.h>

struct http_transport {
    HANDLE pipe;
    OVERLAPPED under_way; /* one operation at a time */
};

int http_transport_check(const char *path, struct error *error) {
    return local_name_check(path, error);
}

static int explain(const char *path, DWORD number, struct error *error) {
    char words[SYSTEM_ERROR_TEXT];
    const char *remedy = "";
    if (number == ERROR_FILE_NOT_FOUND)
        remedy = "; no program listens there: is it running, and is this its pipe?";
    if (number == ERROR_ACCESS_DENIED)
        remedy = "; only administrators, from a window that was opened as administrator, the program's own account and "
                 "members of its group may";
    if (number == ERROR_PIPE_BUSY)
        remedy = "; the program does not answer";
    return error_set(error, "cannot connect to %s: %s%s", path, system_error_text(number, words), remedy);
}

static DWORD left_ms(uint64_t deadline_ms) {
    uint64_t now_ms = clock_ms(), left = deadline_ms > now_ms ? deadline_ms - now_ms : 0;
    return left > INT32_MAX ? INT32_MAX : (DWORD)left;
}

/* The server may find out who we are, and do nothing in our name. INVALID_HANDLE_VALUE with GetLastError(). */
static HANDLE open_pipe(const wchar_t *name, uint64_t deadline_ms) {
    for (;;) {
        HANDLE pipe = CreateFileW(name, PIPE_CLIENT_RIGHTS, 0, NULL, OPEN_EXISTING,
                                  FILE_FLAG_OVERLAPPED | SECURITY_SQOS_PRESENT | SECURITY_IDENTIFICATION, NULL);
        DWORD left = left_ms(deadline_ms);
        if (pipe != INVALID_HANDLE_VALUE || GetLastError() != ERROR_PIPE_BUSY || left == 0)
            return pipe;
        (void)WaitNamedPipeW(name, left);
    }
}

static HANDLE open_trusted(const char *path, uint64_t deadline_ms, struct error *error) {
    wchar_t *name = wide_of(path);
    HANDLE pipe = name ? open_pipe(name, deadline_ms) : INVALID_HANDLE_VALUE;
    if (!name)
        (void)error_set(error, "out of memory");
    else if (pipe == INVALID_HANDLE_VALUE)
        (void)explain(path, GetLastError(), error);
    free(name);
    if (pipe == INVALID_HANDLE_VALUE || pipe_check_server(pipe, error) == 0)
        return pipe;
    CloseHandle(pipe);
    return INVALID_HANDLE_VALUE;
}

struct http_transport *http_transport_open(const char *path, uint64_t deadline_ms, struct error *error) {
    struct http_transport *transport = calloc(1, sizeof *transport);
    if (transport)
        transport->under_way.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL);
    if (!transport || !transport->under_way.hEvent) {
        free(transport);
        (void)error_set(error, "out of memory");
        return NULL;
    }
    transport->pipe = open_trusted(path, deadline_ms, error);
    if (transport->pipe != INVALID_HANDLE_VALUE)
        return transport;
    http_transport_close(transport);
    return NULL;
}

void http_transport_close(struct http_transport *transport) {
    if (!transport)
        return;
    if (transport->pipe != INVALID_HANDLE_VALUE)
        CloseHandle(transport->pipe);
    CloseHandle(transport->under_way.hEvent);
    free(transport);
}

static enum http_transport_result judge(DWORD number, struct error *error) {
    char words[SYSTEM_ERROR_TEXT];
    switch (number) {
    case ERROR_OPERATION_ABORTED:
        return HTTP_TRANSPORT_LATE;
    case ERROR_BROKEN_PIPE:
    case ERROR_NO_DATA:
    case ERROR_PIPE_NOT_CONNECTED:
        return HTTP_TRANSPORT_ENDED;
    default:
        (void)error_set(error, "the connection broke: %s", system_error_text(number, words));
        return HTTP_TRANSPORT_BROKEN;
    }
}

/* What is under way at the deadline is taken back; it may be done at this very moment, and counts then. */
static enum http_transport_result finish(struct http_transport *transport, bool has_begun, uint64_t deadline_ms,
                                         size_t *count, struct error *error) {
    DWORD number = has_begun ? ERROR_SUCCESS : GetLastError(), moved = 0;
    *count = 0;
    if (!has_begun && number != ERROR_IO_PENDING)
        return judge(number, error);
    if (WaitForSingleObject(transport->under_way.hEvent, left_ms(deadline_ms)) != WAIT_OBJECT_0)
        (void)CancelIoEx(transport->pipe, &transport->under_way);
    if (!GetOverlappedResult(transport->pipe, &transport->under_way, &moved, TRUE))
        return judge(GetLastError(), error);
    *count = moved;
    return moved > 0 ? HTTP_TRANSPORT_DONE : HTTP_TRANSPORT_ENDED;
}

static DWORD part_of(size_t size) {
    return size > INT32_MAX ? INT32_MAX : (DWORD)size;
}

enum http_transport_result http_transport_read(struct http_transport *transport, void *bytes, size_t size,
                                               uint64_t deadline_ms, size_t *count, struct error *error) {
    bool has_begun = ReadFile(transport->pipe, bytes, part_of(size), NULL, &transport->under_way);
    return finish(transport, has_begun, deadline_ms, count, error);
}

enum http_transport_result http_transport_write(struct http_transport *transport, const void *bytes, size_t size,
                                                uint64_t deadline_ms, size_t *count, struct error *error) {
    bool has_begun = WriteFile(transport->pipe, bytes, part_of(size), NULL, &transport->under_way);
    return finish(transport, has_begun, deadline_ms, count, error);
}

bool http_transport_is_readable(struct http_transport *transport) {
    DWORD waiting = 0;
    return !PeekNamedPipe(transport->pipe, NULL, 0, NULL, &waiting, NULL) || waiting > 0;
}

evutil_socket_t http_transport_fd(const struct http_transport *transport) {
    (void)transport;
    return -1;
}
