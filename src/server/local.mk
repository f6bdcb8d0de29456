# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Munnel authors
#
# libmunnel_server.a: the control plane of munneld (all but main.c), and munneld.
# Add each new .c and .h below, one a line, in the commit that adds the file.
noinst_LIBRARIES += libmunnel_server.a
libmunnel_server_a_SOURCES = \
	src/server/admin/admin.c \
	src/server/admin/admin.h \
	src/server/admin/admin_priv.h \
	src/server/admin/agents.c \
	src/server/admin/config.c \
	src/server/admin/configuration.h \
	src/server/admin/agents_change.c \
	src/server/admin/agents_change.h \
	src/server/admin/body_fields.c \
	src/server/admin/body_fields.h \
	src/server/admin/check.c \
	src/server/admin/credentials.c \
	src/server/admin/history_answer.c \
	src/server/admin/listening.c \
	src/server/admin/problems.c \
	src/server/admin/readiness.c \
	src/server/admin/service_files.c \
	src/server/admin/services.c \
	src/server/admin/sources.c \
	src/server/admin/status.c \
	src/server/admin/values.c \
	src/server/admin/values.h \
	src/server/admin/waiting.c \
	src/server/auth/agent_listener.c \
	src/server/auth/agent_listener.h \
	src/server/auth/authenticate.c \
	src/server/auth/authenticate.h \
	src/server/auth/control.c \
	src/server/auth/control.h \
	src/server/auth/flap_damping.c \
	src/server/auth/flap_damping.h \
	src/server/auth/handshake.c \
	src/server/auth/handshake.h \
	src/server/auth/penalty_box.c \
	src/server/auth/penalty_box.h \
	src/server/auth/preauth_table.c \
	src/server/auth/preauth_table.h \
	src/server/auth/revocation.c \
	src/server/auth/revocation.h \
	src/server/bootstrap.c \
	src/server/bootstrap.h \
	src/server/events.c \
	src/server/history.c \
	src/server/history.h \
	src/server/housekeeping.c \
	src/server/parts.c \
	src/server/reconfigure.c \
	src/server/reconfigure.h \
	src/server/reconfigure_prepare.c \
	src/server/reconfigure_priv.h \
	src/server/config_compare.c \
	src/server/config_compare.h \
	src/server/reload.c \
	src/server/reload.h \
	src/server/server.c \
	src/server/server.h \
	src/server/server_metrics.c \
	src/server/server_metrics.h \
	src/server/server_priv.h \
	src/server/services.c \
	src/server/service/access.c \
	src/server/service/access.h \
	src/server/service/announce.c \
	src/server/service/announce.h \
	src/server/service/balance.c \
	src/server/service/balance.h \
	src/server/service/check_destination.c \
	src/server/service/check_destination.h \
	src/server/service/check_making.c \
	src/server/service/check_making.h \
	src/server/service/check_report.c \
	src/server/service/check_report.h \
	src/server/service/client_detail.c \
	src/server/service/client_detail.h \
	src/server/service/client_table.c \
	src/server/service/client_table.h \
	src/server/service/dispatch.c \
	src/server/service/dispatch.h \
	src/server/service/dispatch_priv.h \
	src/server/service/dispatch_waiting.c \
	src/server/service/listen_addrs.c \
	src/server/service/listen_addrs.h \
	src/server/service/first_bytes.c \
	src/server/service/first_bytes.h \
	src/server/service/host_routes.c \
	src/server/service/host_routes.h \
	src/server/service/listener.c \
	src/server/service/listener.h \
	src/server/service/listener_group.c \
	src/server/service/listener_group.h \
	src/server/service/registry.c \
	src/server/service/registry.h \
	src/server/service/service.c \
	src/server/service/service_change.c \
	src/server/service/service_check.c \
	src/server/service/service_check.h \
	src/server/service/service.h \
	src/server/service/service_agents.c \
	src/server/service/service_ports.c \
	src/server/service/service_probe.c \
	src/server/service/service_view.c \
	src/server/service/service_priv.h \
	src/server/service/sniff.c \
	src/server/service/sniff.h \
	src/server/service/source_key.c \
	src/server/service/source_key.h \
	src/server/service_metrics.c \
	src/server/session/announcement.h \
	src/server/session/byte_rates.c \
	src/server/session/byte_rates.h \
	src/server/session/carriers.c \
	src/server/session/carriers.h \
	src/server/session/liveness.c \
	src/server/session/liveness.h \
	src/server/session/session.c \
	src/server/session/session.h \
	src/server/session/session_table.c \
	src/server/session/session_table.h \
	src/server/statistics.c \
	src/server/statistics.h \
	src/server/transaction.c \
	src/server/transaction.h \
	src/server/trust_files.c \
	src/server/trust_files.h

# The program: links a library before those that it uses.
bin_PROGRAMS += munneld
munneld_SOURCES = src/server/main.c
munneld_LDADD = libmunnel_server.a libmunnel_admin.a libmunnel_page.a libmunnel_relay.a libmunnel_conf.a libmunnel_proto.a $(LIB_LIBS) $(SYSTEM_LIBS)
