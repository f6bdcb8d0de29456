# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Munnel authors
#
# Unit tests of src/lib; tests/unit/local.mk has how to add one.
unit_lib_tests =

unit_local_client = tests/unit/lib/http/local_client.c tests/unit/lib/http/local_client.h
if WINDOWS
unit_local_client += tests/unit/lib/http/local_client_windows.c
else
unit_local_client += tests/unit/lib/http/local_client_posix.c
endif
unit_local_fixture = tests/unit/lib/http/local_fixture.c tests/unit/lib/http/local_fixture.h $(unit_local_client)
unit_http_fixture = tests/unit/lib/http/http_fixture.c tests/unit/lib/http/http_fixture.h $(unit_local_client)

unit_lib_tests += tests/unit/lib/display/test_display
tests_unit_lib_display_test_display_SOURCES = tests/unit/lib/display/test_display.c
tests_unit_lib_display_test_display_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/display/test_number_text
tests_unit_lib_display_test_number_text_SOURCES = tests/unit/lib/display/test_number_text.c
tests_unit_lib_display_test_number_text_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/display/test_table
tests_unit_lib_display_test_table_SOURCES = tests/unit/lib/display/test_table.c
tests_unit_lib_display_test_table_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/display/test_hop_table
tests_unit_lib_display_test_hop_table_SOURCES = tests/unit/lib/display/test_hop_table.c
tests_unit_lib_display_test_hop_table_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/tls/test_cert_issue
tests_unit_lib_tls_test_cert_issue_SOURCES = tests/unit/lib/tls/test_cert_issue.c
tests_unit_lib_tls_test_cert_issue_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/base/test_number_map
tests_unit_lib_base_test_number_map_SOURCES = tests/unit/lib/base/test_number_map.c
tests_unit_lib_base_test_number_map_LDADD = $(LINK_UNIT_LIB)
tests_unit_lib_base_test_number_map_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=calloc

unit_lib_tests += tests/unit/lib/base/test_queue
tests_unit_lib_base_test_queue_SOURCES = tests/unit/lib/base/test_queue.c
tests_unit_lib_base_test_queue_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/base/test_text_buffer
tests_unit_lib_base_test_text_buffer_SOURCES = tests/unit/lib/base/test_text_buffer.c
tests_unit_lib_base_test_text_buffer_LDADD = $(LINK_UNIT_LIB)
tests_unit_lib_base_test_text_buffer_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=realloc

