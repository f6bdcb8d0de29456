# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Munnel authors
#
# libmunnel_relay.a: the data plane.
# Add each new .c and .h below, one a line, in the commit that adds the file.
noinst_LIBRARIES += libmunnel_relay.a
libmunnel_relay_a_SOURCES = \
	src/relay/again.c \
	src/relay/again.h \
	src/relay/batch.c \
	src/relay/batch.h \
	src/relay/channel.c \
	src/relay/channel.h \
	src/relay/dial.c \
	src/relay/dial.h \
	src/relay/dial_order.h \
	src/relay/drain.c \
	src/relay/drain.h \
	src/relay/endings.c \
	src/relay/endings.h \
	src/relay/link.c \
	src/relay/link.h \
	src/relay/link_bio.c \
	src/relay/link_bio.h \
	src/relay/link_control.c \
	src/relay/link_data.c \
	src/relay/link_greet.c \
	src/relay/link_deliver.c \
	src/relay/link_idle.c \
	src/relay/link_priv.h \
	src/relay/link_send.c \
	src/relay/link_shake.c \
	src/relay/own_dials.c \
	src/relay/own_dials.h \
	src/relay/plain.c \
	src/relay/plain.h \
	src/relay/plane.c \
	src/relay/plane_priv.h \
	src/relay/plane_all.c \
	src/relay/plane_say.c \
	src/relay/reason.c \
	src/relay/reason.h \
	src/relay/record.c \
	src/relay/record.h \
	src/relay/relay.c \
	src/relay/relay.h \
	src/relay/relay_agent.c \
	src/relay/relay_msg.h \
	src/relay/relay_priv.h \
	src/relay/relay_server.c \
	src/relay/relay_sweep.c \
	src/relay/terms.c \
	src/relay/terms.h \
	src/relay/worker.c \
	src/relay/worker_priv.h
