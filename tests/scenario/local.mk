# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Munnel authors
#
# Scenario tests start the real programs. Each prints TAP; a script ends in .sh or .py, a program has no ending:
#
#   scenario_programs += tests/scenario/test_bytes
#   tests_scenario_test_bytes_SOURCES = tests/scenario/test_bytes.c
#   tests_scenario_test_bytes_LDADD = $(SCENARIO_LDADD)
#   scenario_tests += tests/scenario/test_transfer.sh     (a script; EXTRA_DIST += the same)
#
# $top_srcdir and $top_builddir are in the environment, as full paths. Run one test of one program alone:
#
#   make tests/scenario/test_bytes && CK_RUN_CASE=half_close_gets_the_whole_answer ./tests/scenario/test_bytes
AM_CPPFLAGS += -I$(top_srcdir)/tests/scenario

check_LIBRARIES += libmunnel_scenario.a
libmunnel_scenario_a_SOURCES = \
	tests/scenario/harness/background_load.c \
	tests/scenario/harness/background_load.h \
	tests/scenario/harness/bytes.c \
	tests/scenario/harness/bytes.h \
	tests/scenario/harness/certs.c \
	tests/scenario/harness/certs.h \
	tests/scenario/harness/parallel_clients.c \
	tests/scenario/harness/parallel_clients.h \
	tests/scenario/harness/deadline.c \
	tests/scenario/harness/deadline.h \
	tests/scenario/harness/destination.c \
	tests/scenario/harness/destination.h \
	tests/scenario/harness/proc_stats.c \
	tests/scenario/harness/proc_stats.h \
	tests/scenario/harness/attacked_server.c \
	tests/scenario/harness/attacked_server.h \
	tests/scenario/harness/mtls_server.c \
	tests/scenario/harness/mtls_server.h \
	tests/scenario/harness/intruder.c \
	tests/scenario/harness/intruder.h \
	tests/scenario/harness/munnel.c \
	tests/scenario/harness/munnel.h \
	tests/scenario/harness/netns.c \
	tests/scenario/harness/netns.h \
	tests/scenario/harness/port.c \
	tests/scenario/harness/port.h \
	tests/scenario/harness/process.c \
	tests/scenario/harness/process.h \
	tests/scenario/harness/scenario.c \
	tests/scenario/harness/scenario.h \
	tests/scenario/harness/destination_handlers.c \
	tests/scenario/harness/socket.c \
	tests/scenario/harness/socket.h \
	tests/scenario/harness/sandbox.c \
	tests/scenario/harness/sandbox.h \
	tests/scenario/harness/flow.c \
	tests/scenario/harness/flow.h \
	tests/scenario/harness/machines.c \
	tests/scenario/harness/machines.h \
	tests/scenario/harness/ssh.c \
	tests/scenario/harness/ssh.h \
	tests/scenario/harness/wan.c \
	tests/scenario/harness/wan.h \
	tests/scenario/harness/two_machines.c \
	tests/scenario/harness/two_machines.h \
	tests/scenario/harness/wide_area.c \
	tests/scenario/harness/wide_area.h \
	tests/scenario/harness/wine.c \
	tests/scenario/harness/wine.h \
	tests/scenario/harness/http.c \
	tests/scenario/harness/http.h \
	tests/scenario/harness/live_relay.c \
	tests/scenario/harness/live_relay.h \
	tests/scenario/harness/terminal.c \
	tests/scenario/harness/terminal.h \
	tests/scenario/harness/tool.c \
	tests/scenario/harness/tool.h
SCENARIO_LDADD = libmunnel_scenario.a $(CHECK_LIBS) $(OPENSSL_LIBS)

