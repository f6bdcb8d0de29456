/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * interface_names: the system's header for if_nametoindex() and IF_NAMESIZE. Apart from socket_types.h because that of
 * Windows brings that of its cryptography, whose macros have the names of OpenSSL's types: only .c files without
 * OpenSSL include it. Runs on: any thread. Owns: nothing.
 */
#ifndef MUNNEL_LIB_NET_INTERFACE_NAMES_H
#define MUNNEL_LIB_NET_INTERFACE_NAMES_H

#include "lib/net/socket_types.h"

#ifdef _WIN32
#include <iphlpapi.h>
#else
#include <net/if.h>
#endif

#endif
