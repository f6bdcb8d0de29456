# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Munnel authors
#
# Unit tests of src/admin; tests/unit/local.mk has how to add one.
unit_admin_tests = \
	tests/unit/admin/test_http_metrics \
	tests/unit/admin/test_operations \
	tests/unit/admin/test_recent_events \
	tests/unit/admin/test_values

tests_unit_admin_test_http_metrics_SOURCES = tests/unit/admin/test_http_metrics.c
tests_unit_admin_test_http_metrics_LDADD = $(LINK_UNIT_ADMIN)
tests_unit_admin_test_operations_SOURCES = tests/unit/admin/test_operations.c
tests_unit_admin_test_operations_LDADD = $(LINK_UNIT_ADMIN)
tests_unit_admin_test_recent_events_SOURCES = tests/unit/admin/test_recent_events.c
tests_unit_admin_test_recent_events_LDADD = $(LINK_UNIT_ADMIN)
tests_unit_admin_test_values_SOURCES = tests/unit/admin/test_values.c
tests_unit_admin_test_values_LDADD = $(LINK_UNIT_ADMIN)

if !WINDOWS
unit_tests += $(unit_admin_tests)
endif
