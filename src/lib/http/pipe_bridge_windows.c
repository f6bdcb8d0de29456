/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * pipe_bridge_windows: see pipe_bridge.h.
 *
 * All that is under way reports to one completion port. A connection has one operation in each direction: a read, then
 * the writes of what was read. It ends as a whole, since a pipe has no half close: what the server sent before its end
 * is in the pipe by then, and stays there to be read when our end is closed. The client is asked for only after its
 * first bytes, because Windows does not tell earlier.
 */
#include "config.h"

#include "lib/base/clock.h"
#include "lib/base/system_error.h"
#include "lib/base/wide.h"
#include "lib/http/local_listener.h"
#include "lib/http/pipe_bridge.h"
#include "lib/http/pipe_rights.h"
#include "lib/os/thread.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CONNECTIONS_MOST = 32, PIECE = 16 * 1024, FIRST_BYTE_MS = 10000, LOOK_MS = 1000 };

struct way {              /* one direction of a connection */
    OVERLAPPED under_way; /* first: a completion names it */
    struct connection *connection;
    bool is_writing; /* what was read */
    DWORD length, done;
    char bytes[PIECE];
};

struct connection {
    struct pipe_bridge *bridge;
    HANDLE pipe;
    SOCKET socket;        /* INVALID_SOCKET until the first byte */
    struct way in, out;   /* from the pipe, to the pipe */
    unsigned pending;     /* operations */
    bool is_waiting;      /* for a client */
    bool is_ending;       /* goes when none is pending */
    uint64_t deadline_ms; /* of the first byte */
    uint16_t port;        /* of our end of the socket; 0: none. This and the name: behind the lock. */
    char name[LOCAL_PEER_NAME];
};

struct pipe_bridge {
    wchar_t *name;
    PSECURITY_DESCRIPTOR rights;
    HANDLE completions;
    uint16_t port; /* where to carry on to */
    bool is_running, is_stopping;
    pthread_t thread;
    pthread_mutex_t lock;
    struct connection *connections[CONNECTIONS_MOST]; /* the thread's; changed behind the lock */
};

static int fail(const char *call, DWORD number, struct error *error) {
    char words[SYSTEM_ERROR_TEXT];
    return error_set(error, "%s: %s", call, system_error_text(number, words));
}

/* ---- a connection, by the thread ---- */

static void end(struct connection *connection) {
    if (connection->is_ending)
        return;
    connection->is_ending = true;
    (void)CancelIoEx(connection->pipe, NULL);
    if (connection->socket != INVALID_SOCKET)
        (void)CancelIoEx((HANDLE)connection->socket, NULL);
}

static struct connection **find_slot(struct pipe_bridge *bridge, const struct connection *connection) {
    for (size_t i = 0; i < CONNECTIONS_MOST; i++)
        if (bridge->connections[i] == connection)
            return &bridge->connections[i];
    return NULL;
}

static void set_slot(struct connection **slot, struct connection *connection, struct pipe_bridge *bridge) {
    pthread_mutex_lock(&bridge->lock);
    *slot = connection;
    pthread_mutex_unlock(&bridge->lock);
}

/* The server is to notice at once that its client has gone: by a reset, since it may not be reading. The port is
 * forgotten before it can be another program's. */
static void destroy(struct connection *connection) {
    static const struct linger reset = {.l_onoff = 1, .l_linger = 0};
    struct connection **slot = find_slot(connection->bridge, connection);
    if (slot)
        set_slot(slot, NULL, connection->bridge);
    if (connection->socket != INVALID_SOCKET) {
        (void)setsockopt(connection->socket, SOL_SOCKET, SO_LINGER, (const char *)&reset, sizeof reset);
        closesocket(connection->socket);
    }
    CloseHandle(connection->pipe);
    free(connection);
}

static bool has_begun(BOOL is_done, DWORD number) {
    return is_done || number == ERROR_IO_PENDING;
}

