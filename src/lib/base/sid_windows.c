/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * sid_windows: see sid.h.
 */
#include "config.h"

#include "lib/base/sid.h"

#include <sddl.h>
#include <stdio.h>
#include <wchar.h>

bool sid_of_token(HANDLE token, struct sid *sid) {
    struct {
        TOKEN_USER user;
        BYTE sid[SECURITY_MAX_SID_SIZE];
    } answer;
    DWORD size;
    return GetTokenInformation(token, TokenUser, &answer, sizeof answer, &size) &&
           CopySid(sizeof *sid, &sid->sid, answer.user.User.Sid);
}

/* Of an administrator's process that was not started as one, the group is there and counts for nothing. */
static bool is_administrator(void) {
    struct sid group;
    DWORD size = sizeof group;
    BOOL is_member = FALSE;
    return CreateWellKnownSid(WinBuiltinAdministratorsSid, NULL, &group.sid, &size) &&
           CheckTokenMembership(NULL, &group.sid, &is_member) && is_member;
}

bool sid_of_self(struct sid_self *self) {
    HANDLE token;
    if (!OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token))
        return false;
    bool is_known = sid_of_token(token, &self->user);
    CloseHandle(token);
    self->is_privileged = is_known && (sid_is_system(&self->user.sid) || is_administrator());
    return is_known;
}

bool sid_is_self(PSID sid) {
    struct sid_self self;
    return sid_of_self(&self) && EqualSid(sid, &self.user.sid);
}

bool sid_is_system(PSID sid) {
    return IsWellKnownSid(sid, WinLocalSystemSid) || IsWellKnownSid(sid, WinBuiltinAdministratorsSid);
}

bool sid_is_service(PSID sid) {
    enum { NT_AUTHORITY = 5, PARTS = SECURITY_SERVICE_ID_RID_COUNT };
    return GetSidIdentifierAuthority(sid)->Value[5] == NT_AUTHORITY && *GetSidSubAuthorityCount(sid) == PARTS &&
           *GetSidSubAuthority(sid, 0) == SECURITY_SERVICE_ID_BASE_RID;
}

bool sid_write(PSID sid, char text[SID_TEXT]) {
    char *formatted;
    if (!ConvertSidToStringSidA(sid, &formatted))
        return false;
    snprintf(text, SID_TEXT, "%s", formatted);
    LocalFree(formatted);
    return true;
}

char *sid_name(PSID sid, char name[SID_NAME]) {
    wchar_t user[SID_NAME / 2], domain[SID_NAME / 2], whole[SID_NAME];
    DWORD user_size = SID_NAME / 2, domain_size = SID_NAME / 2;
    SID_NAME_USE use;
    char text[SID_TEXT] = "an unknown account";
    bool is_known = LookupAccountSidW(NULL, sid, user, &user_size, domain, &domain_size, &use);
    if (is_known)
        swprintf(whole, SID_NAME, L"%ls%ls%ls", domain, *domain ? L"\\" : L"", user);
    if (is_known && WideCharToMultiByte(CP_UTF8, 0, whole, -1, name, SID_NAME, NULL, NULL) > 0)
        return name;
    (void)sid_write(sid, text);
    snprintf(name, SID_NAME, "%s", text);
    return name;
}