scenario_programs = \
	tests/scenario/test_harness \
	tests/scenario/test_bytes \
	tests/scenario/test_agents \
	tests/scenario/test_agent_loss \
	tests/scenario/test_clients \
	tests/scenario/test_forced_stop \
	tests/scenario/test_regressions \
	tests/scenario/test_first_contact \
	tests/scenario/test_restart \
	tests/scenario/test_backpressure \
	tests/scenario/test_malformed_peers \
	tests/scenario/test_trust \
	tests/scenario/test_command_lines \
	tests/scenario/test_join \
	tests/scenario/test_legacy_tls \
	tests/scenario/test_credentials \
	tests/scenario/test_mtls \
	tests/scenario/test_revocation \
	tests/scenario/test_reload \
	tests/scenario/test_config_reload \
	tests/scenario/test_process \
	tests/scenario/test_real_programs \
	tests/scenario/test_resources \
	tests/scenario/test_agent_listener \
	tests/scenario/test_ssrf_and_loops \
	tests/scenario/test_malformed_frames \
	tests/scenario/test_handshakes \
	tests/scenario/test_hostile_agent \
	tests/scenario/test_hostile_server \
	tests/scenario/test_accept_proxy \
	tests/scenario/test_balancers \
	tests/scenario/test_access \
	tests/scenario/test_bans \
	tests/scenario/test_udp_links \
	tests/scenario/test_udp_service \
	tests/scenario/test_visit \
	tests/scenario/test_bandwidth \
	tests/scenario/test_admin_api \
	tests/scenario/test_admin_config \
	tests/scenario/test_tool \
	tests/scenario/test_diag \
	tests/scenario/test_agent_admin \
	tests/scenario/test_share \
	tests/scenario/test_agent_check \
	tests/scenario/test_agent_proxy \
	tests/scenario/test_end_to_end \
	tests/scenario/test_top \
	tests/scenario/test_silent_agent \
	tests/scenario/test_listening \
	tests/scenario/test_health \
	tests/scenario/test_host_requests \
	tests/scenario/test_hosts \
	tests/scenario/test_port_range \
	tests/scenario/test_proxy_protocol \
	tests/scenario/test_publish \
	tests/scenario/test_service_table \
	tests/scenario/test_service_tls \
	tests/scenario/test_sessions \
	tests/scenario/test_ipv6_zones \
	tests/scenario/test_network_change \
	tests/scenario/test_resume \
	tests/scenario/test_resume_long \
	tests/scenario/test_carriers \
	tests/scenario/test_slow_link \
	tests/scenario/test_socket_activation
