# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Munnel authors
#
# libmunnel_agent.a: munnel-agent (all but main.c), and the program.
# Add each new .c and .h below, one a line, in the commit that adds the file.
noinst_LIBRARIES += libmunnel_agent.a
libmunnel_agent_a_SOURCES =

# The program: links a library before those that it uses. Uncomment when main.c is there.
#bin_PROGRAMS += munnel-agent
#munnel_agent_SOURCES = src/agent/main.c
#munnel_agent_LDADD = libmunnel_agent.a libmunnel_relay.a libmunnel_conf.a libmunnel_proto.a libmunnel_lib.a $(SYSTEM_LIBS)
