# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Munnel authors
#
# libmunnel_lib.a: what knows nothing of Munnel.
# Add each new .c and .h below, one a line, in the commit that adds the file.
noinst_LIBRARIES += libmunnel_lib.a
libmunnel_lib_a_SOURCES = \
	src/lib/addr.c \
	src/lib/addr.h \
	src/lib/clock.c \
	src/lib/clock.h \
	src/lib/endpoint.c \
	src/lib/error.c \
	src/lib/error.h \
	src/lib/file.h \
	src/lib/json.c \
	src/lib/json.h \
	src/lib/log.h \
	src/lib/loop.h \
	src/lib/mailbox.h \
	src/lib/pki.h \
	src/lib/resolver.h \
	src/lib/rules.h \
	src/lib/secret.c \
	src/lib/secret.h \
	src/lib/sock.h \
	src/lib/tls.h