unit_lib_tests += tests/unit/lib/base/test_aligned
tests_unit_lib_base_test_aligned_SOURCES = tests/unit/lib/base/test_aligned.c
tests_unit_lib_base_test_aligned_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/base/test_strbuf
tests_unit_lib_base_test_strbuf_SOURCES = tests/unit/lib/base/test_strbuf.c
tests_unit_lib_base_test_strbuf_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/tls/test_certificate
tests_unit_lib_tls_test_certificate_SOURCES = tests/unit/lib/tls/test_certificate.c
tests_unit_lib_tls_test_certificate_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/tls/test_service_context
tests_unit_lib_tls_test_service_context_SOURCES = tests/unit/lib/tls/test_service_context.c tests/unit/lib/tls_pair.c tests/unit/lib/tls_pair.h
tests_unit_lib_tls_test_service_context_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/tls/test_context
tests_unit_lib_tls_test_context_SOURCES = tests/unit/lib/tls/test_context.c tests/unit/lib/tls_pair.c tests/unit/lib/tls_pair.h
tests_unit_lib_tls_test_context_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/tls/test_alpn
tests_unit_lib_tls_test_alpn_SOURCES = tests/unit/lib/tls/test_alpn.c tests/unit/lib/tls_pair.c tests/unit/lib/tls_pair.h
tests_unit_lib_tls_test_alpn_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/tls/test_client_hello
tests_unit_lib_tls_test_client_hello_SOURCES = tests/unit/lib/tls/test_client_hello.c tests/unit/lib/tls_pair.c tests/unit/lib/tls_pair.h
tests_unit_lib_tls_test_client_hello_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/tls/test_verify
tests_unit_lib_tls_test_verify_SOURCES = tests/unit/lib/tls/test_verify.c tests/unit/lib/tls_pair.c tests/unit/lib/tls_pair.h
tests_unit_lib_tls_test_verify_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/tls/test_error
tests_unit_lib_tls_test_error_SOURCES = tests/unit/lib/tls/test_error.c tests/unit/lib/tls_pair.c tests/unit/lib/tls_pair.h
tests_unit_lib_tls_test_error_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/tls/test_pem
tests_unit_lib_tls_test_pem_SOURCES = tests/unit/lib/tls/test_pem.c tests/unit/lib/tls_pair.c tests/unit/lib/tls_pair.h
tests_unit_lib_tls_test_pem_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/base/test_histogram
tests_unit_lib_base_test_histogram_SOURCES = tests/unit/lib/base/test_histogram.c
tests_unit_lib_base_test_histogram_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/base/test_token_bucket
tests_unit_lib_base_test_token_bucket_SOURCES = tests/unit/lib/base/test_token_bucket.c
tests_unit_lib_base_test_token_bucket_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/metrics/test_metrics
tests_unit_lib_metrics_test_metrics_SOURCES = tests/unit/lib/metrics/test_metrics.c
tests_unit_lib_metrics_test_metrics_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/os/test_character_width
tests_unit_lib_os_test_character_width_SOURCES = tests/unit/lib/os/test_character_width.c
tests_unit_lib_os_test_character_width_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/os/test_host_name
tests_unit_lib_os_test_host_name_SOURCES = tests/unit/lib/os/test_host_name.c
tests_unit_lib_os_test_host_name_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/os/test_processor_count
tests_unit_lib_os_test_processor_count_SOURCES = tests/unit/lib/os/test_processor_count.c
tests_unit_lib_os_test_processor_count_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/os/test_process_stats
tests_unit_lib_os_test_process_stats_SOURCES = tests/unit/lib/os/test_process_stats.c
tests_unit_lib_os_test_process_stats_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/event/test_lag_probe
tests_unit_lib_event_test_lag_probe_SOURCES = tests/unit/lib/event/test_lag_probe.c
tests_unit_lib_event_test_lag_probe_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/base/test_slot_table
tests_unit_lib_base_test_slot_table_SOURCES = tests/unit/lib/base/test_slot_table.c
tests_unit_lib_base_test_slot_table_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/base/test_strlist
tests_unit_lib_base_test_strlist_SOURCES = tests/unit/lib/base/test_strlist.c
tests_unit_lib_base_test_strlist_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/event/test_defer
tests_unit_lib_event_test_defer_SOURCES = tests/unit/lib/event/test_defer.c
tests_unit_lib_event_test_defer_LDADD = $(LINK_UNIT_LIB)


unit_lib_tests += tests/unit/lib/base/test_error
tests_unit_lib_base_test_error_SOURCES = tests/unit/lib/base/test_error.c
tests_unit_lib_base_test_error_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/base/test_secret
tests_unit_lib_base_test_secret_SOURCES = tests/unit/lib/base/test_secret.c
tests_unit_lib_base_test_secret_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/base/test_json
tests_unit_lib_base_test_json_SOURCES = tests/unit/lib/base/test_json.c
tests_unit_lib_base_test_json_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/base/test_json_locate
tests_unit_lib_base_test_json_locate_SOURCES = tests/unit/lib/base/test_json_locate.c
tests_unit_lib_base_test_json_locate_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/base/test_file_glob
tests_unit_lib_base_test_file_glob_SOURCES = tests/unit/lib/base/test_file_glob.c
tests_unit_lib_base_test_file_glob_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/net/test_addr
tests_unit_lib_net_test_addr_SOURCES = tests/unit/lib/net/test_addr.c tests/unit/lib/net/net_fixture.h
tests_unit_lib_net_test_addr_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/event/test_loop
tests_unit_lib_event_test_loop_SOURCES = tests/unit/lib/event/test_loop.c
tests_unit_lib_event_test_loop_LDADD = $(LINK_UNIT_LIB)
tests_unit_lib_event_test_loop_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=event_config_new

unit_lib_tests += tests/unit/lib/event/test_readiness
tests_unit_lib_event_test_readiness_SOURCES = tests/unit/lib/event/test_readiness.c
tests_unit_lib_event_test_readiness_LDADD = $(LINK_UNIT_LIB)
tests_unit_lib_event_test_readiness_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=event_add