tests_scenario_test_windows_SOURCES = tests/scenario/test_windows.c
tests_scenario_test_windows_LDADD = $(SCENARIO_LDADD)
tests_scenario_test_windows_console_SOURCES = tests/scenario/test_windows_console.c
tests_scenario_test_windows_console_LDADD = $(SCENARIO_LDADD)
tests_scenario_test_windows_service_SOURCES = tests/scenario/test_windows_service.c
tests_scenario_test_windows_service_LDADD = $(SCENARIO_LDADD)
tests_scenario_test_socket_activation_SOURCES = tests/scenario/test_socket_activation.c
tests_scenario_test_socket_activation_LDADD = $(SCENARIO_LDADD)
tests_scenario_test_network_change_SOURCES = tests/scenario/test_network_change.c
tests_scenario_test_network_change_LDADD = $(SCENARIO_LDADD)
tests_scenario_test_resume_SOURCES = tests/scenario/test_resume.c
tests_scenario_test_resume_LDADD = $(SCENARIO_LDADD)
tests_scenario_test_resume_long_SOURCES = tests/scenario/test_resume_long.c
tests_scenario_test_resume_long_LDADD = $(SCENARIO_LDADD)
tests_scenario_test_carriers_SOURCES = tests/scenario/test_carriers.c
tests_scenario_test_carriers_LDADD = $(SCENARIO_LDADD)
tests_scenario_test_slow_link_SOURCES = tests/scenario/test_slow_link.c
tests_scenario_test_slow_link_LDADD = $(SCENARIO_LDADD)
tests_scenario_test_ipv6_zones_SOURCES = tests/scenario/test_ipv6_zones.c
tests_scenario_test_ipv6_zones_LDADD = $(SCENARIO_LDADD)
tests_scenario_test_harness_SOURCES = tests/scenario/test_harness.c
tests_scenario_test_harness_LDADD = $(SCENARIO_LDADD)
tests_scenario_test_bytes_SOURCES = tests/scenario/test_bytes.c
tests_scenario_test_bytes_LDADD = $(SCENARIO_LDADD)
tests_scenario_test_agents_SOURCES = tests/scenario/test_agents.c
tests_scenario_test_agents_LDADD = $(SCENARIO_LDADD)
tests_scenario_test_agent_loss_SOURCES = tests/scenario/test_agent_loss.c
tests_scenario_test_agent_loss_LDADD = $(SCENARIO_LDADD)
tests_scenario_test_clients_SOURCES = tests/scenario/test_clients.c
tests_scenario_test_clients_LDADD = $(SCENARIO_LDADD)
tests_scenario_test_forced_stop_SOURCES = tests/scenario/test_forced_stop.c
tests_scenario_test_forced_stop_LDADD = $(SCENARIO_LDADD)
tests_scenario_test_regressions_SOURCES = tests/scenario/test_regressions.c
tests_scenario_test_regressions_LDADD = $(SCENARIO_LDADD)
tests_scenario_test_first_contact_SOURCES = tests/scenario/test_first_contact.c
tests_scenario_test_first_contact_LDADD = $(SCENARIO_LDADD)
tests_scenario_test_restart_SOURCES = tests/scenario/test_restart.c
tests_scenario_test_restart_LDADD = $(SCENARIO_LDADD)
tests_scenario_test_backpressure_SOURCES = tests/scenario/test_backpressure.c
tests_scenario_test_backpressure_LDADD = $(SCENARIO_LDADD)
tests_scenario_test_malformed_peers_SOURCES = tests/scenario/test_malformed_peers.c
tests_scenario_test_malformed_peers_LDADD = $(SCENARIO_LDADD)
tests_scenario_test_trust_SOURCES = tests/scenario/test_trust.c
tests_scenario_test_trust_LDADD = $(SCENARIO_LDADD)
tests_scenario_test_command_lines_SOURCES = tests/scenario/test_command_lines.c
tests_scenario_test_command_lines_LDADD = $(SCENARIO_LDADD)
tests_scenario_test_join_SOURCES = tests/scenario/test_join.c
tests_scenario_test_join_LDADD = $(SCENARIO_LDADD)
tests_scenario_test_credentials_SOURCES = tests/scenario/test_credentials.c
tests_scenario_test_credentials_LDADD = $(SCENARIO_LDADD)
tests_scenario_test_legacy_tls_SOURCES = tests/scenario/test_legacy_tls.c
tests_scenario_test_legacy_tls_LDADD = $(SCENARIO_LDADD)
tests_scenario_test_mtls_SOURCES = tests/scenario/test_mtls.c
tests_scenario_test_mtls_LDADD = $(SCENARIO_LDADD)
tests_scenario_test_revocation_SOURCES = tests/scenario/test_revocation.c
tests_scenario_test_revocation_LDADD = $(SCENARIO_LDADD)
tests_scenario_test_real_programs_SOURCES = tests/scenario/test_real_programs.c
tests_scenario_test_real_programs_LDADD = $(SCENARIO_LDADD)
tests_scenario_test_config_reload_SOURCES = tests/scenario/test_config_reload.c
tests_scenario_test_config_reload_LDADD = $(SCENARIO_LDADD)
tests_scenario_test_reload_SOURCES = tests/scenario/test_reload.c
tests_scenario_test_reload_LDADD = $(SCENARIO_LDADD)
tests_scenario_test_process_SOURCES = tests/scenario/test_process.c
tests_scenario_test_process_LDADD = $(SCENARIO_LDADD)
tests_scenario_test_resources_SOURCES = tests/scenario/test_resources.c
tests_scenario_test_resources_LDADD = $(SCENARIO_LDADD)
tests_scenario_test_malformed_frames_SOURCES = tests/scenario/test_malformed_frames.c
tests_scenario_test_malformed_frames_LDADD = $(SCENARIO_LDADD)
tests_scenario_test_handshakes_SOURCES = tests/scenario/test_handshakes.c
tests_scenario_test_handshakes_LDADD = $(SCENARIO_LDADD)
tests_scenario_test_hostile_agent_SOURCES = tests/scenario/test_hostile_agent.c
tests_scenario_test_hostile_agent_LDADD = $(SCENARIO_LDADD)
tests_scenario_test_hostile_server_SOURCES = tests/scenario/test_hostile_server.c
tests_scenario_test_hostile_server_LDADD = $(SCENARIO_LDADD)
tests_scenario_test_agent_listener_SOURCES = tests/scenario/test_agent_listener.c
tests_scenario_test_agent_listener_LDADD = $(SCENARIO_LDADD)
tests_scenario_test_ssrf_and_loops_SOURCES = tests/scenario/test_ssrf_and_loops.c
tests_scenario_test_ssrf_and_loops_LDADD = $(SCENARIO_LDADD)
tests_scenario_test_admin_config_SOURCES = tests/scenario/test_admin_config.c
tests_scenario_test_admin_config_LDADD = $(SCENARIO_LDADD)
tests_scenario_test_end_to_end_SOURCES = tests/scenario/test_end_to_end.c
tests_scenario_test_end_to_end_LDADD = $(SCENARIO_LDADD)
tests_scenario_test_agent_proxy_SOURCES = tests/scenario/test_agent_proxy.c
tests_scenario_test_agent_proxy_LDADD = $(SCENARIO_LDADD)
tests_scenario_test_agent_check_SOURCES = tests/scenario/test_agent_check.c
tests_scenario_test_agent_check_LDADD = $(SCENARIO_LDADD)
tests_scenario_test_agent_admin_SOURCES = tests/scenario/test_agent_admin.c
tests_scenario_test_agent_admin_LDADD = $(SCENARIO_LDADD)
tests_scenario_test_share_SOURCES = tests/scenario/test_share.c
tests_scenario_test_share_LDADD = $(SCENARIO_LDADD) $(JANSSON_LIBS)
tests_scenario_test_admin_api_SOURCES = tests/scenario/test_admin_api.c
tests_scenario_test_admin_api_LDADD = $(SCENARIO_LDADD)
tests_scenario_test_diag_SOURCES = tests/scenario/test_diag.c
tests_scenario_test_diag_LDADD = $(SCENARIO_LDADD)
tests_scenario_test_tool_SOURCES = tests/scenario/test_tool.c
tests_scenario_test_tool_LDADD = $(SCENARIO_LDADD)
tests_scenario_test_top_SOURCES = tests/scenario/test_top.c
tests_scenario_test_top_LDADD = $(SCENARIO_LDADD)
tests_scenario_test_accept_proxy_SOURCES = tests/scenario/test_accept_proxy.c
tests_scenario_test_accept_proxy_LDADD = $(SCENARIO_LDADD)
tests_scenario_test_bandwidth_SOURCES = tests/scenario/test_bandwidth.c
tests_scenario_test_bandwidth_LDADD = $(SCENARIO_LDADD)
tests_scenario_test_balancers_SOURCES = tests/scenario/test_balancers.c
tests_scenario_test_balancers_LDADD = $(SCENARIO_LDADD)
tests_scenario_test_udp_links_SOURCES = tests/scenario/test_udp_links.c
tests_scenario_test_udp_links_LDADD = $(SCENARIO_LDADD)
tests_scenario_test_udp_service_SOURCES = tests/scenario/test_udp_service.c
tests_scenario_test_udp_service_LDADD = $(SCENARIO_LDADD)
tests_scenario_test_visit_SOURCES = tests/scenario/test_visit.c
tests_scenario_test_visit_LDADD = $(SCENARIO_LDADD)
tests_scenario_test_bans_SOURCES = tests/scenario/test_bans.c
tests_scenario_test_bans_LDADD = $(SCENARIO_LDADD)
tests_scenario_test_access_SOURCES = tests/scenario/test_access.c
tests_scenario_test_access_LDADD = $(SCENARIO_LDADD)
tests_scenario_test_silent_agent_SOURCES = tests/scenario/test_silent_agent.c
tests_scenario_test_silent_agent_LDADD = $(SCENARIO_LDADD)
tests_scenario_test_listening_SOURCES = tests/scenario/test_listening.c
tests_scenario_test_listening_LDADD = $(SCENARIO_LDADD)
tests_scenario_test_health_SOURCES = tests/scenario/test_health.c
tests_scenario_test_health_LDADD = $(SCENARIO_LDADD)

