/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * service_folder_windows: see service_system_priv.h. Every user may make folders in ProgramData, so one that is there
 * may be another's, with rights of its owner's choice, or lead elsewhere.
 */
#include "config.h"

#include "ctl/service_system_priv.h"

#include "conf/managed_file.h"
#include "lib/base/sid.h"
#include "lib/base/system_error.h"
#include "lib/base/wide.h"

#include <openssl/evp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <aclapi.h>
#include <sddl.h>
#include <shlobj.h>

enum { RIGHTS_TEXT = 256, PATH_ROOM = 1024, SID_NUMBERS = 5 };

/* For folders: the system and administrators may do all, and so in what is below. */
#define ADMINISTRATORS_ONLY "D:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)"
#define MODIFY              "0x1301bf"
#define READ                "0x1200a9"

/* By the digest of its name in capitals, in UTF-16 (as RtlCreateServiceSid does it). */
int system_service_sid(const wchar_t *name, char sid[SERVICE_SID_TEXT]) {
    wchar_t capitals[128];
    uint32_t numbers[SID_NUMBERS];
    unsigned size = sizeof numbers;
    size_t length = wcsnlen(name, sizeof capitals / sizeof *capitals);

    wmemcpy(capitals, name, length);
    CharUpperBuffW(capitals, (DWORD)length);
    if (!EVP_Digest(capitals, length * sizeof *capitals, (unsigned char *)numbers, &size, EVP_sha1(), NULL))
        return -1;
    snprintf(sid, SERVICE_SID_TEXT, "S-1-5-80-%lu-%lu-%lu-%lu-%lu", (unsigned long)numbers[0],
             (unsigned long)numbers[1], (unsigned long)numbers[2], (unsigned long)numbers[3],
             (unsigned long)numbers[4]);
    return 0;
}

/* ---- rights ---- */

static int fail(const wchar_t *path, const char *what, DWORD number, struct error *error) {
    char words[SYSTEM_ERROR_TEXT], *name = path_of_wide(path);

    error_set(error, "%s: %s: %s", name ? name : "?", what, system_error_text(number, words));
    free(name);
    return -1;
}

/* Administrators, the system, who installs, and the service itself. */
static bool is_trusted(PSID owner, const char *service) {
    char text[SID_TEXT];

    return sid_is_system(owner) || sid_is_self(owner) || (sid_write(owner, text) && strcmp(text, service) == 0);
}

static int check_owner(const wchar_t *path, const char *service, struct error *error) {
    PSECURITY_DESCRIPTOR descriptor;
    PSID owner;
    DWORD failure =
        GetNamedSecurityInfoW(path, SE_FILE_OBJECT, OWNER_SECURITY_INFORMATION, &owner, NULL, NULL, NULL, &descriptor);

    if (failure)
        return fail(path, "GetNamedSecurityInfo", failure, error);
    bool may_stay = is_trusted(owner, service);
    LocalFree(descriptor);
    return may_stay ? 0 : fail(path, "another user made it: look at it, and remove it", ERROR_INVALID_OWNER, error);
}

/* As the text says, in the language of security descriptors. `inherits`: what comes from the folder above, too. */
static int set_rights(const wchar_t *path, const char *text, bool inherits, struct error *error) {
    SECURITY_INFORMATION what = DACL_SECURITY_INFORMATION | (inherits ? UNPROTECTED_DACL_SECURITY_INFORMATION
                                                                      : PROTECTED_DACL_SECURITY_INFORMATION);
    PSECURITY_DESCRIPTOR descriptor;
    PACL list;
    BOOL is_there, is_default;
    wchar_t copy[PATH_ROOM];

    if (!ConvertStringSecurityDescriptorToSecurityDescriptorA(text, SDDL_REVISION_1, &descriptor, NULL))
        return fail(path, "ConvertStringSecurityDescriptorToSecurityDescriptor", GetLastError(), error);
    snwprintf(copy, PATH_ROOM, L"%ls", path);
    DWORD failure = ERROR_INVALID_ACL;
    if (GetSecurityDescriptorDacl(descriptor, &is_there, &list, &is_default) && is_there)
        failure = SetNamedSecurityInfoW(copy, SE_FILE_OBJECT, what, NULL, NULL, list, NULL);
    LocalFree(descriptor);
    return failure ? fail(path, "SetNamedSecurityInfo", failure, error) : 0;
}

/* Files that an earlier account or an administrator has made have entries of their own, by which the service could be
 * kept out: they are removed, and the files inherit the folder's. */