unit_lib_tests += tests/unit/lib/event/test_mailbox
tests_unit_lib_event_test_mailbox_SOURCES = tests/unit/lib/event/test_mailbox.c
tests_unit_lib_event_test_mailbox_LDADD = $(LINK_UNIT_LIB)
tests_unit_lib_event_test_mailbox_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=sock_wake

unit_lib_tests += tests/unit/lib/net/test_network_watch
tests_unit_lib_net_test_network_watch_SOURCES = tests/unit/lib/net/test_network_watch.c
tests_unit_lib_net_test_network_watch_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/net/test_sock
tests_unit_lib_net_test_sock_SOURCES = tests/unit/lib/net/test_sock.c tests/unit/lib/net/net_fixture.h
tests_unit_lib_net_test_sock_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/log/test_log
tests_unit_lib_log_test_log_SOURCES = tests/unit/lib/log/test_log.c
tests_unit_lib_log_test_log_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/log/test_log_line
tests_unit_lib_log_test_log_line_SOURCES = tests/unit/lib/log/test_log_line.c
tests_unit_lib_log_test_log_line_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/base/test_file
tests_unit_lib_base_test_file_SOURCES = tests/unit/lib/base/test_file.c
tests_unit_lib_base_test_file_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/net/test_no_proxy
tests_unit_lib_net_test_no_proxy_SOURCES = tests/unit/lib/net/test_no_proxy.c
tests_unit_lib_net_test_no_proxy_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/net/test_acl
tests_unit_lib_net_test_acl_SOURCES = tests/unit/lib/net/test_acl.c tests/unit/lib/net/net_fixture.h
tests_unit_lib_net_test_acl_LDADD = $(LINK_UNIT_LIB)
tests_unit_lib_net_test_acl_LDFLAGS = $(AM_LDFLAGS) $(wrap_interface_numbers)
if !WINDOWS
wrap_interface_numbers = -Wl,--wrap=if_nametoindex
endif

unit_lib_tests += tests/unit/lib/event/test_resolver
tests_unit_lib_event_test_resolver_SOURCES = tests/unit/lib/event/test_resolver.c
tests_unit_lib_event_test_resolver_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/event/test_resolver_system
tests_unit_lib_event_test_resolver_system_SOURCES = tests/unit/lib/event/test_resolver_system.c
tests_unit_lib_event_test_resolver_system_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/event/test_signals
tests_unit_lib_event_test_signals_SOURCES = tests/unit/lib/event/test_signals.c
tests_unit_lib_event_test_signals_LDADD = $(LINK_UNIT_LIB)
tests_unit_lib_event_test_signals_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=event_add

unit_lib_tests += tests/unit/lib/event/test_background_queue
tests_unit_lib_event_test_background_queue_SOURCES = tests/unit/lib/event/test_background_queue.c
tests_unit_lib_event_test_background_queue_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/event/test_background
tests_unit_lib_event_test_background_SOURCES = tests/unit/lib/event/test_background.c
tests_unit_lib_event_test_background_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/event/test_file_watch
tests_unit_lib_event_test_file_watch_SOURCES = tests/unit/lib/event/test_file_watch.c
tests_unit_lib_event_test_file_watch_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/tls/test_cert_expiry
tests_unit_lib_tls_test_cert_expiry_SOURCES = tests/unit/lib/tls/test_cert_expiry.c
tests_unit_lib_tls_test_cert_expiry_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/os/test_standard_streams
tests_unit_lib_os_test_standard_streams_SOURCES = tests/unit/lib/os/test_standard_streams.c
tests_unit_lib_os_test_standard_streams_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/os/test_terminal
tests_unit_lib_os_test_terminal_SOURCES = tests/unit/lib/os/test_terminal.c
tests_unit_lib_os_test_terminal_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/tls/test_recheck
tests_unit_lib_tls_test_recheck_SOURCES = tests/unit/lib/tls/test_recheck.c
tests_unit_lib_tls_test_recheck_LDADD = $(LINK_UNIT_LIB)
tests_unit_lib_tls_test_recheck_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=X509_STORE_lock,--wrap=X509_STORE_unlock \
	-Wl,--wrap=X509_STORE_get0_objects

