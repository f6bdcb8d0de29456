# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Munnel authors
#
# libmunnel_conf.a: options, configuration files, credentials.
# Add each new .c and .h below, one a line, in the commit that adds the file.
noinst_LIBRARIES += libmunnel_conf.a
libmunnel_conf_a_SOURCES = \
	src/conf/agent_options.c \
	src/conf/agent_options.h \
	src/conf/agent_table.h \
	src/conf/blame.c \
	src/conf/blame.h \
	src/conf/command_line.c \
	src/conf/command_line.h \
	src/conf/conf_list.c \
	src/conf/conf_list.h \
	src/conf/credentials.c \
	src/conf/credentials.h \
	src/conf/credentials_file.c \
	src/conf/date.c \
	src/conf/date.h \
	src/conf/invitation.c \
	src/conf/invitation.h \
	src/conf/local_names.h \
	src/conf/local_names_posix.c \
	src/conf/nearest.c \
	src/conf/nearest.h \
	src/conf/option.c \
	src/conf/option.h \
	src/conf/option_priv.h \
	src/conf/option_value.c \
	src/conf/reachable.c \
	src/conf/reachable.h \
	src/conf/server_check.c \
	src/conf/server_check.h \
	src/conf/server_conf.c \
	src/conf/server_conf.h \
	src/conf/server_options.c \
	src/conf/server_options.h \
	src/conf/server_table.c \
	src/conf/server_table.h \
	src/conf/setup.c \
	src/conf/setup.h \
	src/conf/text_check.c \
	src/conf/text_check.h \
	src/conf/version.c \
	src/conf/version.h
