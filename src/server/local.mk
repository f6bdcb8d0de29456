# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Munnel authors
#
# libmunnel_server.a: the control plane of munneld (all but main.c), and munneld.
# Add each new .c and .h below, one a line, in the commit that adds the file.
noinst_LIBRARIES += libmunnel_server.a
libmunnel_server_a_SOURCES = \
	src/server/admission.c \
	src/server/admission.h \
	src/server/agents.c \
	src/server/agents.h \
	src/server/balance.c \
	src/server/balance.h \
	src/server/claim.c \
	src/server/claim.h \
	src/server/clients.c \
	src/server/clients.h \
	src/server/complain.c \
	src/server/complain.h \
	src/server/demand.c \
	src/server/demand.h \
	src/server/descriptors.h \
	src/server/descriptors_posix.c \
	src/server/dispatch.c \
	src/server/dispatch.h \
	src/server/door.c \
	src/server/door.h \
	src/server/first_start.c \
	src/server/first_start.h \
	src/server/flaps.c \
	src/server/flaps.h \
	src/server/greet.c \
	src/server/greet.h \
	src/server/hearing.c \
	src/server/hearing.h \
	src/server/listener.c \
	src/server/listener.h \
	src/server/listeners.c \
	src/server/listeners.h \
	src/server/liveness.c \
	src/server/liveness.h \
	src/server/once.c \
	src/server/once.h \
	src/server/peek.c \
	src/server/peek.h \
	src/server/penalties.c \
	src/server/penalties.h \
	src/server/pending.c \
	src/server/pending.h \
	src/server/places.c \
	src/server/places.h \
	src/server/pool.c \
	src/server/pool.h \
	src/server/reload.c \
	src/server/reload.h \
	src/server/requests.c \
	src/server/requests.h \
	src/server/roster.c \
	src/server/roster.h \
	src/server/server.c \
	src/server/server.h \
	src/server/server_priv.h \
	src/server/service.c \
	src/server/service.h \
	src/server/session.c \
	src/server/session.h \
	src/server/signals.c \
	src/server/signals.h \
	src/server/source.c \
	src/server/source.h \
	src/server/standing.c \
	src/server/standing.h \
	src/server/supply.c \
	src/server/supply.h \
	src/server/told.c \
	src/server/told.h

# The program: links a library before those that it uses.
bin_PROGRAMS += munneld
munneld_SOURCES = src/server/main.c
munneld_LDADD = libmunnel_server.a libmunnel_relay.a libmunnel_conf.a libmunnel_proto.a libmunnel_lib.a $(SYSTEM_LIBS)