unit_lib_tests += tests/unit/lib/base/test_date
tests_unit_lib_base_test_date_SOURCES = tests/unit/lib/base/test_date.c
tests_unit_lib_base_test_date_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/log/test_log_throttle
tests_unit_lib_log_test_log_throttle_SOURCES = tests/unit/lib/log/test_log_throttle.c
tests_unit_lib_log_test_log_throttle_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/net/test_port_range
tests_unit_lib_net_test_port_range_SOURCES = tests/unit/lib/net/test_port_range.c
tests_unit_lib_net_test_port_range_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/net/test_endpoint
tests_unit_lib_net_test_endpoint_SOURCES = tests/unit/lib/net/test_endpoint.c tests/unit/lib/net/net_fixture.h
tests_unit_lib_net_test_endpoint_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/net/test_acl_parse
tests_unit_lib_net_test_acl_parse_SOURCES = tests/unit/lib/net/test_acl_parse.c tests/unit/lib/net/net_fixture.h
tests_unit_lib_net_test_acl_parse_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/net/test_reserved_addr
tests_unit_lib_net_test_reserved_addr_SOURCES = tests/unit/lib/net/test_reserved_addr.c tests/unit/lib/net/net_fixture.h
tests_unit_lib_net_test_reserved_addr_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/net/test_loopback_source
tests_unit_lib_net_test_loopback_source_SOURCES = tests/unit/lib/net/test_loopback_source.c
tests_unit_lib_net_test_loopback_source_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/net/test_source_key
tests_unit_lib_net_test_source_key_SOURCES = tests/unit/lib/net/test_source_key.c
tests_unit_lib_net_test_source_key_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/net/test_sock_bind
tests_unit_lib_net_test_sock_bind_SOURCES = tests/unit/lib/net/test_sock_bind.c tests/unit/lib/net/net_fixture.h
tests_unit_lib_net_test_sock_bind_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/net/test_datagrams
tests_unit_lib_net_test_datagrams_SOURCES = tests/unit/lib/net/test_datagrams.c tests/unit/lib/net/net_fixture.h
tests_unit_lib_net_test_datagrams_LDADD = $(LINK_UNIT_LIB)
tests_unit_lib_net_test_datagrams_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=sendmsg

