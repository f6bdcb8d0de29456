/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * file_rights_windows: see file_rights.h; file_rights_new_windows.c has the rights of new files.
 */
#include "config.h"

#include "lib/base/file.h"
#include "lib/base/file_rights.h"
#include "lib/base/file_rights_priv.h"
#include "lib/base/path.h"
#include "lib/base/system_error.h"
#include "lib/base/wide.h"

#include <aclapi.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    READS = FILE_READ_DATA,
    ADDS = FILE_ADD_FILE | FILE_DELETE_CHILD,
    CHANGES = FILE_WRITE_DATA | FILE_APPEND_DATA | DELETE,
    REMEDY = 512,
};
#define ALL_IN_ONE (GENERIC_ALL | WRITE_DAC | WRITE_OWNER) /* gives the others */

/* ---- what a file has ---- */

bool file_rights_of(HANDLE file, struct rights *rights) {
    DWORD failure = GetSecurityInfo(file, SE_FILE_OBJECT, OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION,
                                    &rights->owner, NULL, &rights->list, NULL, &rights->descriptor);
    SetLastError(failure);
    return failure == ERROR_SUCCESS;
}

PSID file_rights_entry(const struct rights *rights, DWORD i, ACCESS_MASK *mask, BYTE *flags) {
    ACCESS_ALLOWED_ACE *entry;
    if (!GetAce(rights->list, i, (void **)&entry))
        return NULL;
    if (entry->Header.AceType != ACCESS_ALLOWED_ACE_TYPE && entry->Header.AceType != ACCESS_ALLOWED_CALLBACK_ACE_TYPE)
        return NULL; /* it takes rights, or is of a kind that files do not have */
    *mask = entry->Mask;
    *flags = entry->Header.AceFlags;
    return &entry->SidStart;
}

static bool is_other(PSID sid, const struct rights *rights, const struct sid_self *self) {
    return !EqualSid(sid, rights->owner) && !EqualSid(sid, (PSID)&self->user.sid) && !sid_is_system(sid) &&
           !sid_is_service(sid) && !IsWellKnownSid(sid, WinCreatorOwnerRightsSid);
}

/* Finds the first other account to which an entry of the access control list grants one of the rights in `mask`; false:
 * there is none. Entries that deny are not evaluated: a file with one may be refused although the denial keeps the
 * other account out. A file with no list (a NULL DACL) is open to everyone for Windows, so that everyone is found then.
 */
static bool find_other(const struct rights *rights, const struct sid_self *self, ACCESS_MASK mask, struct sid *other) {
    DWORD size = sizeof *other;
    if (!rights->list)
        return CreateWellKnownSid(WinWorldSid, NULL, &other->sid, &size);
    for (DWORD i = 0; i < rights->list->AceCount; i++) {
        ACCESS_MASK given;
        BYTE flags;
        PSID sid = file_rights_entry(rights, i, &given, &flags);
        if (sid && !(flags & INHERIT_ONLY_ACE) && (given & mask) && is_other(sid, rights, self))
            return CopySid(sizeof *other, &other->sid, sid);
    }
    return false;
}

static bool is_owned_by_other(const struct rights *rights, const struct sid_self *self) {
    return !sid_is_system(rights->owner) && !EqualSid(rights->owner, (PSID)&self->user.sid);
}

/* ---- errors ---- */

/* icacls takes no slashes. Absolute, since it may run in another folder. */
static char *native_path(const char *path) {
    wchar_t *wide = path_to_wide(path);
    char *native = wide ? path_of_wide(wide) : NULL;
    free(wide);
    return native;
}

/* Accounts as SIDs, because the names of groups are other words in each language of Windows. */
static const char *remedy_for(char text[REMEDY], const char *path, PSID other, const struct sid_self *self) {
    char *native = native_path(path), user[SID_TEXT], name[SID_TEXT];
    bool needs_user = !sid_is_system((PSID)&self->user.sid) && sid_write((PSID)&self->user.sid, user);
    snprintf(text, REMEDY, "icacls \"%s\" /inheritance:r /grant:r *S-1-5-18:F *S-1-5-32-544:F%s%s%s /remove:g *%s",
             native ? native : path, needs_user ? " *" : "", needs_user ? user : "", needs_user ? ":M" : "",
             sid_write(other, name) ? name : "?");
    free(native);
    return text;
}

static int fail_call(const char *path, struct error *error) {
    char words[SYSTEM_ERROR_TEXT];
    return error_set(error, "cannot find out who may open %s: %s", path, system_error_text(GetLastError(), words));
}

