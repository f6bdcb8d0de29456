/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * file_rights_priv: the list of a file's rights (DACL), for the two files of file_rights.h.
 */
#ifndef MUNNEL_LIB_BASE_FILE_RIGHTS_PRIV_H
#define MUNNEL_LIB_BASE_FILE_RIGHTS_PRIV_H

#include "lib/base/sid.h"

struct rights {
    PSID owner;
    PACL list;                       /* NULL: everybody may do everything */
    PSECURITY_DESCRIPTOR descriptor; /* has both; LocalFree() */
};

bool file_rights_of(HANDLE file, struct rights *rights); /* false with GetLastError() */
/* Whom entry `i` gives which rights, and how it is inherited; NULL: it gives none. */
PSID file_rights_entry(const struct rights *rights, DWORD i, ACCESS_MASK *mask, BYTE *flags);

#endif