static bool move_pipe(struct connection *connection, struct way *way, char *bytes, DWORD length) {
    BOOL is_done = way->is_writing ? WriteFile(connection->pipe, bytes, length, NULL, &way->under_way)
                                   : ReadFile(connection->pipe, bytes, length, NULL, &way->under_way);
    return has_begun(is_done, GetLastError());
}

static bool move_socket(struct connection *connection, struct way *way, char *bytes, DWORD length) {
    WSABUF part = {length, bytes};
    DWORD flags = 0;
    int result = way->is_writing ? WSASend(connection->socket, &part, 1, NULL, 0, &way->under_way, NULL)
                                 : WSARecv(connection->socket, &part, 1, NULL, &flags, &way->under_way, NULL);
    return has_begun(result == 0, (DWORD)WSAGetLastError());
}

/* Begins to read, or to write what is left of what was read. */
static void move(struct way *way) {
    struct connection *connection = way->connection;
    bool is_pipe = (way == &connection->out) == way->is_writing;
    char *bytes = way->is_writing ? way->bytes + way->done : way->bytes;
    DWORD length = way->is_writing ? way->length - way->done : PIECE;
    memset(&way->under_way, 0, sizeof way->under_way);
    if (connection->is_ending)
        return;
    if (is_pipe ? move_pipe(connection, way, bytes, length) : move_socket(connection, way, bytes, length))
        connection->pending++;
    else
        end(connection);
}

/* ---- the socket ---- */

static void set_loopback(struct sockaddr_in *addr, uint16_t port) {
    memset(addr, 0, sizeof *addr);
    addr->sin_family = AF_INET;
    addr->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    addr->sin_port = htons(port);
}

/* A port that no other program can share. */
static bool bind_own_port(SOCKET fd, uint16_t *port) {
    struct sockaddr_in here;
    int length = sizeof here;
    const BOOL yes = TRUE;
    set_loopback(&here, 0);
    if (setsockopt(fd, SOL_SOCKET, SO_EXCLUSIVEADDRUSE, (const char *)&yes, sizeof yes) ||
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, (const char *)&yes, sizeof yes) ||
        bind(fd, (const struct sockaddr *)&here, sizeof here) || getsockname(fd, (struct sockaddr *)&here, &length))
        return false;
    *port = ntohs(here.sin_port);
    return true;
}

static void note_peer(struct connection *connection, uint16_t port, const char *name) {
    pthread_mutex_lock(&connection->bridge->lock);
    connection->port = port;
    snprintf(connection->name, sizeof connection->name, "%s", name);
    pthread_mutex_unlock(&connection->bridge->lock);
}

/* It is up at once: the port is listened on by this process. */
static bool open_socket(struct connection *connection) {
    struct pipe_bridge *bridge = connection->bridge;
    char name[LOCAL_PEER_NAME];
    struct sockaddr_in there;
    uint16_t port;
    connection->socket =
        WSASocketW(AF_INET, SOCK_STREAM, IPPROTO_TCP, NULL, 0, WSA_FLAG_OVERLAPPED | WSA_FLAG_NO_HANDLE_INHERIT);
    if (connection->socket == INVALID_SOCKET || !bind_own_port(connection->socket, &port) ||
        !CreateIoCompletionPort((HANDLE)connection->socket, bridge->completions, 0, 0) ||
        !pipe_client_name(connection->pipe, name, sizeof name))
        return false;
    note_peer(connection, port, name);
    set_loopback(&there, bridge->port);
    return connect(connection->socket, (const struct sockaddr *)&there, sizeof there) == 0;
}

/* What was read is written; what was written is followed by the next read. */
static void advance(struct way *way, DWORD count) {
    struct connection *connection = way->connection;
    way->done = way->is_writing ? way->done + count : 0;
    if (!way->is_writing)
        way->length = count;
    way->is_writing = !way->is_writing || way->done < way->length;
    if (connection->socket == INVALID_SOCKET) { /* the first bytes */
        if (!open_socket(connection)) {
            end(connection);
            return;
        }
        move(&connection->out);
    }
    move(way);
}

/* ---- clients ---- */