unit_lib_tests += tests/unit/lib/tls/test_session
tests_unit_lib_tls_test_session_SOURCES = tests/unit/lib/tls/test_session.c tests/unit/lib/tls_pair.c tests/unit/lib/tls_pair.h
tests_unit_lib_tls_test_session_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/base/test_clock
tests_unit_lib_base_test_clock_SOURCES = tests/unit/lib/base/test_clock.c
tests_unit_lib_base_test_clock_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/os/test_thread
tests_unit_lib_os_test_thread_SOURCES = tests/unit/lib/os/test_thread.c
tests_unit_lib_os_test_thread_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/event/test_resolver_lookups
tests_unit_lib_event_test_resolver_lookups_SOURCES = tests/unit/lib/event/test_resolver_lookups.c
tests_unit_lib_event_test_resolver_lookups_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/tls/test_shared_key
tests_unit_lib_tls_test_shared_key_SOURCES = tests/unit/lib/tls/test_shared_key.c tests/unit/lib/tls_pair.c tests/unit/lib/tls_pair.h
tests_unit_lib_tls_test_shared_key_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/tls/test_ex_data
tests_unit_lib_tls_test_ex_data_SOURCES = tests/unit/lib/tls/test_ex_data.c
tests_unit_lib_tls_test_ex_data_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/http/test_access
tests_unit_lib_http_test_access_SOURCES = tests/unit/lib/http/test_access.c $(unit_http_fixture)
tests_unit_lib_http_test_access_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/http/test_client
tests_unit_lib_http_test_client_SOURCES = tests/unit/lib/http/test_client.c $(unit_http_fixture)
tests_unit_lib_http_test_client_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/http/test_local_listener
tests_unit_lib_http_test_local_listener_SOURCES = tests/unit/lib/http/test_local_listener.c $(unit_local_fixture)
tests_unit_lib_http_test_local_listener_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/http/test_transport
tests_unit_lib_http_test_transport_SOURCES = tests/unit/lib/http/test_transport.c $(unit_local_fixture)
tests_unit_lib_http_test_transport_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/http/test_connection
tests_unit_lib_http_test_connection_SOURCES = tests/unit/lib/http/test_connection.c $(unit_http_fixture)
tests_unit_lib_http_test_connection_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/http/test_event_stream
tests_unit_lib_http_test_event_stream_SOURCES = tests/unit/lib/http/test_event_stream.c $(unit_http_fixture)
tests_unit_lib_http_test_event_stream_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/http/test_framing
tests_unit_lib_http_test_framing_SOURCES = tests/unit/lib/http/test_framing.c $(unit_http_fixture)
tests_unit_lib_http_test_framing_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/http/test_refusal
tests_unit_lib_http_test_refusal_SOURCES = tests/unit/lib/http/test_refusal.c $(unit_http_fixture)
tests_unit_lib_http_test_refusal_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/http/test_reply_head
tests_unit_lib_http_test_reply_head_SOURCES = tests/unit/lib/http/test_reply_head.c
tests_unit_lib_http_test_reply_head_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/http/test_pacing
tests_unit_lib_http_test_pacing_SOURCES = tests/unit/lib/http/test_pacing.c $(unit_http_fixture)
tests_unit_lib_http_test_pacing_LDADD = $(LINK_UNIT_LIB)
unit_lib_tests += tests/unit/lib/http/test_routes
tests_unit_lib_http_test_routes_SOURCES = tests/unit/lib/http/test_routes.c $(unit_http_fixture)
tests_unit_lib_http_test_routes_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/http/test_server
tests_unit_lib_http_test_server_SOURCES = tests/unit/lib/http/test_server.c $(unit_http_fixture)
tests_unit_lib_http_test_server_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/http/test_target
tests_unit_lib_http_test_target_SOURCES = tests/unit/lib/http/test_target.c
tests_unit_lib_http_test_target_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/http/test_tokens
tests_unit_lib_http_test_tokens_SOURCES = tests/unit/lib/http/test_tokens.c
tests_unit_lib_http_test_tokens_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/base/test_utf8
tests_unit_lib_base_test_utf8_SOURCES = tests/unit/lib/base/test_utf8.c
tests_unit_lib_base_test_utf8_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/base/test_path_match
tests_unit_lib_base_test_path_match_SOURCES = tests/unit/lib/base/test_path_match.c
tests_unit_lib_base_test_path_match_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/base/test_path
tests_unit_lib_base_test_path_SOURCES = tests/unit/lib/base/test_path.c
tests_unit_lib_base_test_path_LDADD = $(LINK_UNIT_LIB)

# What only one system has.
if WINDOWS
unit_lib_tests += tests/unit/lib/base/test_file_rights
tests_unit_lib_base_test_file_rights_SOURCES = tests/unit/lib/base/test_file_rights.c
tests_unit_lib_base_test_file_rights_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/base/test_system_errno
tests_unit_lib_base_test_system_errno_SOURCES = tests/unit/lib/base/test_system_errno.c
tests_unit_lib_base_test_system_errno_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/base/test_system_error
tests_unit_lib_base_test_system_error_SOURCES = tests/unit/lib/base/test_system_error.c
tests_unit_lib_base_test_system_error_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/base/test_wide
tests_unit_lib_base_test_wide_SOURCES = tests/unit/lib/base/test_wide.c
tests_unit_lib_base_test_wide_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/net/test_local_name_windows
tests_unit_lib_net_test_local_name_windows_SOURCES = tests/unit/lib/net/test_local_name_windows.c
tests_unit_lib_net_test_local_name_windows_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/net/test_power_notice
tests_unit_lib_net_test_power_notice_SOURCES = tests/unit/lib/net/test_power_notice.c
tests_unit_lib_net_test_power_notice_LDADD = $(LINK_UNIT_LIB)
tests_unit_lib_net_test_power_notice_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=power_notice_begin

