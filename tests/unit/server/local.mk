# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Munnel authors
#
# Unit tests of src/server; tests/unit/local.mk has how to add one.
unit_server_tests = \
	tests/unit/server/admin/test_admin \
	tests/unit/server/admin/test_agents \
	tests/unit/server/admin/test_problems \
	tests/unit/server/admin/test_config \
	tests/unit/server/admin/test_service_files \
	tests/unit/server/admin/test_credentials \
	tests/unit/server/service/test_service_check \
	tests/unit/server/service/test_check_failures \
	tests/unit/server/admin/test_values \
	tests/unit/server/service/test_access \
	tests/unit/server/service/test_registry \
	tests/unit/server/service/test_service_health \
	tests/unit/server/service/test_suspended \
	tests/unit/server/service/test_client_table \
	tests/unit/server/service/test_publish_place \
	tests/unit/server/service/test_publish_port \
	tests/unit/server/service/test_published \
	tests/unit/server/service/test_agent_bans \
	tests/unit/server/service/test_visits \
	tests/unit/server/service/test_visit_permits \
	tests/unit/server/service/test_visit_relays \
	tests/unit/server/service/test_bans \
	tests/unit/server/service/test_service_tls \
	tests/unit/server/service/test_balance \
	tests/unit/server/session/test_session_table \
	tests/unit/server/auth/test_authenticate \
	tests/unit/server/service/test_dispatch \
	tests/unit/server/service/test_dispatch_waiting \
	tests/unit/server/service/test_failover \
	tests/unit/server/auth/test_agent_listener \
	tests/unit/server/auth/test_agent_balancers \
	tests/unit/server/auth/test_agent_room \
	tests/unit/server/auth/test_handshake \
	tests/unit/server/auth/test_resumption \
	tests/unit/server/service/test_inspect \
	tests/unit/server/service/test_listener \
	tests/unit/server/service/test_sniff \
	tests/unit/server/service/test_host_router \
	tests/unit/server/service/test_first_bytes \
	tests/unit/server/auth/test_preauth_table \
	tests/unit/server/auth/test_flap_damping \
	tests/unit/server/auth/test_penalty_box \
	tests/unit/server/service/test_listen_addrs \
	tests/unit/server/service/test_listener_group \
	tests/unit/server/session/test_byte_rates \
	tests/unit/server/session/test_carriers \
	tests/unit/server/session/test_session \
	tests/unit/server/session/test_visiting \
	tests/unit/server/session/test_liveness \
	tests/unit/server/test_events \
	tests/unit/server/auth/test_agent_bandwidth \
	tests/unit/server/auth/test_revocation \
	tests/unit/server/test_bootstrap \
	tests/unit/server/test_server \
	tests/unit/server/test_reconfigure \
	tests/unit/server/test_reload \
	tests/unit/server/test_trust_files \
	tests/unit/server/test_housekeeping \
	tests/unit/server/service/test_service \
	tests/unit/server/service/test_service_accept \
	tests/unit/server/service/test_service_flows \
	tests/unit/server/service/test_service_probe \
	tests/unit/server/service/test_announce \
	tests/unit/server/service/test_client_detail \
	tests/unit/server/auth/test_control \
	tests/unit/server/test_history \
	tests/unit/server/test_server_metrics \
	tests/unit/server/test_statistics

# The whole control plane over a data plane that only keeps its orders.
unit_server_fixture = \
	tests/unit/server/fake_plane.c tests/unit/server/fake_plane.h \
	tests/unit/server/server_fixture.c tests/unit/server/server_fixture.h