tests_scenario_test_host_requests_SOURCES = tests/scenario/test_host_requests.c
tests_scenario_test_host_requests_LDADD = $(SCENARIO_LDADD)
tests_scenario_test_hosts_SOURCES = tests/scenario/test_hosts.c
tests_scenario_test_hosts_LDADD = $(SCENARIO_LDADD)
tests_scenario_test_port_range_SOURCES = tests/scenario/test_port_range.c
tests_scenario_test_port_range_LDADD = $(SCENARIO_LDADD)
tests_scenario_test_proxy_protocol_SOURCES = tests/scenario/test_proxy_protocol.c
tests_scenario_test_proxy_protocol_LDADD = $(SCENARIO_LDADD)

tests_scenario_test_service_tls_SOURCES = tests/scenario/test_service_tls.c
tests_scenario_test_service_tls_LDADD = $(SCENARIO_LDADD)
tests_scenario_test_publish_SOURCES = tests/scenario/test_publish.c
tests_scenario_test_publish_LDADD = $(SCENARIO_LDADD)
tests_scenario_test_service_table_SOURCES = tests/scenario/test_service_table.c
tests_scenario_test_service_table_LDADD = $(SCENARIO_LDADD)
tests_scenario_test_sessions_SOURCES = tests/scenario/test_sessions.c
tests_scenario_test_sessions_LDADD = $(SCENARIO_LDADD)

