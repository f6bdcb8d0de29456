/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * unit_windows: see unit.h and unit_system.h. Check forks nothing here: all tests of a program run in one process.
 */
#include "config.h"

#include "unit.h"
#include "unit_system.h"

#include <winsock2.h>

#include <windows.h>

#include <aclapi.h>
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <io.h>
#include <jansson.h>
#include <openssl/crypto.h>
#include <sddl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CODE_PAGE_ASCII = 20127, PIPE_BYTES = 65536 };

/* FA, FR: all rights, reading; SY, BA, WD: the system, its administrators, everybody. */
#define OWNER_FORMAT      "D:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;FA;;;%s)"
#define READ_BY_OTHERS    "(A;OICI;FR;;;WD)"
#define WRITTEN_BY_OTHERS "(A;OICI;FA;;;WD)"

/* Those of the C library, as its import table has them. */
extern void *(*__imp_malloc)(size_t size);
extern void *(*__imp_realloc)(void *old, size_t size);
extern void (*__imp_free)(void *old);

static void *crypto_malloc(size_t size, const char *file, int line) {
    (void)file, (void)line;
    return __imp_malloc(size);
}

static void *crypto_realloc(void *old, size_t size, const char *file, int line) {
    (void)file, (void)line;
    return __imp_realloc(old, size);
}

static void crypto_free(void *old, const char *file, int line) {
    (void)file, (void)line;
    __imp_free(old);
}

/*
 * A test that is linked with --wrap=malloc decides which allocations of Munnel fail. Libraries are linked statically
 * here, so that the linker would give it theirs, too: they are told to allocate past it.
 */
static bool let_libraries_allocate_apart(void) {
    event_set_mem_functions(__imp_malloc, __imp_realloc, __imp_free);
    json_set_alloc_funcs(__imp_malloc, __imp_free);
    return CRYPTO_set_mem_functions(crypto_malloc, crypto_realloc, crypto_free) == 1;
}

void unit_system_begin(void) {
    WSADATA data;
    if (!let_libraries_allocate_apart())
        fprintf(stderr, "OpenSSL has begun to allocate already\n");
    if (WSAStartup(MAKEWORD(2, 2), &data) != 0)
        fprintf(stderr, "WSAStartup fails\n");
    SetErrorMode(SEM_FAILCRITICALERRORS | SEM_NOGPFAULTERRORBOX); /* no dialog that waits for a click */
    _setmode(_fileno(stdout), _O_BINARY);                         /* TAP: lines end as everywhere */
}

static void use_slashes(char *path) {
    for (; *path; path++)
        *path = (char)(*path == '\\' ? '/' : *path);
}

const char *unit_system_temporary(char *path, size_t size) {
    DWORD length = GetTempPathA((DWORD)size, path);
    if (length == 0 || length >= size)
        snprintf(path, size, "C:/");
    use_slashes(path);
    length = (DWORD)strlen(path);
    if (length > 0 && path[length - 1] == '/')
        path[length - 1] = '\0';
    return path;
}

bool unit_system_make_folder(char *path, size_t size, const char *parent, const char *prefix) {
    for (unsigned number = 0; number < 10000; number++) {
        snprintf(path, size, "%s/%s%lx-%u", parent, prefix, (unsigned long)GetCurrentProcessId(), number);
        if (CreateDirectoryA(path, NULL))
            return true;
        if (GetLastError() != ERROR_ALREADY_EXISTS)
            break;
    }
    errno = EACCES;
    return false;
}

/* The SID of this process's user as text; LocalFree it. */
static char *user_sid(void) {
    union {
        TOKEN_USER user;
        char bytes[sizeof(TOKEN_USER) + SECURITY_MAX_SID_SIZE];
    } token;
    HANDLE handle;
    DWORD length;
    char *text = NULL;
    ck_assert(OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &handle));
    ck_assert(GetTokenInformation(handle, TokenUser, &token, sizeof token, &length));
    ck_assert(ConvertSidToStringSidA(token.user.User.Sid, &text));
    CloseHandle(handle);
    return text;
}

static void set_rights(const char *path, const char *of_others) {
    char *user = user_sid(), rights[512];
    PSECURITY_DESCRIPTOR descriptor;
    int used = snprintf(rights, sizeof rights, OWNER_FORMAT, user);
    LocalFree(user);
    snprintf(rights + used, sizeof rights - (size_t)used, "%s", of_others);
    ck_assert(ConvertStringSecurityDescriptorToSecurityDescriptorA(rights, SDDL_REVISION_1, &descriptor, NULL));
    bool is_set = SetFileSecurityA(path, DACL_SECURITY_INFORMATION | PROTECTED_DACL_SECURITY_INFORMATION, descriptor);
    ck_assert_msg(is_set, "SetFileSecurity %s: %lu", path, GetLastError());
    LocalFree(descriptor);
}

