# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Munnel authors
#
# libmunnel_proto.a: what crosses the wire.
# Add each new .c and .h below, one a line, in the commit that adds the file.
noinst_LIBRARIES += libmunnel_proto.a
libmunnel_proto_a_SOURCES = \
	src/proto/auth_proof.c \
	src/proto/auth_proof.h \
	src/proto/control.c \
	src/proto/control.h \
	src/proto/features.c \
	src/proto/features.h \
	src/proto/frame.c \
	src/proto/frame.h \
	src/proto/hello.c \
	src/proto/hello.h \
	src/proto/join_code.c \
	src/proto/join_code.h \
	src/proto/json_fields.c \
	src/proto/json_fields.h \
	src/proto/limits.h \
	src/proto/open.c \
	src/proto/open.h \
	src/proto/proxy_protocol.h \
	src/proto/proxy_tlvs.c \
	src/proto/proxy_write.c \
	src/proto/services.c \
	src/proto/services.h \
	src/proto/stream.c \
	src/proto/stream.h
