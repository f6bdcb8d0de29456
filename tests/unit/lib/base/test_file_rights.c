/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_file_rights: what others may do with files of Windows, and what new ones are born with. Wine keeps rights as the
 * modes of Unix: of others it has everybody alone, and it has neither services nor inheritance.
 */
#include "config.h"

#include "lib/base/file.h"
#include "lib/base/file_rights.h"
#include "lib/base/wide.h"
#include "unit.h"

#include <aclapi.h>
#include <sddl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OWN "D:P(A;;FA;;;SY)(A;;FA;;;BA)"

static void set_rights(const char *path, const char *text) {
    PSECURITY_DESCRIPTOR descriptor;
    wchar_t *wide = path_to_wide(path);
    ck_assert(ConvertStringSecurityDescriptorToSecurityDescriptorA(text, SDDL_REVISION_1, &descriptor, NULL));
    ck_assert(SetFileSecurityW(wide, DACL_SECURITY_INFORMATION | PROTECTED_DACL_SECURITY_INFORMATION, descriptor));
    LocalFree(descriptor);
    free(wide);
}

static HANDLE open_file(const char *path) {
    wchar_t *wide = path_to_wide(path);
    HANDLE file = CreateFileW(wide, READ_CONTROL, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
                              OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS, NULL);
    ck_assert_ptr_ne(file, INVALID_HANDLE_VALUE);
    free(wide);
    return file;
}

/* ---- what others may ---- */

static const struct others {
    const char *rights;
    bool is_secret, is_trusted; /* would it be taken for one? */
    const char *verb;
} cases[] = {
    {OWN, true, true, NULL},
    {OWN "(A;;FR;;;WD)", false, true, " may read "},
    {OWN "(A;;FA;;;WD)", false, false, " may read "},
    {OWN "(A;;FW;;;WD)", false, false, " may change "},
};
START_TEST(what_others_may_do_is_told_with_the_command_that_helps) {
    const struct others *expected = &cases[_i];
    const char *path = unit_text_file("file", "0123");
    struct error error = {""};
    bool is_foreign;
    set_rights(path, expected->rights);
    HANDLE file = open_file(path);
    ck_assert_msg(!file_rights_check_trusted(file, path, &is_foreign, &error) == expected->is_trusted, "%s",
                  error.text);
    ck_assert_msg(!file_rights_check_secret(file, path, &error) == expected->is_secret, "%s", error.text);
    CloseHandle(file);
    if (!expected->is_secret) {
        ck_assert_ptr_nonnull(strstr(error.text, expected->verb));
        ck_assert_ptr_nonnull(strstr(error.text, "; icacls \""));
        ck_assert_ptr_nonnull(strstr(error.text, "/remove:g *S-1-1-0"));
    }
}
END_TEST

START_TEST(a_folder_to_which_others_may_add_files_is_refused) {
    struct error error = {""};
    const char *path = unit_path("folder");
    ck_assert_int_eq(file_make_folder(path, 0755, &error), 0);
    ck_assert_msg(file_check_folder(unit_path("folder/file"), &error) == 0, "%s", error.text);
    set_rights(path, OWN "(A;;FA;;;WD)");
    ck_assert_int_eq(file_check_folder(unit_path("folder/file"), &error), -1);
    ck_assert_msg(strstr(error.text, " may add files to the folder of "), "%s", error.text);
}
END_TEST

/* ---- what is new: file_rights_new_windows.c ---- */

static bool others_can_read(const char *path) {
    HANDLE file = open_file(path);
    bool can = file_rights_check_secret(file, path, NULL) != 0;
    CloseHandle(file);
    return can;
}

START_TEST(a_secret_is_born_closed) {
    struct error error = {""};
    const char *path = unit_path("key");
    set_rights(unit_folder(), OWN "(A;OICI;FR;;;WD)");
    ck_assert_msg(file_write(path, "secret", 6, 0600, &error) == 0, "%s", error.text);
    ck_assert(!others_can_read(path));
    ck_assert_msg(file_write(path, "public", 6, 0644, &error) == 0, "%s", error.text);
    ck_assert_msg(file_write(path, "secret", 6, 0640, &error) == 0, "%s", error.text);
    ck_assert(!others_can_read(path));
    set_rights(unit_folder(), OWN);
}
END_TEST

static char *text_of(PSECURITY_DESCRIPTOR rights) {
    char *text;
    ck_assert_ptr_nonnull(rights);
    ck_assert(ConvertSecurityDescriptorToStringSecurityDescriptorA(rights, SDDL_REVISION_1, DACL_SECURITY_INFORMATION,
                                                                   &text, NULL));
    LocalFree(rights);
    return text;
}

START_TEST(nothing_new_inherits_rights) {
    wchar_t *path = path_to_wide(unit_path("new"));
    char *file = text_of(file_rights_for_new(path, 0600, false)),
         *folder = text_of(file_rights_for_new(path, 0755, true));
    ck_assert_msg(strncmp(file, "D:P(A;;FA;;;SY)(A;;FA;;;BA)", 26) == 0, "%s", file);
    ck_assert_msg(!strstr(file, ";;;BU)"), "%s", file);
    ck_assert_msg(strncmp(folder, "D:P(A;OICI;FA;;;SY)", 19) == 0 && strstr(folder, ";;;BU)"), "%s", folder);
    LocalFree(file);
    LocalFree(folder);
    free(path);
}
END_TEST

