# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Munnel authors
#
# libmunnel_agent.a: munnel-agent (all but main.c), and the program.
# Add each new .c and .h below, one a line, in the commit that adds the file.
noinst_LIBRARIES += libmunnel_agent.a
libmunnel_agent_a_SOURCES = \
	src/agent/agent.c \
	src/agent/agent.h \
	src/agent/attempt.c \
	src/agent/attempt.h \
	src/agent/backoff.c \
	src/agent/backoff.h \
	src/agent/check.c \
	src/agent/check.h \
	src/agent/drain.c \
	src/agent/drain.h \
	src/agent/failure.c \
	src/agent/failure.h \
	src/agent/identities.c \
	src/agent/identities.h \
	src/agent/join_only.c \
	src/agent/join_only.h \
	src/agent/joined.c \
	src/agent/joined.h \
	src/agent/joining.c \
	src/agent/joining.h \
	src/agent/links.c \
	src/agent/links.h \
	src/agent/own_certificate.c \
	src/agent/own_certificate.h \
	src/agent/process.c \
	src/agent/process.h \
	src/agent/session.c \
	src/agent/session.h \
	src/agent/session_list.c \
	src/agent/session_list.h \
	src/agent/signals.c \
	src/agent/signals.h \
	src/agent/terminal.h \
	src/agent/terminal_posix.c \
	src/agent/token.c \
	src/agent/token.h \
	src/agent/trust.c \
	src/agent/trust.h \
	src/agent/upstream.c \
	src/agent/upstream.h \
	src/agent/vitals.c \
	src/agent/vitals.h \
	src/agent/welcome.c \
	src/agent/welcome.h

# The program: links a library before those that it uses.
bin_PROGRAMS += munnel-agent
munnel_agent_SOURCES = src/agent/main.c
munnel_agent_LDADD = libmunnel_agent.a libmunnel_relay.a libmunnel_conf.a libmunnel_proto.a libmunnel_lib.a $(SYSTEM_LIBS)
