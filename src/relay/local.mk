# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Munnel authors
#
# libmunnel_relay.a: the data plane.
# Add each new .c and .h below, one a line, in the commit that adds the file.
noinst_LIBRARIES += libmunnel_relay.a
libmunnel_relay_a_SOURCES = \
	src/relay/carrier_role.h \
	src/relay/client.h \
	src/relay/dial_order.h \
	src/relay/events.c \
	src/relay/link/bio.c \
	src/relay/link/bio.h \
	src/relay/link/carrier.c \
	src/relay/link/carrier.h \
	src/relay/link/close_marks.c \
	src/relay/link/close_marks.h \
	src/relay/link/control.c \
	src/relay/link/data.c \
	src/relay/flush.c \
	src/relay/flush.h \
	src/relay/link/greeting.c \
	src/relay/link/handshake.c \
	src/relay/link/path.c \
	src/relay/link/path.h \
	src/relay/link/link.c \
	src/relay/link/link.h \
	src/relay/link/link_priv.h \
	src/relay/link/send.c \
	src/relay/link_ref.h \
	src/relay/mux/carriers.c \
	src/relay/mux/gather.c \
	src/relay/mux/move.c \
	src/relay/mux/mux.c \
	src/relay/mux/mux.h \
	src/relay/mux/mux_priv.h \
	src/relay/mux/outcomes.c \
	src/relay/mux/receive.c \
	src/relay/mux/resume.c \
	src/relay/mux/seen_numbers.c \
	src/relay/mux/seen_numbers.h \
	src/relay/mux/send_buffer.c \
	src/relay/mux/send_buffer.h \
	src/relay/mux/streams.c \
	src/relay/mux/turn.c \
	src/relay/plane.c \
	src/relay/plane.h \
	src/relay/plane_all.c \
	src/relay/plane_events.h \
	src/relay/plane_orders.c \
	src/relay/plane_priv.h \
	src/relay/plane_services.c \
	src/relay/plane_sessions.c \
	src/relay/reason.c \
	src/relay/reason.h \
	src/relay/record.c \
	src/relay/record.h \
	src/relay/service_table.c \
	src/relay/service_table.h \
	src/relay/service_terms.c \
	src/relay/service_terms.h \
	src/relay/stream/connect.c \
	src/relay/stream/connect.h \
	src/relay/stream/loop_detect.c \
	src/relay/stream/loop_detect.h \
	src/relay/stream/pump.c \
	src/relay/stream/pump.h \
	src/relay/stream/relay.c \
	src/relay/stream/relay.h \
	src/relay/stream/relay_agent.c \
	src/relay/stream/relay_priv.h \
	src/relay/stream/relay_server.c \
	src/relay/stream/socket.c \
	src/relay/stream/socket.h \
	src/relay/stream/timeouts.c \
	src/relay/thread.c \
	src/relay/thread_priv.h \
	src/relay/thread_session.c \
	src/relay/thread_session.h