admin_fixture = tests/unit/server/admin/admin_fixture.c tests/unit/server/admin/admin_fixture.h $(admin_client) $(unit_server_fixture)
tests_unit_server_admin_test_admin_SOURCES = tests/unit/server/admin/test_admin.c $(admin_fixture)
tests_unit_server_admin_test_agents_SOURCES = tests/unit/server/admin/test_agents.c $(admin_fixture)
tests_unit_server_admin_test_problems_SOURCES = tests/unit/server/admin/test_problems.c $(admin_fixture)
check_fixture = tests/unit/server/service/check_fixture.c tests/unit/server/service/check_fixture.h $(admin_fixture)
tests_unit_server_service_test_service_check_SOURCES = tests/unit/server/service/test_service_check.c $(check_fixture)
tests_unit_server_service_test_service_check_LDADD = $(LINK_UNIT_SERVER)
tests_unit_server_service_test_check_failures_SOURCES = tests/unit/server/service/test_check_failures.c $(check_fixture)
tests_unit_server_service_test_check_failures_LDADD = $(LINK_UNIT_SERVER)
tests_unit_server_admin_test_credentials_SOURCES = tests/unit/server/admin/test_credentials.c $(admin_fixture)
tests_unit_server_admin_test_credentials_LDADD = $(LINK_UNIT_SERVER)
tests_unit_server_admin_test_credentials_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=file_write
tests_unit_server_admin_test_admin_LDADD = $(LINK_UNIT_SERVER)
tests_unit_server_admin_test_agents_LDADD = $(LINK_UNIT_SERVER)
tests_unit_server_admin_test_problems_LDADD = $(LINK_UNIT_SERVER)
config_site = tests/unit/server/admin/config_site.c tests/unit/server/admin/config_site.h $(unit_server_fixture)
tests_unit_server_admin_test_config_SOURCES = tests/unit/server/admin/test_config.c $(config_site)
tests_unit_server_admin_test_config_LDADD = $(LINK_UNIT_SERVER)
tests_unit_server_admin_test_config_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=tls_service_context
tests_unit_server_admin_test_service_files_SOURCES = tests/unit/server/admin/test_service_files.c $(config_site)
tests_unit_server_admin_test_service_files_LDADD = $(LINK_UNIT_SERVER)
tests_unit_server_admin_test_values_SOURCES = tests/unit/server/admin/test_values.c
tests_unit_server_admin_test_values_LDADD = $(LINK_UNIT_SERVER)
tests_unit_server_service_test_dispatch_SOURCES = tests/unit/server/service/test_dispatch.c $(unit_server_fixture)
tests_unit_server_service_test_dispatch_LDADD = $(LINK_UNIT_SERVER)
tests_unit_server_service_test_dispatch_waiting_SOURCES = tests/unit/server/service/test_dispatch_waiting.c $(unit_server_fixture)
tests_unit_server_service_test_dispatch_waiting_LDADD = $(LINK_UNIT_SERVER)
tests_unit_server_service_test_failover_SOURCES = tests/unit/server/service/test_failover.c $(unit_server_fixture)
tests_unit_server_service_test_failover_LDADD = $(LINK_UNIT_SERVER)
client_hello = tests/unit/server/client_hello.c tests/unit/server/client_hello.h
agent_port = tests/unit/server/auth/agent_port.c tests/unit/server/auth/agent_port.h $(client_hello) $(unit_server_fixture)
tests_unit_server_auth_test_agent_listener_SOURCES = tests/unit/server/auth/test_agent_listener.c $(agent_port)
tests_unit_server_auth_test_agent_listener_LDADD = $(LINK_UNIT_SERVER)
tests_unit_server_auth_test_agent_balancers_SOURCES = tests/unit/server/auth/test_agent_balancers.c $(agent_port)
tests_unit_server_auth_test_agent_balancers_LDADD = $(LINK_UNIT_SERVER)
tests_unit_server_auth_test_agent_room_SOURCES = tests/unit/server/auth/test_agent_room.c $(agent_port)
tests_unit_server_auth_test_agent_room_LDADD = $(LINK_UNIT_SERVER)
tests_unit_server_auth_test_handshake_SOURCES = tests/unit/server/auth/test_handshake.c $(unit_server_fixture)
tests_unit_server_auth_test_handshake_LDADD = $(LINK_UNIT_SERVER)
tests_unit_server_auth_test_resumption_SOURCES = tests/unit/server/auth/test_resumption.c $(unit_server_fixture)
tests_unit_server_auth_test_resumption_LDADD = $(LINK_UNIT_SERVER)
tests_unit_server_session_test_liveness_SOURCES = tests/unit/server/session/test_liveness.c $(unit_server_fixture)
tests_unit_server_session_test_liveness_LDADD = $(LINK_UNIT_SERVER)
tests_unit_server_test_housekeeping_SOURCES = tests/unit/server/test_housekeeping.c $(unit_server_fixture)
tests_unit_server_test_housekeeping_LDADD = $(LINK_UNIT_SERVER)
tests_unit_server_test_events_SOURCES = tests/unit/server/test_events.c $(unit_server_fixture)
tests_unit_server_test_events_LDADD = $(LINK_UNIT_SERVER)
tests_unit_server_auth_test_agent_bandwidth_SOURCES = tests/unit/server/auth/test_agent_bandwidth.c $(unit_server_fixture)
tests_unit_server_auth_test_agent_bandwidth_LDADD = $(LINK_UNIT_SERVER)
tests_unit_server_auth_test_revocation_SOURCES = tests/unit/server/auth/test_revocation.c $(unit_server_fixture)
tests_unit_server_auth_test_revocation_LDADD = $(LINK_UNIT_SERVER)
tests_unit_server_test_bootstrap_SOURCES = tests/unit/server/test_bootstrap.c
tests_unit_server_test_bootstrap_LDADD = $(LINK_UNIT_SERVER)
tests_unit_server_test_server_SOURCES = tests/unit/server/test_server.c $(unit_server_fixture)
tests_unit_server_test_server_LDADD = $(LINK_UNIT_SERVER)
tests_unit_server_test_reconfigure_SOURCES = tests/unit/server/test_reconfigure.c $(unit_server_fixture)
tests_unit_server_test_reconfigure_LDADD = $(LINK_UNIT_SERVER)
tests_unit_server_test_reload_SOURCES = tests/unit/server/test_reload.c $(unit_server_fixture)
tests_unit_server_test_reload_LDADD = $(LINK_UNIT_SERVER)
tests_unit_server_test_trust_files_SOURCES = tests/unit/server/test_trust_files.c $(unit_server_fixture)
tests_unit_server_test_trust_files_LDADD = $(LINK_UNIT_SERVER)
agent_world = tests/unit/server/service/agent_world.c tests/unit/server/service/agent_world.h $(unit_server_fixture)
tests_unit_server_service_test_registry_SOURCES = tests/unit/server/service/test_registry.c $(agent_world)
tests_unit_server_service_test_registry_LDADD = $(LINK_UNIT_SERVER)
tests_unit_server_service_test_suspended_SOURCES = tests/unit/server/service/test_suspended.c $(agent_world)
tests_unit_server_service_test_suspended_LDADD = $(LINK_UNIT_SERVER)
tests_unit_server_service_test_service_health_SOURCES = tests/unit/server/service/test_service_health.c $(unit_server_fixture)
tests_unit_server_service_test_service_health_LDADD = $(LINK_UNIT_SERVER)
tests_unit_server_service_test_service_SOURCES = tests/unit/server/service/test_service.c $(unit_server_fixture)
tests_unit_server_service_test_service_LDADD = $(LINK_UNIT_SERVER)
tests_unit_server_service_test_service_flows_SOURCES = tests/unit/server/service/test_service_flows.c $(unit_server_fixture)
tests_unit_server_service_test_service_flows_LDADD = $(LINK_UNIT_SERVER)
tests_unit_server_service_test_service_accept_SOURCES = tests/unit/server/service/test_service_accept.c $(unit_server_fixture)
tests_unit_server_service_test_service_accept_LDADD = $(LINK_UNIT_SERVER)
tests_unit_server_service_test_service_probe_SOURCES = tests/unit/server/service/test_service_probe.c $(unit_server_fixture)
tests_unit_server_service_test_service_probe_LDADD = $(LINK_UNIT_SERVER)
tests_unit_server_service_test_client_detail_SOURCES = tests/unit/server/service/test_client_detail.c
tests_unit_server_service_test_client_detail_LDADD = $(LINK_UNIT_SERVER)
tests_unit_server_service_test_announce_SOURCES = tests/unit/server/service/test_announce.c $(unit_server_fixture)
tests_unit_server_service_test_announce_LDADD = $(LINK_UNIT_SERVER)
tests_unit_server_auth_test_control_SOURCES = tests/unit/server/auth/test_control.c $(unit_server_fixture)
tests_unit_server_auth_test_control_LDADD = $(LINK_UNIT_SERVER)

