/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * program_output_windows: see program_output.h. program_output_posix.c is its counterpart. An anonymous pipe cannot be
 * waited for until a deadline, so it is looked at again and again.
 */
#include "config.h"

#include "ctl/program_output.h"

#include "ctl/child.h"
#include "lib/base/clock.h"
#include "lib/base/system_error.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { PIECE = 64 * 1024, LOOK_MS = 10 };

/* How much can be read now; -1: the end, since the program and all that it started have closed it. */
static int64_t waiting_in(HANDLE pipe) {
    DWORD waiting;
    return PeekNamedPipe(pipe, NULL, 0, NULL, &waiting, NULL) ? (int64_t)waiting : -1;
}

static char *make_room(char *bytes, size_t length, size_t *room) {
    if (*room - length > PIECE || *room > PROGRAM_OUTPUT_MOST)
        return bytes;
    char *more = realloc(bytes, *room + 2 * PIECE);
    if (more)
        *room += 2 * PIECE;
    else
        free(bytes);
    return more;
}

/* Takes a piece; what is beyond the most is thrown away. */
static void take(HANDLE pipe, char *bytes, size_t room, size_t *length) {
    char rest[1024];
    DWORD count = 0;
    bool is_full = room - *length <= 1;
    size_t most = is_full ? sizeof rest : room - *length - 1;
    if (ReadFile(pipe, is_full ? rest : bytes + *length, most > PIECE ? PIECE : (DWORD)most, &count, NULL) && !is_full)
        *length += count;
}

/* Until the end. malloc'ed; NULL with error. */
static char *read_all(HANDLE pipe, uint64_t deadline_ms, size_t *length, struct error *error) {
    size_t room = 0;
    char *bytes = NULL;
    for (*length = 0; (bytes = make_room(bytes, *length, &room));) {
        int64_t waiting = waiting_in(pipe);
        if (waiting > 0) {
            take(pipe, bytes, room, length);
        } else if (waiting < 0) {
            bytes[*length] = '\0';
            return bytes;
        } else if (clock_ms() >= deadline_ms) {
            free(bytes);
            error_set(error, "it has not ended in time");
            return NULL;
        } else {
            Sleep(LOOK_MS);
        }
    }
    error_set(error, "out of memory");
    return NULL;
}

/* It may have closed its output and run on. */
static int wait_end(struct child *child, uint64_t deadline_ms) {
    uint64_t now_ms = clock_ms();
    int code = child_wait(child, deadline_ms > now_ms ? (DWORD)(deadline_ms - now_ms) : 0);
    child_done(child);
    return code < 0 ? EXIT_FAILURE : code;
}

/* A path, or a name that is looked for beside this program and in the system's folder. malloc'ed, or NULL. */
static char *find_program(const char *name) {
    if (strpbrk(name, "/\\"))
        return strdup(name);
    char *path = child_find(name, CHILD_BESIDE);
    return path ? path : child_find(name, CHILD_OF_SYSTEM);
}

static int start(struct child *child, char *const *argv, HANDLE output, struct error *error) {
    const struct child_streams streams = {NULL, output, output};
    char *path = find_program(argv[0]);
    struct error why = {"there is no such program"};
    int result = path ? child_start(child, path, argv, &streams, &why) : -1;
    free(path);
    return result ? error_set(error, "cannot start %s: %s", argv[0], why.text) : 0;
}

char *program_output(char *const *argv, const struct program_user *user, unsigned timeout_ms, size_t *length, int *code,
                     struct error *error) {
    uint64_t deadline_ms = clock_ms() + timeout_ms;
    char words[SYSTEM_ERROR_TEXT], *bytes = NULL;
    HANDLE from, to;
    struct child child;
    if (user || !CreatePipe(&from, &to, NULL, 0)) {
        error_set(error, "cannot start %s: %s", argv[0],
                  user ? "no other account's rights can be taken on" : system_error_text(GetLastError(), words));
        return NULL;
    }
    int started = start(&child, argv, to, error);
    CloseHandle(to);
    if (started == 0) {
        bytes = read_all(from, deadline_ms, length, error);
        *code = wait_end(&child, bytes ? deadline_ms : 0);
    }
    CloseHandle(from);
    return bytes;
}
