# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Munnel authors
#
# libmunnel_relay.a: the data plane.
# Add each new .c and .h below, one a line, in the commit that adds the file.
noinst_LIBRARIES += libmunnel_relay.a
libmunnel_relay_a_SOURCES = \
	src/relay/reason.h \
	src/relay/relay_msg.h
