/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_service_folder: the account of a service by its name, and the folders that it is given. wine forgets the rights
 * of all accounts but a few, so the test reads them where they are asked for.
 */
#include "config.h"

#include "conf/managed_file.h"
#include "ctl/service_system_priv.h"
#include "unit.h"

#include "lib/base/wide.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <aclapi.h>
#include <sddl.h>

enum { PATH_ROOM = 1024, RIGHTS_ROOM = 512, ASKED_MOST = 64 };

static const struct system_service service = {.program = "munnel-unit",
                                              .name = L"munnel-unit",
                                              .check = "--check",
                                              .reads_common_folder = true};

/* ---- what is asked for ---- */

typedef DWORD(WINAPI set_rights)(LPWSTR path, SE_OBJECT_TYPE type, SECURITY_INFORMATION what, PSID owner, PSID group,
                                 PACL list, PACL audit);

static struct {
    wchar_t path[PATH_ROOM];
    char rights[RIGHTS_ROOM];
    SECURITY_INFORMATION what;
} asked[ASKED_MOST];
static size_t asked_count;

static void write_rights(PACL list, char text[RIGHTS_ROOM]) {
    SECURITY_DESCRIPTOR descriptor;
    char *written;

    ck_assert(InitializeSecurityDescriptor(&descriptor, SECURITY_DESCRIPTOR_REVISION) &&
              SetSecurityDescriptorDacl(&descriptor, TRUE, list, FALSE));
    ck_assert(ConvertSecurityDescriptorToStringSecurityDescriptorA(&descriptor, SDDL_REVISION_1,
                                                                   DACL_SECURITY_INFORMATION, &written, NULL));
    snprintf(text, RIGHTS_ROOM, "%s", written);
    LocalFree(written);
}

/* The import, through which the call goes. */
extern set_rights *__real___imp_SetNamedSecurityInfoW;
extern set_rights *__wrap___imp_SetNamedSecurityInfoW;

static DWORD WINAPI note_rights(LPWSTR path, SE_OBJECT_TYPE type, SECURITY_INFORMATION what, PSID owner, PSID group,
                                PACL list, PACL audit) {
    ck_assert_uint_lt(asked_count, ASKED_MOST);
    snwprintf(asked[asked_count].path, PATH_ROOM, L"%ls", path);
    write_rights(list, asked[asked_count].rights);
    asked[asked_count++].what = what;
    return __real___imp_SetNamedSecurityInfoW(path, type, what, owner, group, list, audit);
}

set_rights *__wrap___imp_SetNamedSecurityInfoW = note_rights;

/* The last that the path was given; "" with `inherits`: it is left to the folder above. */
static void expect_rights(const wchar_t *path, const char *wanted, bool inherits) {
    const char *rights = NULL;
    char *name = path_of_wide(path);
    SECURITY_INFORMATION what = 0;

    for (size_t i = 0; i < asked_count; i++)
        if (_wcsicmp(asked[i].path, path) == 0) {
            rights = asked[i].rights;
            what = asked[i].what;
        }
    ck_assert_msg(rights, "%s is left as it was", name);
    ck_assert_msg(strstr(rights, wanted), "no %s for %s in %s", wanted, name, rights);
    ck_assert(what & (inherits ? UNPROTECTED_DACL_SECURITY_INFORMATION : PROTECTED_DACL_SECURITY_INFORMATION));
    ck_assert(!inherits || !strchr(rights, '('));
    free(name);
}

/* ---- tests ---- */

/* The number is documented, since files of Windows belong to it. */
START_TEST(accounts_have_the_numbers_that_windows_gives_them) {
    char sid[SERVICE_SID_TEXT];

    ck_assert_int_eq(system_service_sid(L"TrustedInstaller", sid), 0);
    ck_assert_str_eq(sid, "S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464");
}
END_TEST

START_TEST(a_folder_is_made_and_can_be_made_again) {
    struct error error = {""};

    for (int i = 0; i < 2; i++) {
        char *folder = system_service_folder(&service, &error);
        ck_assert_msg(folder, "%s", error.text);
        ck_assert_ptr_nonnull(strstr(folder, "\\Munnel\\munnel-unit"));
        wchar_t *path = path_to_wide(folder);
        DWORD attributes = GetFileAttributesW(path);
        ck_assert(attributes != INVALID_FILE_ATTRIBUTES && (attributes & FILE_ATTRIBUTE_DIRECTORY));
        if (i > 0)
            RemoveDirectoryW(path);
        free(path);
        free(folder);
    }
}
END_TEST

/* Munnel's folder, that of added services in it, and a file in that. */
static wchar_t munnel[PATH_ROOM], services[PATH_ROOM], file[PATH_ROOM];

static void make_folders(void) {
    struct error error = {""};
    char *folder = system_service_folder(&service, &error);

    ck_assert_msg(folder, "%s", error.text);
    wchar_t *path = wide_of(folder);
    snwprintf(munnel, PATH_ROOM, L"%ls", path);
    *wcsrchr(munnel, L'\\') = L'\0';
    snwprintf(services, PATH_ROOM, L"%ls\\%hs", munnel, MANAGED_FOLDER);
    snwprintf(file, PATH_ROOM, L"%ls\\unit.json", services);
    ck_assert(RemoveDirectoryW(path));
    free(path);
    free(folder);
}

static void clean(void) {
    DeleteFileW(file);
    RemoveDirectoryW(services);
}

/* As "munnel init" makes it: what the folder above gives does not reach it. */
static void make_services(void) {
    ck_assert(CreateDirectoryW(services, NULL) || GetLastError() == ERROR_ALREADY_EXISTS);
    HANDLE handle = CreateFileW(file, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);
    ck_assert(handle != INVALID_HANDLE_VALUE);
    CloseHandle(handle);
}

START_TEST(the_server_may_write_where_it_keeps_added_services) {
    char sid[SERVICE_SID_TEXT], rights[RIGHTS_ROOM];

    ck_assert_int_eq(system_service_sid(L"munneld", sid), 0);
    make_folders();
    make_services();
    asked_count = 0;
    make_folders();
    snprintf(rights, sizeof rights, "(A;OICI;0x1200a9;;;%s)", sid);
    expect_rights(munnel, rights, false);
    snprintf(rights, sizeof rights, "(A;OICI;0x1301bf;;;%s)", sid);
    expect_rights(services, rights, false);
    expect_rights(file, "", true);
}
END_TEST

START_TEST(a_folder_for_added_services_is_not_made) {
    make_folders();
    clean(); /* what a run has left that was cut */
    make_folders();
    ck_assert_uint_eq(GetFileAttributesW(services), INVALID_FILE_ATTRIBUTES);
}
END_TEST

static TCase *folders(void) {
    TCase *group = tcase_create("folders");

    tcase_add_checked_fixture(group, NULL, clean);
    tcase_add_test(group, accounts_have_the_numbers_that_windows_gives_them);
    tcase_add_test(group, a_folder_is_made_and_can_be_made_again);
    tcase_add_test(group, the_server_may_write_where_it_keeps_added_services);
    tcase_add_test(group, a_folder_for_added_services_is_not_made);
    return group;
}

UNIT_MAIN("ctl/service_folder", folders)
