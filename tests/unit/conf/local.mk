# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Munnel authors
#
# Unit tests of src/conf; tests/unit/local.mk has how to add one.
unit_conf_tests =

unit_conf_tests += tests/unit/conf/test_agent_cmdline
tests_unit_conf_test_agent_cmdline_SOURCES = tests/unit/conf/capture.c tests/unit/conf/capture.h \
	tests/unit/conf/test_agent_cmdline.c
tests_unit_conf_test_agent_cmdline_LDADD = $(LINK_UNIT_CONF)

unit_conf_tests += tests/unit/conf/test_agents_file
tests_unit_conf_test_agents_file_SOURCES = tests/unit/conf/test_agents_file.c
tests_unit_conf_test_agents_file_LDADD = $(LINK_UNIT_CONF)

unit_conf_tests += tests/unit/conf/test_key_file
tests_unit_conf_test_key_file_SOURCES = tests/unit/conf/test_key_file.c
tests_unit_conf_test_key_file_LDADD = $(LINK_UNIT_CONF)

unit_conf_tests += tests/unit/conf/test_managed_file
tests_unit_conf_test_managed_file_SOURCES = tests/unit/conf/test_managed_file.c
tests_unit_conf_test_managed_file_LDADD = $(LINK_UNIT_CONF)

unit_conf_tests += tests/unit/conf/test_places
tests_unit_conf_test_places_SOURCES = tests/unit/conf/test_places.c
tests_unit_conf_test_places_LDADD = $(LINK_UNIT_CONF)

unit_conf_tests += tests/unit/conf/test_listen_check
tests_unit_conf_test_listen_check_SOURCES = tests/unit/conf/slip.h tests/unit/conf/test_listen_check.c
tests_unit_conf_test_listen_check_LDADD = $(LINK_UNIT_CONF)

unit_conf_tests += tests/unit/conf/test_lock
tests_unit_conf_test_lock_SOURCES = tests/unit/conf/test_lock.c
tests_unit_conf_test_lock_LDADD = $(LINK_UNIT_CONF)

unit_conf_tests += tests/unit/conf/test_credential_issue
tests_unit_conf_test_credential_issue_SOURCES = tests/unit/conf/test_credential_issue.c
tests_unit_conf_test_credential_issue_LDADD = $(LINK_UNIT_CONF)

unit_conf_tests += tests/unit/conf/test_option
tests_unit_conf_test_option_SOURCES = tests/unit/conf/test_option.c tests/unit/conf/slip.h
tests_unit_conf_test_option_LDADD = $(LINK_UNIT_CONF)

unit_conf_tests += tests/unit/conf/test_documents
tests_unit_conf_test_documents_SOURCES = tests/unit/conf/capture.c tests/unit/conf/capture.h \
	tests/unit/conf/test_documents.c
tests_unit_conf_test_documents_LDADD = $(LINK_UNIT_CONF)

unit_conf_tests += tests/unit/conf/test_publish_spec
tests_unit_conf_test_publish_spec_SOURCES = tests/unit/conf/test_publish_spec.c
tests_unit_conf_test_publish_spec_LDADD = $(LINK_UNIT_CONF)

unit_conf_tests += tests/unit/conf/test_suggest
tests_unit_conf_test_suggest_SOURCES = tests/unit/conf/test_suggest.c
tests_unit_conf_test_suggest_LDADD = $(LINK_UNIT_CONF)

unit_conf_tests += tests/unit/conf/test_server_config
tests_unit_conf_test_server_config_SOURCES = tests/unit/conf/test_server_config.c tests/unit/conf/slip.h
tests_unit_conf_test_server_config_LDADD = $(LINK_UNIT_CONF)

unit_conf_tests += tests/unit/conf/test_server_cmdline
tests_unit_conf_test_server_cmdline_SOURCES = tests/unit/conf/capture.c tests/unit/conf/capture.h \
	tests/unit/conf/test_server_cmdline.c
tests_unit_conf_test_server_cmdline_LDADD = $(LINK_UNIT_CONF)

unit_conf_tests += tests/unit/conf/test_credentials
tests_unit_conf_test_credentials_SOURCES = tests/unit/conf/test_credentials.c
tests_unit_conf_test_credentials_LDADD = $(LINK_UNIT_CONF)

unit_conf_tests += tests/unit/conf/test_same_path
tests_unit_conf_test_same_path_SOURCES = tests/unit/conf/test_same_path.c
tests_unit_conf_test_same_path_LDADD = $(LINK_UNIT_CONF)

unit_conf_tests += tests/unit/conf/test_provision
tests_unit_conf_test_provision_SOURCES = tests/unit/conf/test_provision.c
tests_unit_conf_test_provision_LDADD = $(LINK_UNIT_CONF)

unit_conf_tests += tests/unit/conf/test_advertised_addr
tests_unit_conf_test_advertised_addr_SOURCES = tests/unit/conf/test_advertised_addr.c
tests_unit_conf_test_advertised_addr_LDADD = $(LINK_UNIT_CONF)

