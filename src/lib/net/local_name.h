/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * local_name: the name by which programs of this machine reach one that listens for them: the path of a Unix socket, or
 * on Windows that of a pipe.
 * Runs on: any thread. Owns: nothing.
 */
#ifndef MUNNEL_LIB_NET_LOCAL_NAME_H
#define MUNNEL_LIB_NET_LOCAL_NAME_H

#include "lib/base/error.h"

int local_name_check(const char *name,
                     struct error *error); /* 0, or -1 with `error`, which has the form that is right */

#endif
