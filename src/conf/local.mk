# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Munnel authors
#
# libmunnel_conf.a: options, configuration files, credentials.
# Add each new .c and .h below, one a line, in the commit that adds the file.
noinst_LIBRARIES += libmunnel_conf.a
libmunnel_conf_a_SOURCES = \
	src/conf/admin_places.h \
	src/conf/advertised_addr.c \
	src/conf/advertised_addr.h \
	src/conf/agents_file.c \
	src/conf/agents_file.h \
	src/conf/agent_cmdline.c \
	src/conf/agent_cmdline.h \
	src/conf/cmdline.c \
	src/conf/cmdline.h \
	src/conf/credentials.c \
	src/conf/credentials.h \
	src/conf/credentials_file.c \
	src/conf/expand.c \
	src/conf/expand.h \
	src/conf/credential_issue.c \
	src/conf/credential_issue.h \
	src/conf/include.c \
	src/conf/include.h \
	src/conf/join_code_issue.c \
	src/conf/join_code_issue.h \
	src/conf/key_file.c \
	src/conf/key_file.h \
	src/conf/listen_check.c \
	src/conf/listen_check.h \
	src/conf/lock.h \
	src/conf/local_addrs.c \
	src/conf/local_addrs.h \
	src/conf/local_addrs_priv.h \
	src/conf/managed_file.c \
	src/conf/managed_file.h \
	src/conf/places.h \
	src/conf/option.c \
	src/conf/option_copy.c \
	src/conf/option.h \
	src/conf/option_json.c \
	src/conf/option_priv.h \
	src/conf/option_value.c \
	src/conf/provision.c \
	src/conf/provision.h \
	src/conf/server_check.c \
	src/conf/server_check.h \
	src/conf/server_cmdline.c \
	src/conf/server_cmdline.h \
	src/conf/server_config.c \
	src/conf/server_config.h \
	src/conf/server_diff.c \
	src/conf/server_diff.h \
	src/conf/server_diff_json.c \
	src/conf/server_options.c \
	src/conf/publish_permit.c \
	src/conf/publish_permit.h \
	src/conf/server_place.c \
	src/conf/server_published.c \
	src/conf/server_published.h \
	src/conf/server_shown.c \
	src/conf/shared_listen.c \
	src/conf/shared_listen.h \
	src/conf/publish_spec.c \
	src/conf/publish_spec.h \
	src/conf/suggest.c \
	src/conf/suggest.h \
	src/conf/udp_check.c \
	src/conf/udp_check.h \
	src/conf/validators.c \
	src/conf/validators.h \
	src/conf/visit_spec.c \
	src/conf/visit_spec.h \
	src/conf/visitors_check.c \
	src/conf/visitors_check.h

# What differs by system is a file for each system, chosen here.
if WINDOWS
libmunnel_conf_a_SOURCES += \
	src/conf/local_addrs_windows.c \
	src/conf/lock_windows.c \
	src/conf/places_windows.c
else
libmunnel_conf_a_SOURCES += \
	src/conf/local_addrs_posix.c \
	src/conf/lock_posix.c \
	src/conf/places_posix.c
endif
