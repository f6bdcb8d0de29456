# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Munnel authors
#
# Unit tests of src/ctl; tests/unit/local.mk has how to add one.
unit_ctl_tests =
unit_ctl_tool = tests/unit/ctl/tool.c tests/unit/ctl/tool.h tests/unit/conf/capture.c tests/unit/conf/capture.h

unit_ctl_tests += tests/unit/ctl/test_agent_add
tests_unit_ctl_test_agent_add_SOURCES = tests/unit/ctl/test_agent_add.c $(unit_ctl_tool)
tests_unit_ctl_test_agent_add_LDADD = $(LINK_UNIT_CTL)

unit_ctl_tests += tests/unit/ctl/test_agent_certificate
tests_unit_ctl_test_agent_certificate_SOURCES = tests/unit/ctl/test_agent_certificate.c $(unit_ctl_tool)
tests_unit_ctl_test_agent_certificate_LDADD = $(LINK_UNIT_CTL)

unit_ctl_tests += tests/unit/ctl/test_agent_list
tests_unit_ctl_test_agent_list_SOURCES = tests/unit/ctl/test_agent_list.c $(unit_ctl_tool)
tests_unit_ctl_test_agent_list_LDADD = $(LINK_UNIT_CTL)

unit_ctl_tests += tests/unit/ctl/test_agent_permit
tests_unit_ctl_test_agent_permit_SOURCES = tests/unit/ctl/test_agent_permit.c $(unit_ctl_tool)
tests_unit_ctl_test_agent_permit_LDADD = $(LINK_UNIT_CTL)

unit_ctl_tests += tests/unit/ctl/test_agent_revoke
tests_unit_ctl_test_agent_revoke_SOURCES = tests/unit/ctl/test_agent_revoke.c $(unit_ctl_tool)
tests_unit_ctl_test_agent_revoke_LDADD = $(LINK_UNIT_CTL)

unit_ctl_tests += tests/unit/ctl/test_agent_store
tests_unit_ctl_test_agent_store_SOURCES = tests/unit/ctl/test_agent_store.c $(unit_ctl_tool)
tests_unit_ctl_test_agent_store_LDADD = $(LINK_UNIT_CTL)
tests_unit_ctl_test_agent_store_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=file_write

unit_ctl_tests += tests/unit/ctl/test_service_system
tests_unit_ctl_test_service_system_SOURCES = tests/unit/ctl/test_service_system.c tests/unit/conf/capture.c tests/unit/conf/capture.h
tests_unit_ctl_test_service_system_LDADD = $(LINK_UNIT_CTL)

if WINDOWS
unit_ctl_tests += tests/unit/ctl/test_service_folder
tests_unit_ctl_test_service_folder_SOURCES = tests/unit/ctl/test_service_folder.c
tests_unit_ctl_test_service_folder_LDADD = $(LINK_UNIT_CTL)
tests_unit_ctl_test_service_folder_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=__imp_SetNamedSecurityInfoW

unit_ctl_tests += tests/unit/ctl/test_service_install
tests_unit_ctl_test_service_install_SOURCES = tests/unit/ctl/test_service_install.c tests/unit/conf/capture.c tests/unit/conf/capture.h
tests_unit_ctl_test_service_install_LDADD = $(LINK_UNIT_CTL)
tests_unit_ctl_test_service_install_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=__imp_ChangeServiceConfig2W
endif

unit_ctl_tests += tests/unit/ctl/test_subcommand
tests_unit_ctl_test_subcommand_SOURCES = tests/unit/ctl/test_subcommand.c tests/unit/conf/capture.c tests/unit/conf/capture.h
tests_unit_ctl_test_subcommand_LDADD = $(LINK_UNIT_CTL)

unit_ctl_tests += tests/unit/ctl/test_init
tests_unit_ctl_test_init_SOURCES = tests/unit/ctl/test_init.c tests/unit/conf/capture.c tests/unit/conf/capture.h
tests_unit_ctl_test_init_LDADD = $(LINK_UNIT_CTL)

unit_ctl_tests += tests/unit/ctl/test_key
tests_unit_ctl_test_key_SOURCES = tests/unit/ctl/test_key.c tests/unit/conf/capture.c tests/unit/conf/capture.h
tests_unit_ctl_test_key_LDADD = $(LINK_UNIT_CTL)

unit_ctl_tests += tests/unit/ctl/test_program
tests_unit_ctl_test_program_SOURCES = tests/unit/ctl/test_program.c
tests_unit_ctl_test_program_LDADD = $(LINK_UNIT_CTL)

unit_ctl_tests += tests/unit/ctl/test_events_follow
tests_unit_ctl_test_events_follow_SOURCES = tests/unit/ctl/test_events_follow.c
tests_unit_ctl_test_events_follow_LDADD = $(LINK_UNIT_CTL)

unit_ctl_tests += tests/unit/ctl/test_status_parts
tests_unit_ctl_test_status_parts_SOURCES = tests/unit/ctl/test_status_parts.c
tests_unit_ctl_test_status_parts_LDADD = $(LINK_UNIT_CTL)

unit_ctl_tests += tests/unit/ctl/test_admin_client
tests_unit_ctl_test_admin_client_SOURCES = tests/unit/ctl/test_admin_client.c
tests_unit_ctl_test_admin_client_LDADD = $(LINK_UNIT_CTL)

unit_ctl_tests += tests/unit/ctl/test_answer
tests_unit_ctl_test_answer_SOURCES = tests/unit/ctl/test_answer.c
tests_unit_ctl_test_answer_LDADD = $(LINK_UNIT_CTL)

unit_ctl_tests += tests/unit/ctl/test_difference
tests_unit_ctl_test_difference_SOURCES = tests/unit/ctl/test_difference.c
tests_unit_ctl_test_difference_LDADD = $(LINK_UNIT_CTL)

unit_ctl_tests += tests/unit/ctl/test_service_change
tests_unit_ctl_test_service_change_SOURCES = tests/unit/ctl/test_service_change.c tests/unit/conf/capture.c tests/unit/conf/capture.h
tests_unit_ctl_test_service_change_LDADD = $(LINK_UNIT_CTL)

unit_ctl_tests += tests/unit/ctl/test_tar_writer
tests_unit_ctl_test_tar_writer_SOURCES = tests/unit/ctl/test_tar_writer.c
tests_unit_ctl_test_tar_writer_LDADD = $(LINK_UNIT_CTL)

unit_ctl_tests += tests/unit/ctl/test_program_output
tests_unit_ctl_test_program_output_SOURCES = tests/unit/ctl/test_program_output.c
tests_unit_ctl_test_program_output_LDADD = $(LINK_UNIT_CTL)

unit_ctl_tests += tests/unit/ctl/test_diag_archive
tests_unit_ctl_test_diag_archive_SOURCES = tests/unit/ctl/test_diag_archive.c
tests_unit_ctl_test_diag_archive_LDADD = $(LINK_UNIT_CTL)

unit_ctl_tests += tests/unit/ctl/test_question
tests_unit_ctl_test_question_SOURCES = tests/unit/ctl/test_question.c
tests_unit_ctl_test_question_LDADD = $(LINK_UNIT_CTL)

unit_ctl_tests += tests/unit/ctl/test_share
tests_unit_ctl_test_share_SOURCES = tests/unit/ctl/test_share.c
tests_unit_ctl_test_share_LDADD = $(LINK_UNIT_CTL)

if WINDOWS
unit_tests += tests/unit/ctl/test_service_folder tests/unit/ctl/test_service_install tests/unit/ctl/test_service_system
else
unit_tests += $(unit_ctl_tests)
endif
