/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * sid: the accounts of Windows, by their security identifiers. Only files of Windows include it.
 * Runs on: any thread. Owns: nothing.
 */
#ifndef MUNNEL_LIB_BASE_SID_H
#define MUNNEL_LIB_BASE_SID_H

#include <stdbool.h>
#include <winsock2.h>

#include <windows.h>

enum { SID_TEXT = 192, SID_NAME = 256 };

struct sid {
    union {
        SID sid;
        BYTE bytes[SECURITY_MAX_SID_SIZE];
    };
};

struct sid_self {
    struct sid user;    /* whose process this is */
    bool is_privileged; /* it runs as SYSTEM or with the rights of Administrators: as root does elsewhere */
};

bool sid_of_self(struct sid_self *self);          /* false with GetLastError() */
bool sid_of_token(HANDLE token, struct sid *sid); /* whose it is */
bool sid_is_self(PSID sid);                       /* whose process this is */
bool sid_is_system(PSID sid);                     /* SYSTEM or Administrators, who can take any file and any right */
bool sid_is_service(PSID sid);                    /* the account of one service, NT SERVICE\NAME */
bool sid_write(PSID sid, char text[SID_TEXT]);    /* "S-1-5-18" */
/* "DOMAIN\name", or as sid_write() if it is not known; may ask a domain's controller: for errors only. Returns `name`
 */
char *sid_name(PSID sid, char name[SID_NAME]);

#endif