void unit_keep_to_owner(const char *path) {
    set_rights(path, "");
}

void unit_let_others_read(const char *path) {
    set_rights(path, READ_BY_OTHERS);
}

void unit_let_others_write(const char *path) {
    set_rights(path, WRITTEN_BY_OTHERS);
}

void unit_make_folder(const char *path) {
    ck_assert_msg(CreateDirectoryA(path, NULL), "CreateDirectory %s: %lu", path, GetLastError());
}

bool unit_make_link(const char *target, const char *path) {
    (void)target, (void)path; /* an administrator's right, or that of a developer */
    return false;
}

bool unit_make_fifo(const char *path) {
    (void)path;
    return false;
}

const char *unit_make_pipe(const char *text) {
    (void)text;
    return NULL;
}

/* Whose right it is: that of the system, of its administrators, or of this user. */
static bool is_owners(PSID sid, const char *user) {
    char *text;
    ck_assert(ConvertSidToStringSidA(sid, &text));
    bool is = strcmp(text, user) == 0 || strcmp(text, "S-1-5-18") == 0 || strcmp(text, "S-1-5-32-544") == 0;
    LocalFree(text);
    return is;
}

static bool is_private(const char *path) {
    PSECURITY_DESCRIPTOR descriptor;
    PACL list;
    bool is_owners_alone = true;
    char *user = user_sid();
    ck_assert_int_eq(GetNamedSecurityInfoA(path, SE_FILE_OBJECT, DACL_SECURITY_INFORMATION, NULL, NULL, &list, NULL,
                                           &descriptor),
                     ERROR_SUCCESS);
    for (DWORD i = 0; list && i < list->AceCount; i++) {
        ACCESS_ALLOWED_ACE *entry;
        ck_assert(GetAce(list, i, (void **)&entry));
        if (entry->Header.AceType == ACCESS_ALLOWED_ACE_TYPE && !is_owners(&entry->SidStart, user))
            is_owners_alone = false;
    }
    LocalFree(user);
    LocalFree(descriptor);
    return list && is_owners_alone;
}

bool unit_has_mode(const char *path, unsigned mode) {
    return (mode & 0004) || is_private(path);
}

bool unit_system_set_environment(const char *name, const char *value) {
    return _putenv_s(name, value ? value : "") == 0;
}

/* Without a console there is no code page, and what is printed is UTF-8. */
bool unit_use_utf8(bool use) {
    return SetConsoleOutputCP(use ? CP_UTF8 : CODE_PAGE_ASCII) || use;
}

bool unit_limit_descriptors(unsigned limit) {
    (void)limit;
    return false;
}

/* A socket to which nothing connects: pipes cannot be waited for with sockets. */
evutil_socket_t unit_silent(evutil_socket_t *besides) {
    uint16_t port;
    *besides = -1;
    return unit_listen(&port);
}

evutil_socket_t unit_datagram_socket(const char *path) {
    (void)path;
    return -1;
}

/* Of the failures those that tests tell apart. */
static int errno_of(int failure) {
    if (failure == WSAECONNRESET || failure == WSAECONNABORTED)
        return ECONNRESET;
    return failure == WSAEWOULDBLOCK ? EAGAIN : EIO;
}

static ptrdiff_t result_of(int result) {
    if (result < 0)
        errno = errno_of(WSAGetLastError());
    return result;
}

ptrdiff_t unit_send(evutil_socket_t fd, const void *bytes, size_t size) {
    return result_of(send((SOCKET)fd, bytes, (int)size, 0));
}

ptrdiff_t unit_receive(evutil_socket_t fd, void *bytes, size_t size) {
    return result_of(recv((SOCKET)fd, bytes, (int)size, 0));
}

void unit_pipe(int ends[2]) {
    ck_assert_int_eq(_pipe(ends, PIPE_BYTES, _O_BINARY | _O_NOINHERIT), 0);
}

size_t unit_pipe_take(int end, void *bytes, size_t size) {
    DWORD waiting = 0;
    if (!PeekNamedPipe((HANDLE)_get_osfhandle(end), NULL, 0, NULL, &waiting, NULL) || waiting == 0)
        return 0;
    int count = _read(end, bytes, (unsigned)size);
    return count > 0 ? (size_t)count : 0;
}

void unit_add_abort_test(TCase *group, const TTest *test, int count) {
    (void)group, (void)test, (void)count;
}