/* ---- accounts ---- */

START_TEST(accounts_are_known_by_their_identifiers) {
    static const struct {
        const char *text;
        bool is_system, is_service;
    } accounts[] = {
        {"S-1-5-18", true, false},
        {"S-1-5-32-544", true, false},
        {"S-1-1-0", false, false},
        {"S-1-5-80-0", false, false},
        /* all services */ {"S-1-5-80-1-2-3-4-5", false, true},
    };
    for (size_t i = 0; i < sizeof accounts / sizeof *accounts; i++) {
        char text[SID_TEXT], name[SID_NAME];
        PSID sid;
        ck_assert(ConvertStringSidToSidA(accounts[i].text, &sid));
        ck_assert(sid_write(sid, text));
        ck_assert_str_eq(text, accounts[i].text);
        ck_assert_msg(sid_is_system(sid) == accounts[i].is_system, "%s", text);
        ck_assert_msg(sid_is_service(sid) == accounts[i].is_service, "%s", text);
        ck_assert(*sid_name(sid, name));
        ck_assert(!sid_is_self(sid)); /* no test runs as the system or as one of these groups */
        LocalFree(sid);
    }
    struct sid_self self;
    ck_assert(sid_of_self(&self));
    ck_assert(sid_is_self(&self.user.sid));
}
END_TEST

/* ---- paths ---- */

enum { DEEP = 12 };

START_TEST(a_path_may_be_longer_than_260_characters) {
    struct error error = {""};
    char name[DEEP * 32 + 16] = "deep";
    size_t used = strlen(name);
    for (int i = 0; i < DEEP; i++)
        used += (size_t)snprintf(name + used, sizeof name - used, "/\xc3\xa4 folder with a long name");
    const char *folder = unit_path(name);
    ck_assert_msg(file_make_folder(folder, 0700, &error) == 0, "%s", error.text);
    char *path = file_in(folder, "file");
    ck_assert_msg(file_write(path, "text", 4, 0600, &error) == 0, "%s", error.text);
    char *text = file_read_secret(path, 10, NULL, &error);
    ck_assert_msg(text && strcmp(text, "text") == 0, "%s", error.text);
    ck_assert_int_eq(file_remove(path, &error), 0);
    free(text);
    free(path);
}
END_TEST

/* For file_sweep_staged(): last changed so many seconds ago. */
static const char *aged(const char *name, uint64_t seconds) {
    FILETIME now;
    const char *path = unit_text_file(name, "half of a fi");
    wchar_t *wide = path_to_wide(path);
    HANDLE file = CreateFileW(wide, FILE_WRITE_ATTRIBUTES, FILE_SHARE_READ, NULL, OPEN_EXISTING, 0, NULL);
    GetSystemTimeAsFileTime(&now);
    uint64_t then = ((uint64_t)now.dwHighDateTime << 32 | now.dwLowDateTime) - seconds * 10000000;
    FILETIME time = {(DWORD)then, (DWORD)(then >> 32)};
    ck_assert(SetFileTime(file, NULL, NULL, &time));
    CloseHandle(file);
    free(wide);
    return path;
}

START_TEST(what_a_killed_writer_has_left_is_removed_by_a_later_one) {
    struct error error = {""};
    ck_assert_int_eq(file_make_folder(unit_path("kill"), 0700, &error), 0);
    const char *left = aged("kill/.munnel-a1B2c3", 3700), *young = aged("kill/.munnel-a1B2c4", 3000),
               *longer = aged("kill/.munnel-a1B2c3d", 9999), *other = aged("kill/.munnel-ab.txt", 9999);
    ck_assert_msg(file_write(unit_path("kill/file"), "x", 1, 0640, &error) == 0, "%s", error.text);
    ck_assert(!file_exists(left));
    ck_assert(file_exists(young) && file_exists(longer) && file_exists(other));
}
END_TEST

static TCase *others(void) {
    TCase *group = tcase_create("others");
    tcase_add_loop_test(group, what_others_may_do_is_told_with_the_command_that_helps, 0, sizeof cases / sizeof *cases);
    tcase_add_test(group, a_folder_to_which_others_may_add_files_is_refused);
    return group;
}

static TCase *new_files(void) {
    TCase *group = tcase_create("new_files");
    tcase_add_test(group, a_secret_is_born_closed);
    tcase_add_test(group, nothing_new_inherits_rights);
    tcase_add_test(group, accounts_are_known_by_their_identifiers);
    return group;
}

static TCase *paths(void) {
    TCase *group = tcase_create("paths");
    tcase_add_test(group, a_path_may_be_longer_than_260_characters);
    tcase_add_test(group, what_a_killed_writer_has_left_is_removed_by_a_later_one);
    return group;
}

UNIT_MAIN("lib/base/file_rights", others, new_files, paths)
