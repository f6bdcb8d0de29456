# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Munnel authors
#
# Unit tests of src/proto; tests/unit/local.mk says how to add one.
unit_proto_tests = \
	tests/unit/proto/test_frame \
	tests/unit/proto/test_join \
	tests/unit/proto/test_message_control \
	tests/unit/proto/test_message_greeting \
	tests/unit/proto/test_message_relay \
	tests/unit/proto/test_open_memory \
	tests/unit/proto/test_proof \
	tests/unit/proto/test_session_key

tests_unit_proto_test_open_memory_SOURCES = tests/unit/proto/test_open_memory.c
tests_unit_proto_test_open_memory_LDADD = $(LINK_UNIT_PROTO)
tests_unit_proto_test_frame_SOURCES = tests/unit/proto/test_frame.c
tests_unit_proto_test_frame_LDADD = $(LINK_UNIT_PROTO)
tests_unit_proto_test_join_SOURCES = tests/unit/proto/test_join.c
tests_unit_proto_test_join_LDADD = $(LINK_UNIT_PROTO)
tests_unit_proto_test_message_control_SOURCES = tests/unit/proto/test_message_control.c
tests_unit_proto_test_message_control_LDADD = $(LINK_UNIT_PROTO)
tests_unit_proto_test_message_greeting_SOURCES = tests/unit/proto/test_message_greeting.c
tests_unit_proto_test_message_greeting_LDADD = $(LINK_UNIT_PROTO)
tests_unit_proto_test_message_relay_SOURCES = tests/unit/proto/test_message_relay.c
tests_unit_proto_test_message_relay_LDADD = $(LINK_UNIT_PROTO)
tests_unit_proto_test_proof_SOURCES = tests/unit/proto/test_proof.c
tests_unit_proto_test_proof_LDADD = $(LINK_UNIT_PROTO)
tests_unit_proto_test_session_key_SOURCES = tests/unit/proto/test_session_key.c
tests_unit_proto_test_session_key_LDADD = $(LINK_UNIT_PROTO)

unit_tests += $(unit_proto_tests)
