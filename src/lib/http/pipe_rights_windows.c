/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * pipe_rights_windows: see pipe_rights.h. Accounts are written as SIDs: a name may have to be asked of a domain's
 * controller.
 */
#include "config.h"

#include "lib/http/pipe_rights.h"

#include "lib/base/sid.h"
#include "lib/base/system_error.h"
#include "lib/base/wide.h"

#include <aclapi.h>
#include <sddl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RIGHTS_TEXT = 1024 };

static int fail(const char *call, struct error *error) {
    char words[SYSTEM_ERROR_TEXT];
    return error_set(error, "%s: %s", call, system_error_text(GetLastError(), words));
}

/* ---- who may ---- */

/* "USER", "USER:GROUP" or ":GROUP": the SID of the group, "" if there is none. */
static int find_group(const char *owner, char text[SID_TEXT], struct error *error) {
    const char *group = owner ? strchr(owner, ':') : NULL;
    struct sid sid;
    DWORD size = sizeof sid, domain_length = MAX_PATH;
    wchar_t domain[MAX_PATH];
    SID_NAME_USE use;
    text[0] = '\0';
    if (!group || !group[1])
        return 0;
    wchar_t *wide = wide_of(group + 1);
    if (!wide)
        return error_set(error, "out of memory");
    bool is_found =
        LookupAccountNameW(NULL, wide, &sid.sid, &size, domain, &domain_length, &use) && sid_write(&sid.sid, text);
    free(wide);
    return is_found ? 0 : fail("there is no such group", error);
}

PSECURITY_DESCRIPTOR pipe_rights_new(const char *owner, struct error *error) {
    struct sid_self self;
    char own[SID_TEXT], group[SID_TEXT], member[SID_TEXT + 40] = "", rights[RIGHTS_TEXT];
    PSECURITY_DESCRIPTOR descriptor;
    if (!sid_of_self(&self) || !sid_write(&self.user.sid, own)) {
        (void)fail("cannot find out the account of this process", error);
        return NULL;
    }
    if (find_group(owner, group, error))
        return NULL;
    if (group[0])
        snprintf(member, sizeof member, "(A;;0x%x;;;%s)", PIPE_CLIENT_RIGHTS, group);
    snprintf(rights, sizeof rights, "O:%sD:P(D;;GA;;;NU)(A;;GA;;;SY)(A;;GA;;;BA)(A;;GA;;;%s)%s", own, own, member);
    if (ConvertStringSecurityDescriptorToSecurityDescriptorA(rights, SDDL_REVISION_1, &descriptor, NULL))
        return descriptor;
    (void)fail("cannot make the rights of the pipe", error);
    return NULL;
}

/* ---- who asks, who answers ---- */

bool pipe_client_name(HANDLE pipe, char *name, size_t size) {
    struct sid client;
    char text[SID_TEXT];
    HANDLE token;
    if (!ImpersonateNamedPipeClient(pipe))
        return false;
    bool is_open = OpenThreadToken(GetCurrentThread(), TOKEN_QUERY, TRUE, &token);
    if (!RevertToSelf()) /* it would go on with the rights of another */
        abort();
    bool is_known = is_open && sid_of_token(token, &client) && sid_write(&client.sid, text);
    if (is_open)
        CloseHandle(token);
    if (is_known && IsWellKnownSid(&client.sid, WinLocalSystemSid))
        snprintf(name, size, "SYSTEM");
    else if (is_known)
        snprintf(name, size, "user %s", text);
    return is_known;
}

static bool is_trusted(PSID sid) {
    return sid_is_system(sid) || sid_is_service(sid) || sid_is_self(sid) || IsWellKnownSid(sid, WinLocalServiceSid) ||
           IsWellKnownSid(sid, WinNetworkServiceSid);
}

int pipe_check_server(HANDLE pipe, struct error *error) {
    PSECURITY_DESCRIPTOR descriptor;
    PSID owner;
    char name[SID_NAME] = "unknown";
    DWORD number =
        GetSecurityInfo(pipe, SE_KERNEL_OBJECT, OWNER_SECURITY_INFORMATION, &owner, NULL, NULL, NULL, &descriptor);
    if (number) {
        SetLastError(number);
        return fail("cannot find out whose the pipe is", error);
    }
    bool is_right = owner && is_trusted(owner);
    if (owner)
        (void)sid_name(owner, name);
    LocalFree(descriptor);
    return is_right
               ? 0
               : error_set(error,
                           "the pipe is of the account %s, which is neither a service's nor an administrator's nor "
                           "yours: another program may have taken the name",
                           name);
}
