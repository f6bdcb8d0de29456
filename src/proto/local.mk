# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Munnel authors
#
# libmunnel_proto.a: what crosses the wire.
# Add each new .c and .h below, one a line, in the commit that adds the file.
noinst_LIBRARIES += libmunnel_proto.a
libmunnel_proto_a_SOURCES = \
	src/proto/auth_proof.c \
	src/proto/auth_proof.h \
	src/proto/ban_changes.c \
	src/proto/ban_changes.h \
	src/proto/control.c \
	src/proto/control.h \
	src/proto/features.c \
	src/proto/features.h \
	src/proto/frame.c \
	src/proto/frame.h \
	src/proto/health.c \
	src/proto/health.h \
	src/proto/hello.c \
	src/proto/hello.h \
	src/proto/http_head.c \
	src/proto/http_head.h \
	src/proto/host_name.c \
	src/proto/host_name.h \
	src/proto/http_answer.h \
	src/proto/http_requests.c \
	src/proto/http_requests.h \
	src/proto/http_responses.c \
	src/proto/http_responses.h \
	src/proto/join_code.c \
	src/proto/join_code.h \
	src/proto/json_fields.c \
	src/proto/json_fields.h \
	src/proto/limits.h \
	src/proto/open.c \
	src/proto/open.h \
	src/proto/proxy_protocol.h \
	src/proto/proxy_read.c \
	src/proto/proxy_tlvs.c \
	src/proto/proxy_write.c \
	src/proto/proxy.c \
	src/proto/proxy.h \
	src/proto/proxy_auth.c \
	src/proto/proxy_auth.h \
	src/proto/proxy_io.c \
	src/proto/proxy_io.h \
	src/proto/proxy_talk.c \
	src/proto/proxy_talk.h \
	src/proto/publish.c \
	src/proto/publish.h \
	src/proto/services.c \
	src/proto/services.h \
	src/proto/socks5.c \
	src/proto/socks5.h \
	src/proto/stream.c \
	src/proto/stream.h \
	src/proto/visits.c \
	src/proto/visits.h
