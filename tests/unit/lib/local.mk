# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Munnel authors
#
# Unit tests of src/lib; tests/unit/local.mk says how to add one.
unit_lib_tests =

unit_lib_tests += tests/unit/lib/test_pki
tests_unit_lib_test_pki_SOURCES = tests/unit/lib/test_pki.c
tests_unit_lib_test_pki_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/test_text
tests_unit_lib_test_text_SOURCES = tests/unit/lib/test_text.c
tests_unit_lib_test_text_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/test_certificate
tests_unit_lib_test_certificate_SOURCES = tests/unit/lib/test_certificate.c
tests_unit_lib_test_certificate_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/test_tls
tests_unit_lib_test_tls_SOURCES = tests/unit/lib/test_tls.c tests/unit/lib/tls_pair.c tests/unit/lib/tls_pair.h
tests_unit_lib_test_tls_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/test_tls_verify
tests_unit_lib_test_tls_verify_SOURCES = tests/unit/lib/test_tls_verify.c tests/unit/lib/tls_pair.c tests/unit/lib/tls_pair.h
tests_unit_lib_test_tls_verify_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/test_tls_why
tests_unit_lib_test_tls_why_SOURCES = tests/unit/lib/test_tls_why.c tests/unit/lib/tls_pair.c tests/unit/lib/tls_pair.h
tests_unit_lib_test_tls_why_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/test_tls_psk
tests_unit_lib_test_tls_psk_SOURCES = tests/unit/lib/test_tls_psk.c tests/unit/lib/tls_pair.c tests/unit/lib/tls_pair.h
tests_unit_lib_test_tls_psk_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/test_error
tests_unit_lib_test_error_SOURCES = tests/unit/lib/test_error.c
tests_unit_lib_test_error_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/test_secret
tests_unit_lib_test_secret_SOURCES = tests/unit/lib/test_secret.c
tests_unit_lib_test_secret_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/test_json
tests_unit_lib_test_json_SOURCES = tests/unit/lib/test_json.c
tests_unit_lib_test_json_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/test_addr
tests_unit_lib_test_addr_SOURCES = tests/unit/lib/test_addr.c
tests_unit_lib_test_addr_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/test_loop
tests_unit_lib_test_loop_SOURCES = tests/unit/lib/test_loop.c
tests_unit_lib_test_loop_LDADD = $(LINK_UNIT_LIB)
tests_unit_lib_test_loop_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=event_config_new

unit_lib_tests += tests/unit/lib/test_mailbox
tests_unit_lib_test_mailbox_SOURCES = tests/unit/lib/test_mailbox.c
tests_unit_lib_test_mailbox_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/test_sock_stall
tests_unit_lib_test_sock_stall_SOURCES = tests/unit/lib/test_sock_stall.c
tests_unit_lib_test_sock_stall_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/test_sock
tests_unit_lib_test_sock_SOURCES = tests/unit/lib/test_sock.c
tests_unit_lib_test_sock_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/test_log
tests_unit_lib_test_log_SOURCES = tests/unit/lib/test_log.c
tests_unit_lib_test_log_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/test_log_line
tests_unit_lib_test_log_line_SOURCES = tests/unit/lib/test_log_line.c
tests_unit_lib_test_log_line_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/test_file
tests_unit_lib_test_file_SOURCES = tests/unit/lib/test_file.c
tests_unit_lib_test_file_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/test_rules
tests_unit_lib_test_rules_SOURCES = tests/unit/lib/test_rules.c
tests_unit_lib_test_rules_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/test_resolver
tests_unit_lib_test_resolver_SOURCES = tests/unit/lib/test_resolver.c
tests_unit_lib_test_resolver_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/test_resolver_system
tests_unit_lib_test_resolver_system_SOURCES = tests/unit/lib/test_resolver_system.c
tests_unit_lib_test_resolver_system_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/test_watch
tests_unit_lib_test_watch_SOURCES = tests/unit/lib/test_watch.c
tests_unit_lib_test_watch_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/test_expiry
tests_unit_lib_test_expiry_SOURCES = tests/unit/lib/test_expiry.c
tests_unit_lib_test_expiry_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/test_notify
tests_unit_lib_test_notify_SOURCES = tests/unit/lib/test_notify.c
tests_unit_lib_test_notify_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/test_privilege
tests_unit_lib_test_privilege_SOURCES = tests/unit/lib/test_privilege.c
tests_unit_lib_test_privilege_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/test_tls_lost
tests_unit_lib_test_tls_lost_SOURCES = tests/unit/lib/test_tls_lost.c
tests_unit_lib_test_tls_lost_LDADD = $(LINK_UNIT_LIB)
tests_unit_lib_test_tls_lost_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=X509_STORE_lock,--wrap=X509_STORE_unlock \
	-Wl,--wrap=X509_STORE_get0_objects

unit_tests += $(unit_lib_tests)