tests_unit_server_test_history_SOURCES = tests/unit/server/test_history.c
tests_unit_server_test_history_LDADD = $(LINK_UNIT_SERVER)
tests_unit_server_test_server_metrics_SOURCES = tests/unit/server/test_server_metrics.c $(unit_server_fixture)
tests_unit_server_test_server_metrics_LDADD = $(LINK_UNIT_SERVER)
tests_unit_server_test_statistics_SOURCES = tests/unit/server/test_statistics.c $(unit_server_fixture)
tests_unit_server_test_statistics_LDADD = $(LINK_UNIT_SERVER)

tests_unit_server_service_test_balance_SOURCES = tests/unit/server/service/test_balance.c
tests_unit_server_service_test_balance_LDADD = $(LINK_UNIT_SERVER)
tests_unit_server_service_test_publish_port_SOURCES = tests/unit/server/service/test_publish_port.c
tests_unit_server_service_test_publish_port_LDADD = $(LINK_UNIT_SERVER)

tests_unit_server_service_test_publish_place_SOURCES = tests/unit/server/service/test_publish_place.c
tests_unit_server_service_test_publish_place_LDADD = $(LINK_UNIT_SERVER)
tests_unit_server_service_test_published_SOURCES = tests/unit/server/service/test_published.c
tests_unit_server_service_test_published_LDADD = $(LINK_UNIT_SERVER)
visit_world = tests/unit/server/service/visit_world.c tests/unit/server/service/visit_world.h $(unit_server_fixture)
tests_unit_server_service_test_visits_SOURCES = tests/unit/server/service/test_visits.c $(visit_world)
tests_unit_server_service_test_visits_LDADD = $(LINK_UNIT_SERVER)
tests_unit_server_service_test_visit_permits_SOURCES = tests/unit/server/service/test_visit_permits.c $(visit_world)
tests_unit_server_service_test_visit_permits_LDADD = $(LINK_UNIT_SERVER)
tests_unit_server_service_test_visit_relays_SOURCES = tests/unit/server/service/test_visit_relays.c $(visit_world)
tests_unit_server_service_test_visit_relays_LDADD = $(LINK_UNIT_SERVER)
tests_unit_server_service_test_agent_bans_SOURCES = tests/unit/server/service/test_agent_bans.c $(unit_server_fixture)
tests_unit_server_service_test_agent_bans_LDADD = $(LINK_UNIT_SERVER)
tests_unit_server_service_test_bans_SOURCES = tests/unit/server/service/test_bans.c
tests_unit_server_service_test_bans_LDADD = $(LINK_UNIT_SERVER)
tests_unit_server_service_test_service_tls_SOURCES = tests/unit/server/service/test_service_tls.c tests/unit/lib/tls_pair.c tests/unit/lib/tls_pair.h
tests_unit_server_service_test_service_tls_LDADD = $(LINK_UNIT_SERVER)
tests_unit_server_service_test_client_table_SOURCES = tests/unit/server/service/test_client_table.c
tests_unit_server_service_test_client_table_LDADD = $(LINK_UNIT_SERVER)
tests_unit_server_service_test_access_SOURCES = tests/unit/server/service/test_access.c
tests_unit_server_service_test_access_LDADD = $(LINK_UNIT_SERVER)
tests_unit_server_auth_test_authenticate_SOURCES = tests/unit/server/auth/test_authenticate.c
tests_unit_server_auth_test_authenticate_LDADD = $(LINK_UNIT_SERVER)
tests_unit_server_service_test_inspect_SOURCES = tests/unit/server/service/test_inspect.c
tests_unit_server_service_test_inspect_LDADD = $(LINK_UNIT_SERVER)
tests_unit_server_service_test_listener_SOURCES = tests/unit/server/service/test_listener.c
tests_unit_server_service_test_listener_LDADD = $(LINK_UNIT_SERVER)
tests_unit_server_session_test_byte_rates_SOURCES = tests/unit/server/session/test_byte_rates.c
tests_unit_server_session_test_byte_rates_LDADD = $(LINK_UNIT_SERVER)
tests_unit_server_session_test_carriers_SOURCES = tests/unit/server/session/test_carriers.c
tests_unit_server_session_test_carriers_LDADD = $(LINK_UNIT_SERVER)
tests_unit_server_session_test_visiting_SOURCES = tests/unit/server/session/test_visiting.c
tests_unit_server_session_test_visiting_LDADD = $(LINK_UNIT_SERVER)
tests_unit_server_session_test_session_SOURCES = tests/unit/server/session/test_session.c
tests_unit_server_session_test_session_LDADD = $(LINK_UNIT_SERVER)
tests_unit_server_session_test_session_table_SOURCES = tests/unit/server/session/test_session_table.c
tests_unit_server_session_test_session_table_LDADD = $(LINK_UNIT_SERVER)
tests_unit_server_service_test_sniff_SOURCES = tests/unit/server/service/test_sniff.c $(client_hello)
tests_unit_server_service_test_sniff_LDADD = $(LINK_UNIT_SERVER)
tests_unit_server_service_test_host_router_SOURCES = tests/unit/server/service/test_host_router.c $(client_hello)
tests_unit_server_service_test_host_router_LDADD = $(LINK_UNIT_SERVER)
tests_unit_server_service_test_first_bytes_SOURCES = tests/unit/server/service/test_first_bytes.c $(client_hello)
tests_unit_server_service_test_first_bytes_LDADD = $(LINK_UNIT_SERVER)
tests_unit_server_auth_test_preauth_table_SOURCES = tests/unit/server/auth/test_preauth_table.c
tests_unit_server_auth_test_preauth_table_LDADD = $(LINK_UNIT_SERVER)
tests_unit_server_auth_test_flap_damping_SOURCES = tests/unit/server/auth/test_flap_damping.c
tests_unit_server_auth_test_flap_damping_LDADD = $(LINK_UNIT_SERVER)
tests_unit_server_auth_test_penalty_box_SOURCES = tests/unit/server/auth/test_penalty_box.c
tests_unit_server_auth_test_penalty_box_LDADD = $(LINK_UNIT_SERVER)
tests_unit_server_service_test_listen_addrs_SOURCES = tests/unit/server/service/test_listen_addrs.c
tests_unit_server_service_test_listen_addrs_LDADD = $(LINK_UNIT_SERVER)

tests_unit_server_service_test_listener_group_SOURCES = tests/unit/server/service/test_listener_group.c
tests_unit_server_service_test_listener_group_LDADD = $(LINK_UNIT_SERVER)

if !WINDOWS
unit_tests += $(unit_server_tests)
endif
