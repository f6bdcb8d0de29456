# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Munnel authors
#
# Unit tests of src/server; tests/unit/local.mk says how to add one.
unit_server_tests = \
	tests/unit/server/test_admission \
	tests/unit/server/test_agents \
	tests/unit/server/test_claim \
	tests/unit/server/test_complain \
	tests/unit/server/test_dispatch \
	tests/unit/server/test_door \
	tests/unit/server/test_greet \
	tests/unit/server/test_listener \
	tests/unit/server/test_once \
	tests/unit/server/test_penalties \
	tests/unit/server/test_places \
	tests/unit/server/test_pool \
	tests/unit/server/test_liveness \
	tests/unit/server/test_reload \
	tests/unit/server/test_service \
	tests/unit/server/test_session_key \
	tests/unit/server/test_supply \
	tests/unit/server/test_told

# The whole control plane over a data plane that only writes down what it is told.
unit_server_stage = \
	tests/unit/server/fake_plane.c tests/unit/server/fake_plane.h \
	tests/unit/server/stage.c tests/unit/server/stage.h
tests_unit_server_test_dispatch_SOURCES = tests/unit/server/test_dispatch.c $(unit_server_stage)
tests_unit_server_test_dispatch_LDADD = $(LINK_UNIT_SERVER)
tests_unit_server_test_door_SOURCES = tests/unit/server/test_door.c $(unit_server_stage)
tests_unit_server_test_door_LDADD = $(LINK_UNIT_SERVER)
tests_unit_server_test_greet_SOURCES = tests/unit/server/test_greet.c $(unit_server_stage)
tests_unit_server_test_greet_LDADD = $(LINK_UNIT_SERVER)
tests_unit_server_test_liveness_SOURCES = tests/unit/server/test_liveness.c $(unit_server_stage)
tests_unit_server_test_liveness_LDADD = $(LINK_UNIT_SERVER)
tests_unit_server_test_reload_SOURCES = tests/unit/server/test_reload.c $(unit_server_stage)
tests_unit_server_test_reload_LDADD = $(LINK_UNIT_SERVER)
tests_unit_server_test_service_SOURCES = tests/unit/server/test_service.c $(unit_server_stage)
tests_unit_server_test_service_LDADD = $(LINK_UNIT_SERVER)
tests_unit_server_test_session_key_SOURCES = tests/unit/server/test_session_key.c $(unit_server_stage) \
	tests/unit/lib/tls_pair.c tests/unit/lib/tls_pair.h
tests_unit_server_test_session_key_LDADD = $(LINK_UNIT_SERVER)
tests_unit_server_test_supply_SOURCES = tests/unit/server/test_supply.c $(unit_server_stage)
tests_unit_server_test_supply_LDADD = $(LINK_UNIT_SERVER)
tests_unit_server_test_told_SOURCES = tests/unit/server/test_told.c $(unit_server_stage)
tests_unit_server_test_told_LDADD = $(LINK_UNIT_SERVER)

tests_unit_server_test_admission_SOURCES = tests/unit/server/test_admission.c
tests_unit_server_test_admission_LDADD = $(LINK_UNIT_SERVER)
tests_unit_server_test_claim_SOURCES = tests/unit/server/test_claim.c
tests_unit_server_test_claim_LDADD = $(LINK_UNIT_SERVER)
tests_unit_server_test_listener_SOURCES = tests/unit/server/test_listener.c
tests_unit_server_test_listener_LDADD = $(LINK_UNIT_SERVER)
tests_unit_server_test_once_SOURCES = tests/unit/server/test_once.c
tests_unit_server_test_once_LDADD = $(LINK_UNIT_SERVER)
tests_unit_server_test_pool_SOURCES = tests/unit/server/test_pool.c
tests_unit_server_test_pool_LDADD = $(LINK_UNIT_SERVER)
tests_unit_server_test_agents_SOURCES = tests/unit/server/test_agents.c
tests_unit_server_test_agents_LDADD = $(LINK_UNIT_SERVER)
tests_unit_server_test_complain_SOURCES = tests/unit/server/test_complain.c
tests_unit_server_test_complain_LDADD = $(LINK_UNIT_SERVER)
tests_unit_server_test_penalties_SOURCES = tests/unit/server/test_penalties.c
tests_unit_server_test_penalties_LDADD = $(LINK_UNIT_SERVER)
tests_unit_server_test_places_SOURCES = tests/unit/server/test_places.c
tests_unit_server_test_places_LDADD = $(LINK_UNIT_SERVER)

unit_tests += $(unit_server_tests)