static int check_owner(const struct rights *rights, const struct sid_self *self, const char *path,
                       struct error *error) {
    char name[SID_NAME];
    if (self->is_privileged || !is_owned_by_other(rights, self))
        return 0;
    char *native = native_path(path);
    int result = error_set(error,
                           "%s belongs to another user (%s), who can change it; as an administrator, icacls \"%s\" "
                           "/setowner *S-1-5-32-544",
                           path, sid_name(rights->owner, name), native ? native : path);
    free(native);
    return result;
}

/* No other user is ever asked for: Windows chooses a program's account when it starts. */
void file_folder_remedy(const char *path, const char *user, struct error *remedy) {
    struct sid_self self;
    char account[SID_TEXT];
    char *folder = path_beside(path, "."), *native = folder ? native_path(folder) : NULL;
    bool is_known = !user && sid_of_self(&self) && sid_write((PSID)&self.user.sid, account);
    error_set(remedy, "icacls \"%s\" /grant %s%s:(OI)(CI)M", native ? native : path, is_known ? "*" : "",
              is_known ? account : "ACCOUNT");
    free(native);
    free(folder);
}

/* ---- checks ---- */

static int check_secret(const struct rights *rights, const struct sid_self *self, const char *path,
                        struct error *error) {
    struct sid other;
    char name[SID_NAME], remedy[REMEDY];
    bool reads = find_other(rights, self, READS | GENERIC_READ | ALL_IN_ONE, &other);
    if (reads || find_other(rights, self, CHANGES | GENERIC_WRITE, &other))
        return error_set(error, "%s may %s %s, and it is a secret; %s", sid_name(&other.sid, name),
                         reads ? "read" : "change", path, remedy_for(remedy, path, &other.sid, self));
    return check_owner(rights, self, path, error);
}

int file_rights_check_secret(HANDLE file, const char *path, struct error *error) {
    struct rights rights;
    struct sid_self self;
    if (!file_rights_of(file, &rights))
        return fail_call(path, error);
    int result = sid_of_self(&self) ? check_secret(&rights, &self, path, error) : fail_call(path, error);
    LocalFree(rights.descriptor);
    return result;
}

static int check_trusted(const struct rights *rights, const struct sid_self *self, const char *path,
                         struct error *error) {
    struct sid other;
    char name[SID_NAME], remedy[REMEDY];
    if (find_other(rights, self, CHANGES | GENERIC_WRITE | ALL_IN_ONE, &other))
        return error_set(error, "%s may change %s; %s", sid_name(&other.sid, name), path,
                         remedy_for(remedy, path, &other.sid, self));
    return check_owner(rights, self, path, error);
}

/* A service that may change it is another, too, for a program with an administrator's rights. */
static bool is_changed_by_service(const struct rights *rights, const struct sid_self *self) {
    for (DWORD i = 0; rights->list && i < rights->list->AceCount; i++) {
        ACCESS_MASK given;
        BYTE flags;
        PSID sid = file_rights_entry(rights, i, &given, &flags);
        if (sid && !(flags & INHERIT_ONLY_ACE) && (given & (CHANGES | GENERIC_WRITE | ALL_IN_ONE)) &&
            sid_is_service(sid) && !EqualSid(sid, (PSID)&self->user.sid))
            return true;
    }
    return false;
}

int file_rights_check_trusted(HANDLE file, const char *path, bool *is_foreign, struct error *error) {
    struct rights rights;
    struct sid_self self;
    if (!file_rights_of(file, &rights))
        return fail_call(path, error);
    int result = sid_of_self(&self) ? check_trusted(&rights, &self, path, error) : fail_call(path, error);
    *is_foreign = result == 0 && self.is_privileged &&
                  (is_owned_by_other(&rights, &self) || is_changed_by_service(&rights, &self));
    LocalFree(rights.descriptor);
    return result;
}

int file_rights_check_folder(HANDLE folder, const char *name, const char *path, struct error *error) {
    struct rights rights;
    struct sid_self self;
    struct sid other;
    char account[SID_NAME], remedy[REMEDY];
    if (!file_rights_of(folder, &rights))
        return fail_call(path, error);
    int result = 0;
    if (!sid_of_self(&self))
        result = fail_call(path, error);
    else if (find_other(&rights, &self, ADDS | GENERIC_WRITE | ALL_IN_ONE, &other))
        result = error_set(error, "%s may add files to the folder of %s; %s", sid_name(&other.sid, account), path,
                           remedy_for(remedy, name, &other.sid, &self));
    LocalFree(rights.descriptor);
    return result;
}

bool file_rights_is_own(HANDLE file) {
    struct rights rights;
    struct sid_self self;
    if (!sid_of_self(&self) || !file_rights_of(file, &rights))
        return false;
    bool is_own = EqualSid(rights.owner, &self.user.sid) || (self.is_privileged && sid_is_system(rights.owner));
    LocalFree(rights.descriptor);
    return is_own;
}
