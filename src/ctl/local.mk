# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Munnel authors
#
# libmunnel_ctl.a: munnel, the command-line tool (all but main.c), and the program.
# Add each new .c and .h below, one a line, in the commit that adds the file.
noinst_LIBRARIES += libmunnel_ctl.a
libmunnel_ctl_a_SOURCES = \
	src/ctl/admin_client.c \
	src/ctl/admin_client.h \
	src/ctl/admin_command.c \
	src/ctl/admin_command.h \
	src/ctl/admin_socket.h \
	src/ctl/agent_add.c \
	src/ctl/agent_certificate.c \
	src/ctl/agent_certificate.h \
	src/ctl/agent_control.c \
	src/ctl/agent_list.c \
	src/ctl/agent_permit.c \
	src/ctl/agent_revoke.c \
	src/ctl/agent_store.c \
	src/ctl/agent_store.h \
	src/ctl/answer.c \
	src/ctl/answer.h \
	src/ctl/archive_file.h \
	src/ctl/ban.c \
	src/ctl/check.c \
	src/ctl/child.h \
	src/ctl/command_table.c \
	src/ctl/command_table.h \
	src/ctl/commands.h \
	src/ctl/complete.c \
	src/ctl/details.c \
	src/ctl/details.h \
	src/ctl/diag.c \
	src/ctl/diag_archive.c \
	src/ctl/diag_archive.h \
	src/ctl/diag_machine.h \
	src/ctl/diag_named.c \
	src/ctl/diag_named.h \
	src/ctl/diag_output.c \
	src/ctl/diag_output.h \
	src/ctl/diag_parts.c \
	src/ctl/diag_parts.h \
	src/ctl/diag_rights.h \
	src/ctl/difference.c \
	src/ctl/difference.h \
	src/ctl/dispatch.c \
	src/ctl/dispatch.h \
	src/ctl/events.c \
	src/ctl/events_follow.c \
	src/ctl/events_follow.h \
	src/ctl/init.c \
	src/ctl/key.c \
	src/ctl/lists.c \
	src/ctl/lists.h \
	src/ctl/log_level.c \
	src/ctl/program.c \
	src/ctl/program_output.h \
	src/ctl/program_start.h \
	src/ctl/question.c \
	src/ctl/question.h \
	src/ctl/relay.c \
	src/ctl/reload.c \
	src/ctl/service.c \
	src/ctl/service_change.c \
	src/ctl/service_change.h \
	src/ctl/service_system.h \
	src/ctl/share.c \
	src/ctl/share.h \
	src/ctl/share_lease.c \
	src/ctl/source.c \
	src/ctl/status.c \
	src/ctl/status.h \
	src/ctl/status_agent.c \
	src/ctl/status_parts.c \
	src/ctl/subcommand.c \
	src/ctl/subcommand.h \
	src/ctl/tar_writer.c \
	src/ctl/tar_writer.h \
	src/ctl/value_text.c \
	src/ctl/value_text.h

# What differs by system is a file for each system, chosen here.
if WINDOWS
libmunnel_ctl_a_SOURCES += \
	src/ctl/admin_socket_windows.c \
	src/ctl/archive_file_windows.c \
	src/ctl/child_windows.c \
	src/ctl/diag_machine_windows.c \
	src/ctl/diag_rights_windows.c \
	src/ctl/program_output_windows.c \
	src/ctl/program_start_windows.c \
	src/ctl/service_folder_windows.c \
	src/ctl/service_install_windows.c \
	src/ctl/service_system_priv.h \
	src/ctl/service_system_windows.c
else
libmunnel_ctl_a_SOURCES += \
	src/ctl/admin_socket_posix.c \
	src/ctl/archive_file_posix.c \
	src/ctl/diag_machine_linux.c \
	src/ctl/diag_machine_portable.c \
	src/ctl/diag_machine_posix.c \
	src/ctl/diag_rights_posix.c \
	src/ctl/program_output_posix.c \
	src/ctl/program_start_posix.c \
	src/ctl/service_system_posix.c
endif

# The program: links a library before those that it uses.
bin_PROGRAMS += munnel
munnel_SOURCES = src/ctl/main.c
munnel_LDADD = libmunnel_ctl.a libmunnel_conf.a libmunnel_proto.a $(LIB_LIBS) $(NCURSES_LIBS) $(SYSTEM_LIBS)
