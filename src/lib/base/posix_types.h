/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * posix_types: types of POSIX in which contracts are written, where the system has them not.
 * Runs on: any thread. Owns: nothing.
 */
#ifndef MUNNEL_LIB_BASE_POSIX_TYPES_H
#define MUNNEL_LIB_BASE_POSIX_TYPES_H

#include <stddef.h>
#include <sys/types.h> /* ssize_t and pid_t: everywhere */

#ifdef _WIN32
struct iovec {
    void *iov_base;
    size_t iov_len;
};
/* Windows knows accounts by SID. The types are there for the contracts that have them; the functions of Windows report
 * the user and the group as unknown. */
typedef unsigned uid_t;
typedef unsigned gid_t;
#else
#include <sys/uio.h>
#endif

#endif