unit_lib_tests += tests/unit/lib/net/test_sock_access_windows
tests_unit_lib_net_test_sock_access_windows_SOURCES = tests/unit/lib/net/test_sock_access_windows.c tests/unit/lib/net/net_fixture.h
tests_unit_lib_net_test_sock_access_windows_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/net/test_sock_bind_windows
tests_unit_lib_net_test_sock_bind_windows_SOURCES = tests/unit/lib/net/test_sock_bind_windows.c tests/unit/lib/net/net_fixture.h
tests_unit_lib_net_test_sock_bind_windows_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/net/test_sock_errors
tests_unit_lib_net_test_sock_errors_SOURCES = tests/unit/lib/net/test_sock_errors.c
tests_unit_lib_net_test_sock_errors_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/os/test_command_line
tests_unit_lib_os_test_command_line_SOURCES = tests/unit/lib/os/test_command_line.c
tests_unit_lib_os_test_command_line_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/os/test_program_output
tests_unit_lib_os_test_program_output_SOURCES = tests/unit/lib/os/test_program_output.c
tests_unit_lib_os_test_program_output_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/os/test_program_requests
tests_unit_lib_os_test_program_requests_SOURCES = tests/unit/lib/os/test_program_requests.c
tests_unit_lib_os_test_program_requests_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/os/test_program_service
tests_unit_lib_os_test_program_service_SOURCES = tests/unit/lib/os/test_program_service.c
tests_unit_lib_os_test_program_service_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/event/test_service_manager_windows
tests_unit_lib_event_test_service_manager_windows_SOURCES = tests/unit/lib/event/test_service_manager_windows.c
tests_unit_lib_event_test_service_manager_windows_LDADD = $(LINK_UNIT_LIB)
tests_unit_lib_event_test_service_manager_windows_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=program_service_report

unit_lib_tests += tests/unit/lib/log/test_log_target_windows
tests_unit_lib_log_test_log_target_windows_SOURCES = tests/unit/lib/log/test_log_target_windows.c
tests_unit_lib_log_test_log_target_windows_LDADD = $(LINK_UNIT_LIB)
tests_unit_lib_log_test_log_target_windows_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=event_log_write

unit_lib_tests += tests/unit/lib/os/test_fd_count_windows
tests_unit_lib_os_test_fd_count_windows_SOURCES = tests/unit/lib/os/test_fd_count_windows.c
tests_unit_lib_os_test_fd_count_windows_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/os/test_privilege_windows
tests_unit_lib_os_test_privilege_windows_SOURCES = tests/unit/lib/os/test_privilege_windows.c
tests_unit_lib_os_test_privilege_windows_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/os/test_program_windows
tests_unit_lib_os_test_program_windows_SOURCES = tests/unit/lib/os/test_program_windows.c
tests_unit_lib_os_test_program_windows_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/os/test_thread_windows
tests_unit_lib_os_test_thread_windows_SOURCES = tests/unit/lib/os/test_thread_windows.c
tests_unit_lib_os_test_thread_windows_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/tls/test_authority
tests_unit_lib_tls_test_authority_SOURCES = tests/unit/lib/tls/test_authority.c
tests_unit_lib_tls_test_authority_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/tls/test_system_store_windows
tests_unit_lib_tls_test_system_store_windows_SOURCES = tests/unit/lib/tls/test_system_store_windows.c tests/unit/lib/tls_pair.c tests/unit/lib/tls_pair.h
tests_unit_lib_tls_test_system_store_windows_LDADD = $(LINK_UNIT_LIB)
else
unit_lib_tests += tests/unit/lib/tls/test_system_store
tests_unit_lib_tls_test_system_store_SOURCES = tests/unit/lib/tls/test_system_store.c tests/unit/lib/tls_pair.c tests/unit/lib/tls_pair.h
tests_unit_lib_tls_test_system_store_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/tls/test_system_store_posix
tests_unit_lib_tls_test_system_store_posix_SOURCES = tests/unit/lib/tls/test_system_store_posix.c
tests_unit_lib_tls_test_system_store_posix_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/base/test_file_posix
tests_unit_lib_base_test_file_posix_SOURCES = tests/unit/lib/base/test_file_posix.c
tests_unit_lib_base_test_file_posix_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/net/test_local_name
tests_unit_lib_net_test_local_name_SOURCES = tests/unit/lib/net/test_local_name.c
tests_unit_lib_net_test_local_name_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/net/test_network_messages
tests_unit_lib_net_test_network_messages_SOURCES = tests/unit/lib/net/test_network_messages.c
tests_unit_lib_net_test_network_messages_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/net/test_passed_sockets
tests_unit_lib_net_test_passed_sockets_SOURCES = tests/unit/lib/net/test_passed_sockets.c tests/unit/lib/net/net_fixture.h
tests_unit_lib_net_test_passed_sockets_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/net/test_sock_access
tests_unit_lib_net_test_sock_access_SOURCES = tests/unit/lib/net/test_sock_access.c tests/unit/lib/net/net_fixture.h
tests_unit_lib_net_test_sock_access_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/net/test_sock_posix
tests_unit_lib_net_test_sock_posix_SOURCES = tests/unit/lib/net/test_sock_posix.c tests/unit/lib/net/net_fixture.h
tests_unit_lib_net_test_sock_posix_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/net/test_sock_stall
tests_unit_lib_net_test_sock_stall_SOURCES = tests/unit/lib/net/test_sock_stall.c
tests_unit_lib_net_test_sock_stall_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/event/test_service_manager
tests_unit_lib_event_test_service_manager_SOURCES = tests/unit/lib/event/test_service_manager.c
tests_unit_lib_event_test_service_manager_LDADD = $(LINK_UNIT_LIB)
tests_unit_lib_event_test_service_manager_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=event_add