unit_conf_tests += tests/unit/conf/test_option_value
tests_unit_conf_test_option_value_SOURCES = tests/unit/conf/test_option_value.c tests/unit/conf/slip.h
tests_unit_conf_test_option_value_LDADD = $(LINK_UNIT_CONF)

unit_conf_tests += tests/unit/conf/test_visit_spec
tests_unit_conf_test_visit_spec_SOURCES = tests/unit/conf/test_visit_spec.c
tests_unit_conf_test_visit_spec_LDADD = $(LINK_UNIT_CONF)

unit_conf_tests += tests/unit/conf/test_validators
tests_unit_conf_test_validators_SOURCES = tests/unit/conf/test_validators.c
tests_unit_conf_test_validators_LDADD = $(LINK_UNIT_CONF)

unit_conf_tests += tests/unit/conf/test_publish_permit
tests_unit_conf_test_publish_permit_SOURCES = tests/unit/conf/test_publish_permit.c
tests_unit_conf_test_publish_permit_LDADD = $(LINK_UNIT_CONF)
unit_conf_tests += tests/unit/conf/test_server_published
tests_unit_conf_test_server_published_SOURCES = tests/unit/conf/test_server_published.c
tests_unit_conf_test_server_published_LDADD = $(LINK_UNIT_CONF)
unit_conf_tests += tests/unit/conf/test_shared_listen
tests_unit_conf_test_shared_listen_SOURCES = tests/unit/conf/test_shared_listen.c tests/unit/conf/slip.h
tests_unit_conf_test_shared_listen_LDADD = $(LINK_UNIT_CONF)

unit_conf_tests += tests/unit/conf/test_server_check
tests_unit_conf_test_server_check_SOURCES = tests/unit/conf/test_server_check.c tests/unit/conf/slip.h
tests_unit_conf_test_server_check_LDADD = $(LINK_UNIT_CONF)

unit_conf_tests += tests/unit/conf/test_visitors_check
tests_unit_conf_test_visitors_check_SOURCES = tests/unit/conf/test_visitors_check.c tests/unit/conf/slip.h
tests_unit_conf_test_visitors_check_LDADD = $(LINK_UNIT_CONF)

unit_conf_tests += tests/unit/conf/test_udp_check
tests_unit_conf_test_udp_check_SOURCES = tests/unit/conf/test_udp_check.c tests/unit/conf/slip.h
tests_unit_conf_test_udp_check_LDADD = $(LINK_UNIT_CONF)

unit_conf_tests += tests/unit/conf/test_credentials_file
tests_unit_conf_test_credentials_file_SOURCES = tests/unit/conf/test_credentials_file.c
tests_unit_conf_test_credentials_file_LDADD = $(LINK_UNIT_CONF)

unit_conf_tests += tests/unit/conf/test_cmdline
tests_unit_conf_test_cmdline_SOURCES = tests/unit/conf/test_cmdline.c tests/unit/conf/capture.c tests/unit/conf/capture.h
tests_unit_conf_test_cmdline_LDADD = $(LINK_UNIT_CONF)

unit_conf_tests += tests/unit/conf/test_join_code_issue
tests_unit_conf_test_join_code_issue_SOURCES = tests/unit/conf/test_join_code_issue.c
tests_unit_conf_test_join_code_issue_LDADD = $(LINK_UNIT_CONF)

unit_conf_tests += tests/unit/conf/test_local_addrs
tests_unit_conf_test_local_addrs_SOURCES = tests/unit/conf/test_local_addrs.c
tests_unit_conf_test_local_addrs_LDADD = $(LINK_UNIT_CONF)

unit_conf_tests += tests/unit/conf/test_expand
tests_unit_conf_test_expand_SOURCES = tests/unit/conf/test_expand.c tests/unit/conf/slip.h
tests_unit_conf_test_expand_LDADD = $(LINK_UNIT_CONF)

unit_conf_tests += tests/unit/conf/test_include
tests_unit_conf_test_include_SOURCES = tests/unit/conf/test_include.c
tests_unit_conf_test_include_LDADD = $(LINK_UNIT_CONF)

unit_conf_tests += tests/unit/conf/test_server_diff
tests_unit_conf_test_server_diff_SOURCES = tests/unit/conf/test_server_diff.c
tests_unit_conf_test_server_diff_LDADD = $(LINK_UNIT_CONF)

# Owners by number, which an include of root's has to have, and a root of a test's own: Windows has neither.
if !WINDOWS
unit_conf_tests += tests/unit/conf/test_include_posix
tests_unit_conf_test_include_posix_SOURCES = tests/unit/conf/test_include_posix.c
tests_unit_conf_test_include_posix_LDADD = $(LINK_UNIT_CONF)

unit_conf_tests += tests/unit/conf/test_places_posix
tests_unit_conf_test_places_posix_SOURCES = tests/unit/conf/test_places_posix.c
tests_unit_conf_test_places_posix_LDADD = $(LINK_UNIT_CONF)
endif

unit_tests += $(unit_conf_tests)
