/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/* host_name_windows: see host_name.h. The name of DNS, not that of NetBIOS, which is cut after 15 characters. */
#include "config.h"

#include "lib/os/host_name.h"

#include "lib/base/strbuf.h"
#include "lib/base/wide.h"

#include <stdlib.h>
#include <windows.h>

void host_name(char *name, size_t size) {
    wchar_t wide[HOST_NAME_SIZE] = L"";
    DWORD length = HOST_NAME_SIZE;
    char *whole = GetComputerNameExW(ComputerNameDnsHostname, wide, &length) ? wide_to_utf8(wide) : NULL;

    strbuf_copy(name, size, whole ? whole : "");
    free(whole);
}