unit_lib_tests += tests/unit/lib/log/test_log_socket
tests_unit_lib_log_test_log_socket_SOURCES = tests/unit/lib/log/test_log_socket.c
tests_unit_lib_log_test_log_socket_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/log/test_log_target
tests_unit_lib_log_test_log_target_SOURCES = tests/unit/lib/log/test_log_target.c
tests_unit_lib_log_test_log_target_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/os/test_account
tests_unit_lib_os_test_account_SOURCES = tests/unit/lib/os/test_account.c
tests_unit_lib_os_test_account_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/os/test_program
tests_unit_lib_os_test_program_SOURCES = tests/unit/lib/os/test_program.c
tests_unit_lib_os_test_program_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/os/test_privilege
tests_unit_lib_os_test_privilege_SOURCES = tests/unit/lib/os/test_privilege.c
tests_unit_lib_os_test_privilege_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/os/test_fd_count
tests_unit_lib_os_test_fd_count_SOURCES = tests/unit/lib/os/test_fd_count.c
tests_unit_lib_os_test_fd_count_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/event/test_loop_posix
tests_unit_lib_event_test_loop_posix_SOURCES = tests/unit/lib/event/test_loop_posix.c
tests_unit_lib_event_test_loop_posix_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/event/test_mailbox_posix
tests_unit_lib_event_test_mailbox_posix_SOURCES = tests/unit/lib/event/test_mailbox_posix.c
tests_unit_lib_event_test_mailbox_posix_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/os/test_interrupt
tests_unit_lib_os_test_interrupt_SOURCES = tests/unit/lib/os/test_interrupt.c
tests_unit_lib_os_test_interrupt_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/os/test_thread_posix
tests_unit_lib_os_test_thread_posix_SOURCES = tests/unit/lib/os/test_thread_posix.c
tests_unit_lib_os_test_thread_posix_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/http/test_access_posix
tests_unit_lib_http_test_access_posix_SOURCES = tests/unit/lib/http/test_access_posix.c $(unit_http_fixture)
tests_unit_lib_http_test_access_posix_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/http/test_server_posix
tests_unit_lib_http_test_server_posix_SOURCES = tests/unit/lib/http/test_server_posix.c $(unit_http_fixture)
tests_unit_lib_http_test_server_posix_LDADD = $(LINK_UNIT_LIB)

unit_lib_tests += tests/unit/lib/http/test_server_memory
tests_unit_lib_http_test_server_memory_SOURCES = tests/unit/lib/http/test_server_memory.c $(unit_http_fixture)
tests_unit_lib_http_test_server_memory_LDADD = $(LINK_UNIT_LIB)
tests_unit_lib_http_test_server_memory_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=calloc,--wrap=strdup,--wrap=evbuffer_new \
	-Wl,--wrap=evbuffer_add,--wrap=evbuffer_add_reference,--wrap=evbuffer_add_cb,--wrap=evhttp_add_header \
	-Wl,--wrap=evhttp_new,--wrap=bufferevent_socket_new
endif

unit_tests += $(unit_lib_tests)
