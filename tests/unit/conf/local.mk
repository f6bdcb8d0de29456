# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Munnel authors
#
# Unit tests of src/conf; tests/unit/local.mk says how to add one.
unit_conf_tests =

unit_conf_tests += tests/unit/conf/test_agent_options
tests_unit_conf_test_agent_options_SOURCES = tests/unit/conf/capture.c tests/unit/conf/capture.h \
	tests/unit/conf/test_agent_options.c
tests_unit_conf_test_agent_options_LDADD = $(LINK_UNIT_CONF)

unit_conf_tests += tests/unit/conf/test_blame
tests_unit_conf_test_blame_SOURCES = tests/unit/conf/test_blame.c
tests_unit_conf_test_blame_LDADD = $(LINK_UNIT_CONF)

unit_conf_tests += tests/unit/conf/test_documents
tests_unit_conf_test_documents_SOURCES = tests/unit/conf/capture.c tests/unit/conf/capture.h \
	tests/unit/conf/test_documents.c
tests_unit_conf_test_documents_LDADD = $(LINK_UNIT_CONF)

unit_conf_tests += tests/unit/conf/test_nearest
tests_unit_conf_test_nearest_SOURCES = tests/unit/conf/test_nearest.c
tests_unit_conf_test_nearest_LDADD = $(LINK_UNIT_CONF)

unit_conf_tests += tests/unit/conf/test_server_conf
tests_unit_conf_test_server_conf_SOURCES = tests/unit/conf/test_server_conf.c tests/unit/conf/service_text.h
tests_unit_conf_test_server_conf_LDADD = $(LINK_UNIT_CONF)

unit_conf_tests += tests/unit/conf/test_server_conf_slips
tests_unit_conf_test_server_conf_slips_SOURCES = tests/unit/conf/test_server_conf_slips.c tests/unit/conf/service_text.h
tests_unit_conf_test_server_conf_slips_LDADD = $(LINK_UNIT_CONF)

unit_conf_tests += tests/unit/conf/test_server_options
tests_unit_conf_test_server_options_SOURCES = tests/unit/conf/capture.c tests/unit/conf/capture.h \
	tests/unit/conf/test_server_options.c
tests_unit_conf_test_server_options_LDADD = $(LINK_UNIT_CONF)

unit_conf_tests += tests/unit/conf/test_credentials
tests_unit_conf_test_credentials_SOURCES = tests/unit/conf/test_credentials.c
tests_unit_conf_test_credentials_LDADD = $(LINK_UNIT_CONF)

unit_conf_tests += tests/unit/conf/test_same_path
tests_unit_conf_test_same_path_SOURCES = tests/unit/conf/test_same_path.c
tests_unit_conf_test_same_path_LDADD = $(LINK_UNIT_CONF)

unit_conf_tests += tests/unit/conf/test_date
tests_unit_conf_test_date_SOURCES = tests/unit/conf/test_date.c
tests_unit_conf_test_date_LDADD = $(LINK_UNIT_CONF)

unit_conf_tests += tests/unit/conf/test_setup
tests_unit_conf_test_setup_SOURCES = tests/unit/conf/test_setup.c
tests_unit_conf_test_setup_LDADD = $(LINK_UNIT_CONF)

unit_conf_tests += tests/unit/conf/test_reachable
tests_unit_conf_test_reachable_SOURCES = tests/unit/conf/test_reachable.c
tests_unit_conf_test_reachable_LDADD = $(LINK_UNIT_CONF)

unit_tests += $(unit_conf_tests)
