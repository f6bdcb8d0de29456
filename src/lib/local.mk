# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Munnel authors
#
# libmunnel_lib.a: what knows nothing of Munnel.
# Add each new .c and .h below, one a line, in the commit that adds the file.
noinst_LIBRARIES += libmunnel_lib.a
libmunnel_lib_a_SOURCES = \
	src/lib/addr.c \
	src/lib/addr.h \
	src/lib/certificate.c \
	src/lib/certificate.h \
	src/lib/clock.c \
	src/lib/clock.h \
	src/lib/endpoint.c \
	src/lib/error.c \
	src/lib/error.h \
	src/lib/expiry.c \
	src/lib/expiry.h \
	src/lib/file.c \
	src/lib/file.h \
	src/lib/file_posix.c \
	src/lib/json.c \
	src/lib/json.h \
	src/lib/log.c \
	src/lib/log.h \
	src/lib/log_line.c \
	src/lib/log_line.h \
	src/lib/log_target.c \
	src/lib/loop.c \
	src/lib/loop.h \
	src/lib/mailbox.c \
	src/lib/mailbox.h \
	src/lib/memory.h \
	src/lib/notify.c \
	src/lib/notify.h \
	src/lib/pki.c \
	src/lib/pki.h \
	src/lib/privilege.h \
	src/lib/privilege_linux.c \
	src/lib/privilege_other.c \
	src/lib/privilege_posix.c \
	src/lib/resolver.c \
	src/lib/resolver.h \
	src/lib/resolver_lookups.c \
	src/lib/resolver_priv.h \
	src/lib/resolver_system.c \
	src/lib/rules.c \
	src/lib/rules.h \
	src/lib/rules_parse.c \
	src/lib/rules_priv.h \
	src/lib/secret.c \
	src/lib/secret.h \
	src/lib/sensitive.c \
	src/lib/sock.h \
	src/lib/sock_access.c \
	src/lib/sock_bind.c \
	src/lib/sock_linux.c \
	src/lib/sock_other.c \
	src/lib/sock_posix.c \
	src/lib/sock_priv.h \
	src/lib/standard_streams.h \
	src/lib/standard_streams_posix.c \
	src/lib/text.c \
	src/lib/text.h \
	src/lib/thread.c \
	src/lib/thread.h \
	src/lib/thread_linux.c \
	src/lib/thread_other.c \
	src/lib/tls.c \
	src/lib/tls.h \
	src/lib/tls_lost.c \
	src/lib/tls_priv.h \
	src/lib/tls_psk.c \
	src/lib/tls_shake.c \
	src/lib/tls_verify.c \
	src/lib/tls_why.c \
	src/lib/watch.c \
	src/lib/watch.h

# What malloc is told differs by C library.
if GLIBC_MALLOC
libmunnel_lib_a_SOURCES += src/lib/memory_glibc.c
else
libmunnel_lib_a_SOURCES += src/lib/memory_other.c
endif
