/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * file_rights_new_windows: what new files and folders are born with, as a text of SDDL.
 */
#include "config.h"

#include "lib/base/file_rights.h"
#include "lib/base/file_rights_priv.h"
#include "lib/base/strbuf.h"

#include <aclapi.h>
#include <sddl.h>
#include <stdio.h>
#include <stdlib.h>
#include <wchar.h>

enum { RIGHTS_TEXT = 4096, OTHERS_READ = 04 };

struct draft {
    struct strbuf text;
    struct sid_self self;
    bool is_folder;
};

/* `account`: a SID, or two letters of SDDL for one that is well known. */
static void add(struct draft *draft, ACCESS_MASK mask, const char *account) {
    char entry[SID_TEXT + 64];
    snprintf(entry, sizeof entry, "(A;%s;0x%lx;;;%s)", draft->is_folder ? "OICI" : "", (unsigned long)mask, account);
    strbuf_add(&draft->text, entry);
}

static void add_sid(struct draft *draft, ACCESS_MASK mask, PSID sid) {
    char text[SID_TEXT];
    if (!sid_is_system(sid) && sid_write(sid, text))
        add(draft, mask, text);
}

static bool open_old(const wchar_t *path, struct rights *rights) {
    HANDLE file = CreateFileW(path, READ_CONTROL, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
                              OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS, NULL);
    bool is_known = file != INVALID_HANDLE_VALUE && file_rights_of(file, rights);
    if (file != INVALID_HANDLE_VALUE)
        CloseHandle(file);
    return is_known;
}

/* Of the old file what applies to it, of the folder what new files in it inherit: an entry for each. */
static void keep(struct draft *draft, const struct rights *old, BYTE inherits) {
    if (draft->self.is_privileged) /* as root's files in the folder of a user are that user's */
        add_sid(draft, FILE_ALL_ACCESS, old->owner);
    for (DWORD i = 0; old->list && i < old->list->AceCount; i++) {
        ACCESS_MASK mask;
        BYTE flags;
        PSID sid = file_rights_entry(old, i, &mask, &flags);
        bool applies = inherits ? flags & inherits : !(flags & INHERIT_ONLY_ACE);
        if (sid && applies && sid_is_service(sid))
            add_sid(draft, mask, sid);
    }
}

static bool open_folder_of(const wchar_t *path, struct rights *rights) {
    const wchar_t *end = wcsrchr(path, L'\\');
    wchar_t *folder = end ? _wcsdup(path) : NULL;
    if (folder)
        folder[end - path + 1] = L'\0';
    bool is_known = folder && open_old(folder, rights);
    free(folder);
    return is_known;
}

static void keep_of(struct draft *draft, const wchar_t *path) {
    struct rights old;
    BYTE inherits = 0;
    if (!open_old(path, &old)) {
        inherits = draft->is_folder ? CONTAINER_INHERIT_ACE : OBJECT_INHERIT_ACE;
        if (!open_folder_of(path, &old))
            return;
    }
    keep(draft, &old, inherits);
    LocalFree(old.descriptor);
}

PSECURITY_DESCRIPTOR file_rights_for_new(const wchar_t *old, unsigned mode, bool is_folder) {
    char text[RIGHTS_TEXT];
    struct draft draft = {.text = strbuf_begin(text, sizeof text), .is_folder = is_folder};
    PSECURITY_DESCRIPTOR descriptor;
    if (!sid_of_self(&draft.self))
        return NULL;
    strbuf_add(&draft.text, "D:P");
    add(&draft, FILE_ALL_ACCESS, "SY");
    add(&draft, FILE_ALL_ACCESS, "BA");
    if (!draft.self.is_privileged)
        add_sid(&draft, FILE_ALL_ACCESS, &draft.self.user.sid);
    if (mode & OTHERS_READ)
        add(&draft, is_folder ? FILE_GENERIC_READ | FILE_GENERIC_EXECUTE : FILE_GENERIC_READ, "BU");
    keep_of(&draft, old);
    if (draft.text.is_cut) {
        SetLastError(ERROR_INSUFFICIENT_BUFFER);
        return NULL;
    }
    return ConvertStringSecurityDescriptorToSecurityDescriptorA(text, SDDL_REVISION_1, &descriptor, NULL) ? descriptor
                                                                                                          : NULL;
}

/* ---- the owner ---- */

/* An administrator may give files away (as root may by chown), but has to ask for it. Returns whether it was off. */
static bool set_restoring(bool is_on) {
    TOKEN_PRIVILEGES wanted = {.PrivilegeCount = 1}, before;
    DWORD size = sizeof before;
    HANDLE token;
    if (!LookupPrivilegeValueW(NULL, L"SeRestorePrivilege", &wanted.Privileges[0].Luid) ||
        !OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY | TOKEN_ADJUST_PRIVILEGES, &token))
        return false;
    wanted.Privileges[0].Attributes = is_on ? SE_PRIVILEGE_ENABLED : 0;
    bool is_changed = AdjustTokenPrivileges(token, FALSE, &wanted, sizeof before, &before, &size) &&
                      GetLastError() == ERROR_SUCCESS && before.PrivilegeCount > 0;
    CloseHandle(token);
    return is_changed;
}

void file_rights_keep_owner(HANDLE file, const wchar_t *old) {
    struct rights rights;
    struct sid_self self;
    if (!open_old(old, &rights))
        return;
    if (sid_of_self(&self) && !EqualSid(rights.owner, &self.user.sid)) {
        bool is_changed = set_restoring(true);
        (void)SetSecurityInfo(file, SE_FILE_OBJECT, OWNER_SECURITY_INFORMATION, rights.owner, NULL, NULL, NULL);
        if (is_changed)
            (void)set_restoring(false);
    }
    LocalFree(rights.descriptor);
}
