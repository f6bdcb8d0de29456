# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Munnel authors
#
# libmunnel_proto.a: what crosses the wire.
# Add each new .c and .h below, one a line, in the commit that adds the file.
noinst_LIBRARIES += libmunnel_proto.a
libmunnel_proto_a_SOURCES = \
	src/proto/frame.c \
	src/proto/frame.h \
	src/proto/join.c \
	src/proto/join.h \
	src/proto/message.h \
	src/proto/message_control.c \
	src/proto/message_greeting.c \
	src/proto/message_priv.h \
	src/proto/message_relay.c \
	src/proto/open_memory.c \
	src/proto/open_memory.h \
	src/proto/message_text.c \
	src/proto/proof.c \
	src/proto/proof.h \
	src/proto/session_key.c \
	src/proto/session_key.h
