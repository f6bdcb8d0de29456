# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Munnel authors
#
# libmunnel_ctl.a: munnel, the command-line tool (all but main.c), and the program.
# Add each new .c and .h below, one a line, in the commit that adds the file.
noinst_LIBRARIES += libmunnel_ctl.a
libmunnel_ctl_a_SOURCES =

# The program: links a library before those that it uses. Uncomment when main.c is there.
#bin_PROGRAMS += munnel
#munnel_SOURCES = src/ctl/main.c
#munnel_LDADD = libmunnel_ctl.a libmunnel_conf.a libmunnel_proto.a libmunnel_lib.a $(SYSTEM_LIBS)