static int hand_down(const wchar_t *folder, const char *service, struct error *error) {
    wchar_t pattern[PATH_ROOM], path[PATH_ROOM];
    WIN32_FIND_DATAW found;
    int failed = 0;

    snwprintf(pattern, PATH_ROOM, L"%ls\\*", folder);
    HANDLE search = FindFirstFileW(pattern, &found);
    if (search == INVALID_HANDLE_VALUE)
        return fail(folder, "FindFirstFile", GetLastError(), error);
    do {
        if (found.dwFileAttributes & (FILE_ATTRIBUTE_DIRECTORY | FILE_ATTRIBUTE_REPARSE_POINT))
            continue;
        snwprintf(path, PATH_ROOM, L"%ls\\%ls", folder, found.cFileName);
        failed = check_owner(path, service, error) || set_rights(path, "D:", true, error) ? -1 : 0;
    } while (!failed && FindNextFileW(search, &found));
    FindClose(search);
    return failed;
}

/* One that is there. */
static int take_folder(const wchar_t *path, const char *rights, const char *service, struct error *error) {
    DWORD attributes = GetFileAttributesW(path);
    if (attributes == INVALID_FILE_ATTRIBUTES || (attributes & FILE_ATTRIBUTE_REPARSE_POINT) ||
        !(attributes & FILE_ATTRIBUTE_DIRECTORY))
        return fail(path, "it leads elsewhere, or is a file: look at it, and remove it", ERROR_DIRECTORY, error);
    return check_owner(path, service, error) || set_rights(path, rights, false, error) ? -1 : 0;
}

static int make_folder(const wchar_t *path, const char *rights, const char *service, struct error *error) {
    if (!CreateDirectoryW(path, NULL) && GetLastError() != ERROR_ALREADY_EXISTS)
        return fail(path, "CreateDirectory", GetLastError(), error);
    return take_folder(path, rights, service, error);
}

/* ---- the folders ---- */

/* munneld keeps the services in it that are added while it runs. "munnel init" has made it, with rights of its own, so
 * that what Munnel's folder gives does not reach it. */
static int give_managed_folder(const wchar_t *munnel, const char *server, struct error *error) {
    char rights[RIGHTS_TEXT];
    wchar_t path[PATH_ROOM];

    snwprintf(path, PATH_ROOM, L"%ls\\%hs", munnel, MANAGED_FOLDER);
    if (GetFileAttributesW(path) == INVALID_FILE_ATTRIBUTES && GetLastError() == ERROR_FILE_NOT_FOUND)
        return 0; /* it is needed only if the configuration includes it */
    snprintf(rights, sizeof rights, ADMINISTRATORS_ONLY "(A;OICI;" MODIFY ";;;%s)", server);
    return take_folder(path, rights, server, error) || hand_down(path, server, error) ? -1 : 0;
}

/* Munnel's folder is the same whichever service is installed: munneld may read what is in it. */
static int make_folders(const wchar_t *munnel, const wchar_t *folder, const struct system_service *service,
                        struct error *error) {
    char sid[SERVICE_SID_TEXT], server[SERVICE_SID_TEXT], rights[RIGHTS_TEXT];

    if (system_service_sid(service->name, sid) || system_service_sid(L"munneld", server))
        return error_set(error, "OpenSSL has no SHA-1, of which the accounts of services are made");
    snprintf(rights, sizeof rights, ADMINISTRATORS_ONLY "(A;OICI;" READ ";;;%s)", server);
    if (make_folder(munnel, rights, sid, error))
        return -1;
    snprintf(rights, sizeof rights, ADMINISTRATORS_ONLY "(A;OICI;" MODIFY ";;;%s)", sid);
    if (make_folder(folder, rights, sid, error) || hand_down(folder, sid, error))
        return -1;
    if (!service->reads_common_folder)
        return 0;
    return hand_down(munnel, sid, error) || give_managed_folder(munnel, server, error) ? -1 : 0;
}

char *system_service_folder(const struct system_service *service, struct error *error) {
    wchar_t common[MAX_PATH], munnel[PATH_ROOM], folder[PATH_ROOM];

    if (SHGetFolderPathW(NULL, CSIDL_COMMON_APPDATA, NULL, 0, common) != S_OK) {
        error_set(error, "Windows does not tell where ProgramData is");
        return NULL;
    }
    snwprintf(munnel, PATH_ROOM, L"%ls\\Munnel", common);
    snwprintf(folder, PATH_ROOM, L"%ls\\%ls", munnel, service->name);
    char *path = path_of_wide(folder);
    if (!path) {
        error_set(error, "out of memory");
        return NULL;
    }
    if (make_folders(munnel, folder, service, error) == 0)
        return path;
    free(path);
    return NULL;
}
