# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Munnel authors
#
# Unit tests of src/agent; tests/unit/local.mk has how to add one. Those of the control plane stand on a fake data plane.
unit_agent_tests =
unit_agent_harness = \
	tests/unit/agent/fake_plane.c \
	tests/unit/agent/fake_plane.h \
	tests/unit/agent/harness.c \
	tests/unit/agent/harness.h
unit_agent_one_harness = $(unit_agent_harness) tests/unit/agent/one_harness.c tests/unit/agent/one_harness.h

unit_agent_tests += tests/unit/agent/test_agent
tests_unit_agent_test_agent_SOURCES = tests/unit/agent/test_agent.c $(unit_agent_one_harness)
tests_unit_agent_test_agent_LDADD = $(LINK_UNIT_AGENT)

unit_agent_tests += tests/unit/agent/admin/test_agent_admin
tests_unit_agent_admin_test_agent_admin_SOURCES = tests/unit/agent/admin/test_agent_admin.c $(admin_client) $(unit_agent_one_harness)
tests_unit_agent_admin_test_agent_admin_LDADD = $(LINK_UNIT_AGENT)

unit_agent_tests += tests/unit/agent/admin/test_rates
tests_unit_agent_admin_test_rates_SOURCES = tests/unit/agent/admin/test_rates.c $(unit_agent_harness)
tests_unit_agent_admin_test_rates_LDADD = $(LINK_UNIT_AGENT)

unit_agent_tests += tests/unit/agent/check/test_check
tests_unit_agent_check_test_check_SOURCES = tests/unit/agent/check/test_check.c tests/unit/conf/capture.c tests/unit/conf/capture.h
tests_unit_agent_check_test_check_LDADD = $(LINK_UNIT_AGENT)

unit_agent_tests += tests/unit/agent/check/test_check_services
tests_unit_agent_check_test_check_services_SOURCES = tests/unit/agent/check/test_check_services.c
tests_unit_agent_check_test_check_services_LDADD = $(LINK_UNIT_AGENT)

unit_agent_tests += tests/unit/agent/check/test_report
tests_unit_agent_check_test_report_SOURCES = tests/unit/agent/check/test_report.c
tests_unit_agent_check_test_report_LDADD = $(LINK_UNIT_AGENT)

unit_agent_tests += tests/unit/agent/test_housekeeping
tests_unit_agent_test_housekeeping_SOURCES = tests/unit/agent/test_housekeeping.c $(unit_agent_one_harness)
tests_unit_agent_test_housekeeping_LDADD = $(LINK_UNIT_AGENT)

unit_agent_tests += tests/unit/agent/test_startup
tests_unit_agent_test_startup_SOURCES = tests/unit/agent/test_startup.c $(unit_agent_harness) tests/unit/conf/capture.c tests/unit/conf/capture.h
tests_unit_agent_test_startup_LDADD = $(LINK_UNIT_AGENT)

unit_agent_tests += tests/unit/agent/test_drain
tests_unit_agent_test_drain_SOURCES = tests/unit/agent/test_drain.c $(unit_agent_one_harness)
tests_unit_agent_test_drain_LDADD = $(LINK_UNIT_AGENT)

visits_fixture = tests/unit/agent/visits_fixture.c tests/unit/agent/visits_fixture.h
unit_agent_tests += tests/unit/agent/test_visits
tests_unit_agent_test_visits_SOURCES = tests/unit/agent/test_visits.c $(visits_fixture)
tests_unit_agent_test_visits_LDADD = $(LINK_UNIT_AGENT)

unit_agent_tests += tests/unit/agent/test_visit_clients
tests_unit_agent_test_visit_clients_SOURCES = tests/unit/agent/test_visit_clients.c $(visits_fixture)
tests_unit_agent_test_visit_clients_LDADD = $(LINK_UNIT_AGENT)

unit_agent_tests += tests/unit/agent/upstream/test_failure
tests_unit_agent_upstream_test_failure_SOURCES = tests/unit/agent/upstream/test_failure.c
tests_unit_agent_upstream_test_failure_LDADD = $(LINK_UNIT_AGENT)

unit_agent_tests += tests/unit/agent/upstream/test_connect_attempt
tests_unit_agent_upstream_test_connect_attempt_SOURCES = tests/unit/agent/upstream/test_connect_attempt.c $(unit_agent_one_harness)
tests_unit_agent_upstream_test_connect_attempt_LDADD = $(LINK_UNIT_AGENT)

unit_agent_tests += tests/unit/agent/identity/test_identity
tests_unit_agent_identity_test_identity_SOURCES = tests/unit/agent/identity/test_identity.c
tests_unit_agent_identity_test_identity_LDADD = $(LINK_UNIT_AGENT)

unit_agent_tests += tests/unit/agent/identity/test_proxy_choice
tests_unit_agent_identity_test_proxy_choice_SOURCES = tests/unit/agent/identity/test_proxy_choice.c
tests_unit_agent_identity_test_proxy_choice_LDADD = $(LINK_UNIT_AGENT)

unit_agent_tests += tests/unit/agent/identity/test_known_servers
tests_unit_agent_identity_test_known_servers_SOURCES = tests/unit/agent/identity/test_known_servers.c
tests_unit_agent_identity_test_known_servers_LDADD = $(LINK_UNIT_AGENT)

unit_agent_tests += tests/unit/agent/identity/test_join
tests_unit_agent_identity_test_join_SOURCES = tests/unit/agent/identity/test_join.c
tests_unit_agent_identity_test_join_LDADD = $(LINK_UNIT_AGENT)