static HANDLE make_pipe(struct pipe_bridge *bridge, DWORD flags) {
    SECURITY_ATTRIBUTES security = {.nLength = sizeof security, .lpSecurityDescriptor = bridge->rights};
    return CreateNamedPipeW(bridge->name, PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED | flags,
                            PIPE_TYPE_BYTE | PIPE_READMODE_BYTE | PIPE_WAIT | PIPE_REJECT_REMOTE_CLIENTS,
                            CONNECTIONS_MOST, PIECE, PIECE, 0, &security);
}

/* ERROR_NO_DATA: one has come and gone already, and blocks the instance until it is disconnected. */
static bool await_client(struct connection *connection) {
    bool is_done = ConnectNamedPipe(connection->pipe, &connection->in.under_way);
    DWORD number = GetLastError();
    while (!is_done && number == ERROR_NO_DATA && DisconnectNamedPipe(connection->pipe)) {
        is_done = ConnectNamedPipe(connection->pipe, &connection->in.under_way);
        number = GetLastError();
    }
    if (!is_done && number == ERROR_PIPE_CONNECTED) /* it came before, which is not reported */
        is_done = PostQueuedCompletionStatus(connection->bridge->completions, 0, 0, &connection->in.under_way);
    connection->pending += has_begun(is_done, number);
    return connection->pending > 0;
}

/* One more instance of the pipe. False with GetLastError(). */
static bool add_instance(struct pipe_bridge *bridge, DWORD flags) {
    struct connection **slot = find_slot(bridge, NULL);
    struct connection *connection = slot ? calloc(1, sizeof *connection) : NULL;
    if (!connection) {
        SetLastError(ERROR_NOT_ENOUGH_MEMORY);
        return false;
    }
    connection->bridge = bridge;
    connection->socket = INVALID_SOCKET;
    connection->in.connection = connection->out.connection = connection;
    connection->is_waiting = true;
    connection->pipe = make_pipe(bridge, flags);
    if (connection->pipe != INVALID_HANDLE_VALUE &&
        CreateIoCompletionPort(connection->pipe, bridge->completions, 0, 0) && await_client(connection)) {
        set_slot(slot, connection, bridge);
        return true;
    }
    DWORD number = GetLastError();
    if (connection->pipe != INVALID_HANDLE_VALUE)
        CloseHandle(connection->pipe);
    free(connection);
    SetLastError(number);
    return false;
}

/* The next instance comes first: were this one closed before, the pipe's name would be free for another program, and
 * missing for the next client. */
static void on_client(struct connection *connection, bool is_connected) {
    connection->is_waiting = false;
    if (!connection->bridge->is_stopping)
        (void)add_instance(connection->bridge, 0); /* else look_after() does it later */
    connection->deadline_ms = clock_ms() + FIRST_BYTE_MS;
    if (is_connected)
        move(&connection->in);
    else
        end(connection);
}

/* ---- the thread ---- */

static void release(struct pipe_bridge *bridge) {
    if (bridge->completions)
        CloseHandle(bridge->completions);
    if (bridge->rights)
        LocalFree(bridge->rights);
    pthread_mutex_destroy(&bridge->lock);
    free(bridge->name);
    free(bridge);
}

static void on_completion(struct way *way, bool is_right, DWORD count) {
    struct connection *connection = way->connection;
    connection->pending--;
    if (connection->is_waiting && !connection->is_ending)
        on_client(connection, is_right);
    else if (!is_right || count == 0)
        end(connection);
    else if (!connection->is_ending)
        advance(way, count);
    if (connection->is_ending && connection->pending == 0)
        destroy(connection);
}