scenario_tests = $(scenario_programs) tests/scenario/test_install.sh tests/scenario/test_completion.sh tests/scenario/test_logs.py tests/scenario/test_openapi.py tests/scenario/test_prometheus.py tests/scenario/test_udp_peers.py
EXTRA_DIST += tests/scenario/running.py tests/scenario/schemathesis.toml tests/scenario/schemathesis.txt tests/scenario/test_install.sh tests/scenario/test_completion.sh tests/scenario/test_logs.py tests/scenario/test_openapi.py tests/scenario/test_prometheus.py tests/scenario/test_udp_peers.py
windows_programs = tests/scenario/test_windows tests/scenario/test_windows_console \
	tests/scenario/test_windows_service
check_PROGRAMS += $(scenario_programs) $(windows_programs) tests/scenario/agents/many_agents tests/bench/datagrams
tests_scenario_agents_many_agents_SOURCES = tests/scenario/agents/many_agents.c
tests_scenario_agents_many_agents_LDADD = $(munnel_agent_LDADD)
tests_bench_datagrams_SOURCES = tests/bench/datagrams.c
# By wine, with the programs of a build for Windows: alone, because wineserver takes a core.
windows_tests = tests/scenario/test_windows.sh
EXTRA_DIST += $(windows_tests)
TESTS += $(scenario_tests) $(windows_tests)
