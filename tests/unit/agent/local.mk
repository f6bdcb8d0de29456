# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Munnel authors
#
# Unit tests of src/agent; tests/unit/local.mk says how to add one. Those of the control plane stand on a fake data plane.
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

unit_agent_tests += tests/unit/agent/test_attempt
tests_unit_agent_test_attempt_SOURCES = tests/unit/agent/test_attempt.c $(unit_agent_one_harness)
tests_unit_agent_test_attempt_LDADD = $(LINK_UNIT_AGENT)

unit_agent_tests += tests/unit/agent/test_backoff
tests_unit_agent_test_backoff_SOURCES = tests/unit/agent/test_backoff.c
tests_unit_agent_test_backoff_LDADD = $(LINK_UNIT_AGENT)

unit_agent_tests += tests/unit/agent/test_identities
tests_unit_agent_test_identities_SOURCES = tests/unit/agent/test_identities.c
tests_unit_agent_test_identities_LDADD = $(LINK_UNIT_AGENT)

unit_agent_tests += tests/unit/agent/test_joined
tests_unit_agent_test_joined_SOURCES = tests/unit/agent/test_joined.c
tests_unit_agent_test_joined_LDADD = $(LINK_UNIT_AGENT)

unit_agent_tests += tests/unit/agent/test_joining
tests_unit_agent_test_joining_SOURCES = tests/unit/agent/test_joining.c
tests_unit_agent_test_joining_LDADD = $(LINK_UNIT_AGENT)

unit_agent_tests += tests/unit/agent/test_links
tests_unit_agent_test_links_SOURCES = tests/unit/agent/test_links.c $(unit_agent_harness)
tests_unit_agent_test_links_LDADD = $(LINK_UNIT_AGENT)

unit_agent_tests += tests/unit/agent/test_session
tests_unit_agent_test_session_SOURCES = tests/unit/agent/test_session.c $(unit_agent_one_harness)
tests_unit_agent_test_session_LDADD = $(LINK_UNIT_AGENT)

unit_agent_tests += tests/unit/agent/test_token
tests_unit_agent_test_token_SOURCES = tests/unit/agent/test_token.c
tests_unit_agent_test_token_LDADD = $(LINK_UNIT_AGENT)

unit_agent_tests += tests/unit/agent/test_trust
tests_unit_agent_test_trust_SOURCES = tests/unit/agent/test_trust.c
tests_unit_agent_test_trust_LDADD = $(LINK_UNIT_AGENT)

unit_agent_tests += tests/unit/agent/test_upstream
tests_unit_agent_test_upstream_SOURCES = tests/unit/agent/test_upstream.c $(unit_agent_one_harness)
tests_unit_agent_test_upstream_LDADD = $(LINK_UNIT_AGENT)

unit_tests += $(unit_agent_tests)
