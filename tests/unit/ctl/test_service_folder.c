/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_service_folder: the account of a service by its name, and the folder that it is given.
 */
#include "config.h"

#include "ctl/service_system_priv.h"
#include "unit.h"

#include "lib/base/wide.h"

#include <stdlib.h>
#include <string.h>

static const struct system_service service = {.program = "munnel-unit",
                                              .name = L"munnel-unit",
                                              .check = "--check",
                                              .reads_common_folder = true};

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

static TCase *folders(void) {
    TCase *group = tcase_create("folders");

    tcase_add_test(group, accounts_have_the_numbers_that_windows_gives_them);
    tcase_add_test(group, a_folder_is_made_and_can_be_made_again);
    return group;
}

UNIT_MAIN("ctl/service_folder", folders)
