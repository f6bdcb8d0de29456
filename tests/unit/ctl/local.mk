# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Munnel authors
#
# Unit tests of src/ctl; tests/unit/local.mk says how to add one.
unit_ctl_tests =
unit_ctl_tool = tests/unit/ctl/tool.c tests/unit/ctl/tool.h tests/unit/conf/capture.c tests/unit/conf/capture.h

unit_ctl_tests += tests/unit/ctl/test_agent
tests_unit_ctl_test_agent_SOURCES = tests/unit/ctl/test_agent.c $(unit_ctl_tool)
tests_unit_ctl_test_agent_LDADD = $(LINK_UNIT_CTL)

unit_ctl_tests += tests/unit/ctl/test_agent_certificates
tests_unit_ctl_test_agent_certificates_SOURCES = tests/unit/ctl/test_agent_certificates.c $(unit_ctl_tool)
tests_unit_ctl_test_agent_certificates_LDADD = $(LINK_UNIT_CTL)

unit_ctl_tests += tests/unit/ctl/test_init
tests_unit_ctl_test_init_SOURCES = tests/unit/ctl/test_init.c tests/unit/conf/capture.c tests/unit/conf/capture.h
tests_unit_ctl_test_init_LDADD = $(LINK_UNIT_CTL)

unit_ctl_tests += tests/unit/ctl/test_program
tests_unit_ctl_test_program_SOURCES = tests/unit/ctl/test_program.c
tests_unit_ctl_test_program_LDADD = $(LINK_UNIT_CTL)

unit_tests += $(unit_ctl_tests)
