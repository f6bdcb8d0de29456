# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Munnel authors
#
# libmunnel_ctl.a: munnel, the command-line tool (all but main.c), and the program.
# Add each new .c and .h below, one a line, in the commit that adds the file.
noinst_LIBRARIES += libmunnel_ctl.a
libmunnel_ctl_a_SOURCES = \
	src/ctl/agent_add.c \
	src/ctl/agent_certificate.c \
	src/ctl/agent_certificate.h \
	src/ctl/agent_list.c \
	src/ctl/agent_revoke.c \
	src/ctl/agent_store.c \
	src/ctl/agent_store.h \
	src/ctl/commands.h \
	src/ctl/init.c \
	src/ctl/lock.h \
	src/ctl/lock_posix.c \
	src/ctl/program.c \
	src/ctl/subcommand.c \
	src/ctl/subcommand.h

# The program: links a library before those that it uses.
bin_PROGRAMS += munnel
munnel_SOURCES = src/ctl/main.c
munnel_LDADD = libmunnel_ctl.a libmunnel_conf.a libmunnel_proto.a $(LIB_LIBS) $(SYSTEM_LIBS)
