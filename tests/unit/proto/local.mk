# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Munnel authors
#
# Unit tests of src/proto; tests/unit/local.mk has how to add one.
unit_proto_tests = \
	tests/unit/proto/test_frame \
	tests/unit/proto/test_join_code \
	tests/unit/proto/test_control \
	tests/unit/proto/test_hello \
	tests/unit/proto/test_host_name \
	tests/unit/proto/test_http_requests \
	tests/unit/proto/test_http_responses \
	tests/unit/proto/test_json_fields \
	tests/unit/proto/test_open \
	tests/unit/proto/test_proxy_tlvs \
	tests/unit/proto/test_proxy_write \
	tests/unit/proto/test_auth_proof \
	tests/unit/proto/test_features \
	tests/unit/proto/test_ban_changes \
	tests/unit/proto/test_publish \
	tests/unit/proto/test_health \
	tests/unit/proto/test_services \
	tests/unit/proto/test_visits

tests_unit_proto_test_frame_SOURCES = tests/unit/proto/test_frame.c
tests_unit_proto_test_frame_LDADD = $(LINK_UNIT_PROTO)
tests_unit_proto_test_join_code_SOURCES = tests/unit/proto/test_join_code.c
tests_unit_proto_test_join_code_LDADD = $(LINK_UNIT_PROTO)
tests_unit_proto_test_visits_SOURCES = tests/unit/proto/test_visits.c
tests_unit_proto_test_visits_LDADD = $(LINK_UNIT_PROTO)
tests_unit_proto_test_control_SOURCES = tests/unit/proto/test_control.c
tests_unit_proto_test_control_LDADD = $(LINK_UNIT_PROTO)
tests_unit_proto_test_hello_SOURCES = tests/unit/proto/test_hello.c
tests_unit_proto_test_hello_LDADD = $(LINK_UNIT_PROTO)
tests_unit_proto_test_json_fields_SOURCES = tests/unit/proto/test_json_fields.c
tests_unit_proto_test_json_fields_LDADD = $(LINK_UNIT_PROTO)
tests_unit_proto_test_open_SOURCES = tests/unit/proto/test_open.c
tests_unit_proto_test_open_LDADD = $(LINK_UNIT_PROTO)
tests_unit_proto_test_proxy_tlvs_SOURCES = tests/unit/proto/test_proxy_tlvs.c
tests_unit_proto_test_proxy_tlvs_LDADD = $(LINK_UNIT_PROTO)
tests_unit_proto_test_proxy_write_SOURCES = tests/unit/proto/test_proxy_write.c
tests_unit_proto_test_proxy_write_LDADD = $(LINK_UNIT_PROTO)
tests_unit_proto_test_auth_proof_SOURCES = tests/unit/proto/test_auth_proof.c
tests_unit_proto_test_auth_proof_LDADD = $(LINK_UNIT_PROTO)

unit_proto_tests += tests/unit/proto/test_stream
tests_unit_proto_test_stream_SOURCES = tests/unit/proto/test_stream.c
tests_unit_proto_test_stream_LDADD = $(LINK_UNIT_PROTO)

tests_unit_proto_test_features_SOURCES = tests/unit/proto/test_features.c
tests_unit_proto_test_features_LDADD = $(LINK_UNIT_PROTO)
tests_unit_proto_test_ban_changes_SOURCES = tests/unit/proto/test_ban_changes.c
tests_unit_proto_test_ban_changes_LDADD = $(LINK_UNIT_PROTO)
tests_unit_proto_test_publish_SOURCES = tests/unit/proto/test_publish.c
tests_unit_proto_test_publish_LDADD = $(LINK_UNIT_PROTO)
tests_unit_proto_test_health_SOURCES = tests/unit/proto/test_health.c
tests_unit_proto_test_health_LDADD = $(LINK_UNIT_PROTO)

tests_unit_proto_test_services_SOURCES = tests/unit/proto/test_services.c
tests_unit_proto_test_services_LDADD = $(LINK_UNIT_PROTO)
unit_proto_tests += tests/unit/proto/test_http_head
tests_unit_proto_test_http_head_SOURCES = tests/unit/proto/test_http_head.c
tests_unit_proto_test_http_head_LDADD = $(LINK_UNIT_PROTO)
unit_proto_tests += tests/unit/proto/test_proxy
tests_unit_proto_test_proxy_SOURCES = tests/unit/proto/test_proxy.c
tests_unit_proto_test_proxy_LDADD = $(LINK_UNIT_PROTO)
unit_proto_tests += tests/unit/proto/test_proxy_auth
tests_unit_proto_test_proxy_auth_SOURCES = tests/unit/proto/test_proxy_auth.c
tests_unit_proto_test_proxy_auth_LDADD = $(LINK_UNIT_PROTO)
unit_proto_tests += tests/unit/proto/test_proxy_io
tests_unit_proto_test_proxy_io_SOURCES = tests/unit/proto/test_proxy_io.c
tests_unit_proto_test_proxy_io_LDADD = $(LINK_UNIT_PROTO)
unit_proto_tests += tests/unit/proto/test_proxy_talk
tests_unit_proto_test_proxy_talk_SOURCES = tests/unit/proto/test_proxy_talk.c
tests_unit_proto_test_proxy_talk_LDADD = $(LINK_UNIT_PROTO)
unit_proto_tests += tests/unit/proto/test_socks5
tests_unit_proto_test_socks5_SOURCES = tests/unit/proto/test_socks5.c
tests_unit_proto_test_socks5_LDADD = $(LINK_UNIT_PROTO)

unit_proto_tests += tests/unit/proto/test_proxy_read
tests_unit_proto_test_proxy_read_SOURCES = tests/unit/proto/test_proxy_read.c
tests_unit_proto_test_proxy_read_LDADD = $(LINK_UNIT_PROTO)

unit_tests += $(unit_proto_tests)
tests_unit_proto_test_host_name_SOURCES = tests/unit/proto/test_host_name.c
tests_unit_proto_test_host_name_LDADD = $(LINK_UNIT_PROTO)
tests_unit_proto_test_http_requests_SOURCES = tests/unit/proto/test_http_requests.c
tests_unit_proto_test_http_requests_LDADD = $(LINK_UNIT_PROTO)
tests_unit_proto_test_http_responses_SOURCES = tests/unit/proto/test_http_responses.c
tests_unit_proto_test_http_responses_LDADD = $(LINK_UNIT_PROTO)
