/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * privilege_windows: see privilege.h. Who a process is, its start decides: a service's account, or the user's. What it
 * could do besides, as an administrator's or a service's process, it gives up here.
 */
#include "config.h"

#include "lib/os/privilege.h"

#include <stdint.h>
#include <stdlib.h>
#include <windows.h>

#include <aclapi.h>
#include <sddl.h>

/* ---- rights of the process ---- */

static TOKEN_PRIVILEGES *read_privileges(HANDLE token) {
    DWORD size = 0;

    GetTokenInformation(token, TokenPrivileges, NULL, 0, &size);
    TOKEN_PRIVILEGES *privileges = size ? malloc(size) : NULL;
    if (privileges && GetTokenInformation(token, TokenPrivileges, privileges, size, &size))
        return privileges;
    free(privileges);
    return NULL;
}

/* All but the one to pass through folders, which everybody has and files are opened by. */
static void remove_privileges(void) {
    HANDLE token;
    LUID kept;

    if (!LookupPrivilegeValueW(NULL, L"SeChangeNotifyPrivilege", &kept) ||
        !OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY | TOKEN_ADJUST_PRIVILEGES, &token))
        return;
    TOKEN_PRIVILEGES *privileges = read_privileges(token);
    for (DWORD i = 0; privileges && i < privileges->PrivilegeCount; i++) {
        LUID_AND_ATTRIBUTES *privilege = &privileges->Privileges[i];
        if (privilege->Luid.LowPart != kept.LowPart || privilege->Luid.HighPart != kept.HighPart)
            privilege->Attributes = SE_PRIVILEGE_REMOVED;
    }
    if (privileges)
        AdjustTokenPrivileges(token, FALSE, privileges, 0, NULL, NULL);
    free(privileges);
    CloseHandle(token);
}

/* Other processes of its user may end it, wait for it and see that it is there, but neither read nor change it. */
static void close_to_others(void) {
    static const wchar_t rights[] = L"D:P(A;;0x1FFFFF;;;SY)(A;;0x1FFFFF;;;BA)(A;;0x101001;;;OW)";
    PSECURITY_DESCRIPTOR descriptor;
    PACL list;
    BOOL is_there, is_default;

    if (!ConvertStringSecurityDescriptorToSecurityDescriptorW(rights, SDDL_REVISION_1, &descriptor, NULL))
        return;
    if (GetSecurityDescriptorDacl(descriptor, &is_there, &list, &is_default) && is_there)
        (void)SetSecurityInfo(GetCurrentProcess(), SE_KERNEL_OBJECT,
                              DACL_SECURITY_INFORMATION | PROTECTED_DACL_SECURITY_INFORMATION, NULL, NULL, list, NULL);
    LocalFree(descriptor);
}

/* ---- what programs of others could make of it ---- */

static void set_policies(void) {
    PROCESS_MITIGATION_DYNAMIC_CODE_POLICY code = {.ProhibitDynamicCode = 1};
    PROCESS_MITIGATION_EXTENSION_POINT_DISABLE_POLICY extensions = {.DisableExtensionPoints = 1};
    PROCESS_MITIGATION_IMAGE_LOAD_POLICY images = {.NoRemoteImages = 1,
                                                   .NoLowMandatoryLabelImages = 1,
                                                   .PreferSystem32Images = 1};
    PROCESS_MITIGATION_CHILD_PROCESS_POLICY children = {.NoChildProcessCreation = 1};

    (void)SetProcessMitigationPolicy(ProcessDynamicCodePolicy, &code, sizeof code);
    (void)SetProcessMitigationPolicy(ProcessExtensionPointDisablePolicy, &extensions, sizeof extensions);
    (void)SetProcessMitigationPolicy(ProcessImageLoadPolicy, &images, sizeof images);
    (void)SetProcessMitigationPolicy(ProcessChildProcessPolicy, &children, sizeof children);
}

void privilege_seal(void) {
    /* No report of a crash, which would hold memory. A heap that is damaged ends the process at once. */
    SetErrorMode(SEM_FAILCRITICALERRORS | SEM_NOGPFAULTERRORBOX | SEM_NOOPENFILEERRORBOX);
    (void)HeapSetInformation(NULL, HeapEnableTerminationOnCorruption, NULL, 0);
    set_policies();
    remove_privileges();
    close_to_others();
}

/* ---- users ---- */

static int refuse(const char *user, struct error *error) {
    return error_set(error,
                     "cannot become user \"%s\": on Windows the service manager chooses the account; leave \"user\" "
                     "out, see munnel service install",
                     user);
}

int privilege_drop(const char *user, const char *group, struct error *error) {
    (void)group;
    return user ? refuse(user, error) : 0;
}

int privilege_check(const char *user, const char *group, struct error *error) {
    (void)group;
    return user ? refuse(user, error) : 0;
}

int privilege_give(const char *path, const char *user, const char *group, struct error *error) {
    (void)path, (void)group;
    return user ? refuse(user, error) : 0;
}
