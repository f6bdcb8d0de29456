/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * socket_types: the system's headers for socket addresses and for what names are resolved to: the one place that
 * chooses between those of POSIX and those of Windows. A socket is an evutil_socket_t, invalid when negative: an int on
 * POSIX, where files have the same numbers; a handle as wide as a pointer on Windows, which no call for files takes.
 * Runs on: any thread. Owns: nothing.
 */
#ifndef MUNNEL_LIB_NET_SOCKET_TYPES_H
#define MUNNEL_LIB_NET_SOCKET_TYPES_H

#include <event2/util.h>

#ifdef _WIN32
#include <winsock2.h> /* before all other headers of Windows */

#include <afunix.h>
#include <ws2tcpip.h>

#undef far /* words of 16-bit systems, empty */
#undef near

/* Of <wincrypt.h>, which those bring whatever NOCRYPT says: OpenSSL's types have these names. */
#undef OCSP_REQUEST
#undef OCSP_RESPONSE
#undef PKCS7_ISSUER_AND_SERIAL
#undef PKCS7_SIGNER_INFO
#undef X509_EXTENSIONS
#undef X509_NAME
#else
#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#endif

#endif
