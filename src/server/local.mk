# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Munnel authors
#
# libmunnel_server.a: the control plane of munneld (all but main.c), and munneld.
# Add each new .c and .h below, one a line, in the commit that adds the file.
noinst_LIBRARIES += libmunnel_server.a
libmunnel_server_a_SOURCES =

# The program: links a library before those that it uses. Uncomment when main.c is there.
#bin_PROGRAMS += munneld
#munneld_SOURCES = src/server/main.c
#munneld_LDADD = libmunnel_server.a libmunnel_relay.a libmunnel_conf.a libmunnel_proto.a libmunnel_lib.a $(SYSTEM_LIBS)