/* One that waits for a client is there as long as there may be one more. Returns when to look again. */
static DWORD look_after(struct pipe_bridge *bridge) {
    bool is_waiting = false, has_silent = false;
    uint64_t now_ms = clock_ms();
    for (size_t i = 0; i < CONNECTIONS_MOST; i++) {
        struct connection *connection = bridge->connections[i];
        if (!connection)
            continue;
        bool is_silent = !connection->is_waiting && connection->socket == INVALID_SOCKET;
        is_waiting = is_waiting || connection->is_waiting;
        has_silent = has_silent || is_silent;
        if (connection->is_waiting ? bridge->is_stopping : is_silent && now_ms >= connection->deadline_ms)
            end(connection);
    }
    if (!bridge->is_stopping && !is_waiting)
        is_waiting = add_instance(bridge, 0);
    return is_waiting && !has_silent ? INFINITE : LOOK_MS;
}

static bool has_connections(struct pipe_bridge *bridge) {
    for (size_t i = 0; i < CONNECTIONS_MOST; i++)
        if (bridge->connections[i])
            return true;
    return false;
}

/* A completion without an operation is the call to stop: there are no more clients, and when the last has gone the
 * bridge goes, too. */
static void *run(void *context) {
    struct pipe_bridge *bridge = context;
    while (!bridge->is_stopping || has_connections(bridge)) {
        DWORD wait_ms = look_after(bridge), count = 0;
        ULONG_PTR key;
        OVERLAPPED *under_way = NULL;
        bool is_right = GetQueuedCompletionStatus(bridge->completions, &count, &key, &under_way, wait_ms);
        if (under_way)
            on_completion((struct way *)under_way, is_right, count);
        else if (is_right)
            bridge->is_stopping = true;
    }
    release(bridge);
    return NULL;
}

/* ---- from outside ---- */

static int explain_name(const char *name, DWORD number, struct error *error) {
    char words[SYSTEM_ERROR_TEXT];
    bool is_taken = number == ERROR_ACCESS_DENIED || number == ERROR_PIPE_BUSY;
    return error_set(error, "cannot listen on %s: %s%s", name, system_error_text(number, words),
                     is_taken ? "; another program has this name: choose another or stop that program" : "");
}

struct pipe_bridge *pipe_bridge_new(const char *name, const char *owner, struct error *error) {
    struct pipe_bridge *bridge = calloc(1, sizeof *bridge);
    if (!bridge) {
        (void)error_set(error, "out of memory");
        return NULL;
    }
    pthread_mutex_init(&bridge->lock, NULL);
    bridge->name = wide_of(name);
    bridge->rights = pipe_rights_new(owner, error);
    bridge->completions = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 1);
    bool is_made = bridge->name && bridge->rights && bridge->completions;
    if (is_made && add_instance(bridge, FILE_FLAG_FIRST_PIPE_INSTANCE))
        return bridge;
    if (is_made)
        (void)explain_name(name, GetLastError(), error);
    else if (bridge->rights)
        (void)fail("cannot make a pipe", GetLastError(), error);
    release(bridge);
    return NULL;
}

int pipe_bridge_start(struct pipe_bridge *bridge, uint16_t port, struct error *error) {
    bridge->port = port;
    bridge->is_running = thread_start(&bridge->thread, "pipe", run, bridge) == 0;
    return bridge->is_running ? 0 : error_set(error, "cannot start a thread for the pipe");
}

void pipe_bridge_free(struct pipe_bridge *bridge) {
    if (!bridge)
        return;
    if (!bridge->is_running) { /* it is waiting for a first client, which is taken back here */
        bridge->is_stopping = true;
        (void)run(bridge);
        return;
    }
    pthread_detach(bridge->thread);
    (void)PostQueuedCompletionStatus(bridge->completions, 0, 0, NULL); /* without memory the thread stays */
}

bool pipe_bridge_find(struct pipe_bridge *bridge, uint16_t port, char *name, size_t size) {
    bool is_found = false;
    pthread_mutex_lock(&bridge->lock);
    for (size_t i = 0; i < CONNECTIONS_MOST && !is_found; i++) {
        const struct connection *connection = bridge->connections[i];
        is_found = connection && port != 0 && connection->port == port;
        if (is_found)
            snprintf(name, size, "%s", connection->name);
    }
    pthread_mutex_unlock(&bridge->lock);
    return is_found;
}
