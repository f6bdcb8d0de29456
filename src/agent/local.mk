# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Munnel authors
#
# libmunnel_agent.a: munnel-agent (all but main.c), and the program.
# Add each new .c and .h below, one a line, in the commit that adds the file.
noinst_LIBRARIES += libmunnel_agent.a
libmunnel_agent_a_SOURCES = \
	src/agent/admin/agent_admin.c \
	src/agent/admin/agent_admin.h \
	src/agent/admin/agent_admin_priv.h \
	src/agent/admin/agent_bans.c \
	src/agent/admin/agent_metrics.c \
	src/agent/admin/agent_published.c \
	src/agent/admin/problems.c \
	src/agent/admin/rates.c \
	src/agent/admin/rates.h \
	src/agent/admin/agent_services.c \
	src/agent/admin/status.c \
	src/agent/agent.c \
	src/agent/agent.h \
	src/agent/check/check.c \
	src/agent/check/check.h \
	src/agent/check/check_join.c \
	src/agent/check/check_join.h \
	src/agent/check/check_link.c \
	src/agent/check/check_link.h \
	src/agent/check/check_server.c \
	src/agent/check/check_server.h \
	src/agent/check/check_services.c src/agent/check/check_visits.c \
	src/agent/check/check_services.h src/agent/check/check_visits.h \
	src/agent/check/check_world.c \
	src/agent/check/check_world.h \
	src/agent/check/report.c \
	src/agent/check/report.h \
	src/agent/check/trial.c \
	src/agent/check/trial.h \
	src/agent/drain.c \
	src/agent/drain.h \
	src/agent/housekeeping.c \
	src/agent/housekeeping.h \
	src/agent/identity/identity.c \
	src/agent/identity/identity.h \
	src/agent/identity/join.c \
	src/agent/identity/join.h \
	src/agent/identity/known_servers.c \
	src/agent/identity/known_servers.h \
	src/agent/identity/credential_files.c \
	src/agent/identity/credential_files.h \
	src/agent/identity/service_keys.c \
	src/agent/identity/service_keys.h \
	src/agent/identity/proxy_choice.c \
	src/agent/identity/proxy_choice.h \
	src/agent/identity/trust.c \
	src/agent/identity/trust.h \
	src/agent/publish_output.c \
	src/agent/publish_output.h \
	src/agent/startup.c \
	src/agent/startup.h \
	src/agent/upstream/ban_list.c \
	src/agent/upstream/ban_list.h \
	src/agent/upstream/ban_sender.c \
	src/agent/upstream/ban_sender.h \
	src/agent/upstream/connect_attempt.c \
	src/agent/upstream/connect_attempt.h \
	src/agent/upstream/data_dials.c \
	src/agent/upstream/data_dials.h \
	src/agent/upstream/data_links.c \
	src/agent/upstream/data_links.h \
	src/agent/upstream/failure.c \
	src/agent/upstream/failure.h \
	src/agent/upstream/health.c \
	src/agent/upstream/health.h \
	src/agent/upstream/publications.c \
	src/agent/upstream/publications.h \
	src/agent/upstream/publisher.c \
	src/agent/upstream/publisher.h \
	src/agent/upstream/services.c \
	src/agent/upstream/services.h \
	src/agent/upstream/session.c \
	src/agent/upstream/session.h \
	src/agent/upstream/session_list.c \
	src/agent/upstream/session_list.h \
	src/agent/upstream/upstream.c \
	src/agent/upstream/upstream.h \
	src/agent/upstream/visit_user.h \
	src/agent/visit_clients.c \
	src/agent/visits.c \
	src/agent/visits.h \
	src/agent/visits_priv.h \
	src/agent/upstream/upstream_priv.h \
	src/agent/upstream/upstream_retry.c \
	src/agent/upstream/upstream_view.c

# The program: links a library before those that it uses.
bin_PROGRAMS += munnel-agent
munnel_agent_SOURCES = src/agent/main.c
munnel_agent_LDADD = libmunnel_agent.a libmunnel_admin.a libmunnel_relay.a libmunnel_conf.a libmunnel_proto.a $(LIB_LIBS) $(SYSTEM_LIBS)