unit_agent_tests += tests/unit/agent/upstream/test_data_dials
tests_unit_agent_upstream_test_data_dials_SOURCES = tests/unit/agent/upstream/test_data_dials.c $(unit_agent_harness)
tests_unit_agent_upstream_test_data_dials_LDADD = $(LINK_UNIT_AGENT)

data_links_fixture = tests/unit/agent/upstream/data_links_fixture.c tests/unit/agent/upstream/data_links_fixture.h $(unit_agent_harness)

unit_agent_tests += tests/unit/agent/upstream/test_data_links
tests_unit_agent_upstream_test_data_links_SOURCES = tests/unit/agent/upstream/test_data_links.c $(data_links_fixture)
tests_unit_agent_upstream_test_data_links_LDADD = $(LINK_UNIT_AGENT)

unit_agent_tests += tests/unit/agent/upstream/test_data_links_exclusive
tests_unit_agent_upstream_test_data_links_exclusive_SOURCES = tests/unit/agent/upstream/test_data_links_exclusive.c $(data_links_fixture)
tests_unit_agent_upstream_test_data_links_exclusive_LDADD = $(LINK_UNIT_AGENT)

unit_agent_tests += tests/unit/agent/upstream/test_ban_list
tests_unit_agent_upstream_test_ban_list_SOURCES = tests/unit/agent/upstream/test_ban_list.c
tests_unit_agent_upstream_test_ban_list_LDADD = $(LINK_UNIT_AGENT)

unit_agent_tests += tests/unit/agent/upstream/test_ban_sender
tests_unit_agent_upstream_test_ban_sender_SOURCES = tests/unit/agent/upstream/test_ban_sender.c $(unit_agent_one_harness)
tests_unit_agent_upstream_test_ban_sender_LDADD = $(LINK_UNIT_AGENT)

unit_agent_tests += tests/unit/agent/upstream/test_health
tests_unit_agent_upstream_test_health_SOURCES = tests/unit/agent/upstream/test_health.c $(unit_agent_one_harness)
tests_unit_agent_upstream_test_health_LDADD = $(LINK_UNIT_AGENT)

unit_agent_tests += tests/unit/agent/upstream/test_publications
tests_unit_agent_upstream_test_publications_SOURCES = tests/unit/agent/upstream/test_publications.c
tests_unit_agent_upstream_test_publications_LDADD = $(LINK_UNIT_AGENT)

unit_agent_tests += tests/unit/agent/upstream/test_publisher
tests_unit_agent_upstream_test_publisher_SOURCES = tests/unit/agent/upstream/test_publisher.c $(unit_agent_one_harness)
tests_unit_agent_upstream_test_publisher_LDADD = $(LINK_UNIT_AGENT)

unit_agent_tests += tests/unit/agent/test_publish_output
tests_unit_agent_test_publish_output_SOURCES = tests/unit/agent/test_publish_output.c
tests_unit_agent_test_publish_output_LDADD = $(LINK_UNIT_AGENT)

unit_agent_tests += tests/unit/agent/upstream/test_services
tests_unit_agent_upstream_test_services_SOURCES = tests/unit/agent/upstream/test_services.c $(unit_agent_one_harness)
tests_unit_agent_upstream_test_services_LDADD = $(LINK_UNIT_AGENT)

unit_agent_tests += tests/unit/agent/upstream/test_session
tests_unit_agent_upstream_test_session_SOURCES = tests/unit/agent/upstream/test_session.c $(unit_agent_one_harness)
tests_unit_agent_upstream_test_session_LDADD = $(LINK_UNIT_AGENT)

unit_agent_tests += tests/unit/agent/upstream/test_session_list
tests_unit_agent_upstream_test_session_list_SOURCES = tests/unit/agent/upstream/test_session_list.c $(unit_agent_one_harness)
tests_unit_agent_upstream_test_session_list_LDADD = $(LINK_UNIT_AGENT)

unit_agent_tests += tests/unit/agent/identity/test_credential_files
tests_unit_agent_identity_test_credential_files_SOURCES = tests/unit/agent/identity/test_credential_files.c
tests_unit_agent_identity_test_credential_files_LDADD = $(LINK_UNIT_AGENT)

unit_agent_tests += tests/unit/agent/identity/test_service_keys
tests_unit_agent_identity_test_service_keys_SOURCES = tests/unit/agent/identity/test_service_keys.c
tests_unit_agent_identity_test_service_keys_LDADD = $(LINK_UNIT_AGENT)

unit_agent_tests += tests/unit/agent/identity/test_trust
tests_unit_agent_identity_test_trust_SOURCES = tests/unit/agent/identity/test_trust.c
tests_unit_agent_identity_test_trust_LDADD = $(LINK_UNIT_AGENT)

unit_agent_tests += tests/unit/agent/upstream/test_upstream_retry
tests_unit_agent_upstream_test_upstream_retry_SOURCES = tests/unit/agent/upstream/test_upstream_retry.c $(unit_agent_one_harness)
tests_unit_agent_upstream_test_upstream_retry_LDADD = $(LINK_UNIT_AGENT)

unit_agent_tests += tests/unit/agent/upstream/test_upstream_view
tests_unit_agent_upstream_test_upstream_view_SOURCES = tests/unit/agent/upstream/test_upstream_view.c $(unit_agent_one_harness)
tests_unit_agent_upstream_test_upstream_view_LDADD = $(LINK_UNIT_AGENT)

if !WINDOWS
unit_tests += $(unit_agent_tests)
endif
