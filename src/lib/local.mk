# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Munnel authors
#
# What knows nothing of Munnel: a library for each folder, so that a call against their order does not link.
# Add each new .c and .h below, one a line, in the commit that adds the file.
LIB_LIBS = libmunnel_lib_display.a libmunnel_lib_http.a libmunnel_lib_metrics.a libmunnel_lib_llhttp.a libmunnel_lib_tls.a libmunnel_lib_event.a libmunnel_lib_log.a libmunnel_lib_net.a libmunnel_lib_os.a libmunnel_lib_base.a
noinst_LIBRARIES += $(LIB_LIBS)

# what needs nothing else
libmunnel_lib_base_a_SOURCES = \
	src/lib/base/aligned.h \
	src/lib/base/clock.c \
	src/lib/base/clock.h \
	src/lib/base/clock_timeval.c \
	src/lib/base/counter.h \
	src/lib/base/date.c \
	src/lib/base/date.h \
	src/lib/base/error.c \
	src/lib/base/error.h \
	src/lib/base/file.c \
	src/lib/base/file.h \
	src/lib/base/file_glob.c \
	src/lib/base/file_priv.h \
	src/lib/base/file_rights.h \
	src/lib/base/file_rights_priv.h \
	src/lib/base/format.h \
	src/lib/base/hash.h \
	src/lib/base/histogram.c \
	src/lib/base/histogram.h \
	src/lib/base/json.c \
	src/lib/base/json.h \
	src/lib/base/json_locate.c \
	src/lib/base/number_map.c \
	src/lib/base/number_map.h \
	src/lib/base/path.c \
	src/lib/base/path.h \
	src/lib/base/queue.h \
	src/lib/base/posix_types.h \
	src/lib/base/rtt.h \
	src/lib/base/secret.c \
	src/lib/base/secret.h \
	src/lib/base/sid.h \
	src/lib/base/strbuf.c \
	src/lib/base/strbuf.h \
	src/lib/base/slot_table.c \
	src/lib/base/slot_table.h \
	src/lib/base/strlist.c \
	src/lib/base/strlist.h \
	src/lib/base/system_errno.h \
	src/lib/base/system_error.h \
	src/lib/base/text_buffer.c \
	src/lib/base/text_buffer.h \
	src/lib/base/token_bucket.c \
	src/lib/base/token_bucket.h \
	src/lib/base/utf8.c \
	src/lib/base/utf8.h \
	src/lib/base/wide.h

# what people read at a terminal
libmunnel_lib_display_a_SOURCES = \
	src/lib/display/display.c \
	src/lib/display/display.h \
	src/lib/display/hop_table.c \
	src/lib/display/hop_table.h \
	src/lib/display/number_text.c \
	src/lib/display/number_text.h \
	src/lib/display/table.c \
	src/lib/display/table.h

# what differs by system
libmunnel_lib_os_a_SOURCES = \
	src/lib/os/character_width.h \
	src/lib/os/fd_count.h \
	src/lib/os/host_name.h \
	src/lib/os/interrupt.h \
	src/lib/os/malloc.h \
	src/lib/os/privilege.h \
	src/lib/os/process_stats.h \
	src/lib/os/processor_count.h \
	src/lib/os/account.h \
	src/lib/os/program.h \
	src/lib/os/standard_streams.h \
	src/lib/os/terminal.h \
	src/lib/os/thread.h

# numbers for Prometheus and for the API
libmunnel_lib_metrics_a_SOURCES = \
	src/lib/metrics/metrics.c \
	src/lib/metrics/metrics.h

# the log
libmunnel_lib_log_a_SOURCES = \
	src/lib/log/log.c \
	src/lib/log/log.h \
	src/lib/log/log_line.c \
	src/lib/log/log_line.h \
	src/lib/log/log_ring.c \
	src/lib/log/log_ring.h \
	src/lib/log/log_socket.h \
	src/lib/log/log_target.h \
	src/lib/log/log_text.c \
	src/lib/log/log_text.h \
	src/lib/log/log_throttle.c \
	src/lib/log/log_throttle.h

# addresses and sockets
libmunnel_lib_net_a_SOURCES = \
	src/lib/net/acl.c \
	src/lib/net/acl.h \
	src/lib/net/acl_parse.c \
	src/lib/net/acl_priv.h \
	src/lib/net/addr.c \
	src/lib/net/addr.h \
	src/lib/net/datagrams.c \
	src/lib/net/datagrams.h \
	src/lib/net/datagrams_linux.c \
	src/lib/net/datagrams_portable.c \
	src/lib/net/endpoint.c \
	src/lib/net/interface_names.h \
	src/lib/net/local_name.h \
	src/lib/net/network_watch.c \
	src/lib/net/network_watch.h \
	src/lib/net/network_watch_priv.h \
	src/lib/net/no_proxy.c \
	src/lib/net/no_proxy.h \
	src/lib/net/passed_sockets.h \
	src/lib/net/port_range.c \
	src/lib/net/port_range.h \
	src/lib/net/reserved_addr.c \
	src/lib/net/sock.c \
	src/lib/net/sock.h \
	src/lib/net/loopback_source.c \
	src/lib/net/loopback_source.h \
	src/lib/net/source_key.c \
	src/lib/net/source_key.h \
	src/lib/net/sock_bind.c \
	src/lib/net/sock_priv.h \
	src/lib/net/socket_types.h

# loops and what waits for events
libmunnel_lib_event_a_SOURCES = \
	src/lib/event/background.c \
	src/lib/event/background.h \
	src/lib/event/background_queue.c \
	src/lib/event/background_queue.h \
	src/lib/event/defer.c \
	src/lib/event/defer.h \
	src/lib/event/file_watch.c \
	src/lib/event/file_watch.h \
	src/lib/event/file_watch_priv.h \
	src/lib/event/lag_probe.c \
	src/lib/event/lag_probe.h \
	src/lib/event/loop.c \
	src/lib/event/loop.h \
	src/lib/event/mailbox.c \
	src/lib/event/mailbox.h \
	src/lib/event/readiness.h \
	src/lib/event/resolver.c \
	src/lib/event/resolver.h \
	src/lib/event/resolver_lookups.c \
	src/lib/event/resolver_priv.h \
	src/lib/event/resolver_system.c \
	src/lib/event/service_manager.h \
	src/lib/event/signals.h

# TLS and certificates
libmunnel_lib_tls_a_SOURCES = \
	src/lib/tls/alpn.c \
	src/lib/tls/cert_expiry.c \
	src/lib/tls/cert_expiry.h \
	src/lib/tls/cert_issue.c \
	src/lib/tls/cert_issue.h \
	src/lib/tls/certificate.c \
	src/lib/tls/certificate.h \
	src/lib/tls/client_hello.c \
	src/lib/tls/client_hello.h \
	src/lib/tls/context.c \
	src/lib/tls/context_files.c \
	src/lib/tls/context_files.h \
	src/lib/tls/error.c \
	src/lib/tls/ex_data.c \
	src/lib/tls/pem.c \
	src/lib/tls/pem.h \
	src/lib/tls/probe.c \
	src/lib/tls/probe.h \
	src/lib/tls/recheck.c \
	src/lib/tls/service_context.c \
	src/lib/tls/session.c \
	src/lib/tls/shared_key.c \
	src/lib/tls/shared_key.h \
	src/lib/tls/system_store.c \
	src/lib/tls/system_store.h \
	src/lib/tls/system_store_priv.h \
	src/lib/tls/tls.h \
	src/lib/tls/tls_priv.h \
	src/lib/tls/verify.c

# HTTP for administration
libmunnel_lib_http_a_SOURCES = \
	src/lib/http/access.c \
	src/lib/http/answer.c \
	src/lib/http/assets.c \
	src/lib/http/assets.h \
	src/lib/http/body.c \
	src/lib/http/client.c \
	src/lib/http/client.h \
	src/lib/http/client_events.c \
	src/lib/http/client_priv.h \
	src/lib/http/connection.c \
	src/lib/http/event_stream.c \
	src/lib/http/event_stream.h \
	src/lib/http/framing.c \
	src/lib/http/listeners.c \
	src/lib/http/local_listener.h \
	src/lib/http/pacing.c \
	src/lib/http/pipe_bridge.h \
	src/lib/http/pipe_rights.h \
	src/lib/http/pool.c \
	src/lib/http/pool_priv.h \
	src/lib/http/query.c \
	src/lib/http/refusal.c \
	src/lib/http/reply_head.c \
	src/lib/http/reply_head.h \
	src/lib/http/request.c \
	src/lib/http/request.h \
	src/lib/http/request_priv.h \
	src/lib/http/routes.c \
	src/lib/http/server.c \
	src/lib/http/server.h \
	src/lib/http/target.c \
	src/lib/http/target.h \
	src/lib/http/tokens.c \
	src/lib/http/tokens.h \
	src/lib/http/transport.h \
	src/lib/http/version.c

# llhttp as it is published: the folder's README. Its warnings are its authors'.
libmunnel_lib_llhttp_a_CFLAGS = $(AM_CFLAGS) -w
libmunnel_lib_llhttp_a_SOURCES = \
	src/lib/llhttp/api.c \
	src/lib/llhttp/http.c \
	src/lib/llhttp/llhttp.c \
	src/lib/llhttp/llhttp.h
EXTRA_DIST += src/lib/llhttp/llhttp.LICENSE src/lib/llhttp/README src/lib/llhttp/fetch.sh

# malloc's options differ by C library.
if GLIBC_MALLOC
libmunnel_lib_os_a_SOURCES += src/lib/os/malloc_glibc.c
else
libmunnel_lib_os_a_SOURCES += src/lib/os/malloc_portable.c
endif

if ONESHOT_READINESS
libmunnel_lib_event_a_SOURCES += src/lib/event/readiness_oneshot.c
else
libmunnel_lib_event_a_SOURCES += src/lib/event/readiness_edges.c
endif

# What differs by system is a file for each system, chosen here.
if WINDOWS
libmunnel_lib_base_a_SOURCES += \
	src/lib/base/aligned_windows.c \
	src/lib/base/error_windows.c \
	src/lib/base/file_glob_windows.c \
	src/lib/base/file_rights_new_windows.c \
	src/lib/base/file_rights_windows.c \
	src/lib/base/file_sweep_windows.c \
	src/lib/base/file_windows.c \
	src/lib/base/path_match_windows.c \
	src/lib/base/path_windows.c \
	src/lib/base/sid_windows.c \
	src/lib/base/system_errno_windows.c \
	src/lib/base/system_error_windows.c \
	src/lib/base/wide_windows.c
libmunnel_lib_os_a_SOURCES += \
	src/lib/os/character_width_windows.c \
	src/lib/os/command_line.h \
	src/lib/os/command_line_windows.c \
	src/lib/os/event_log.h \
	src/lib/os/event_log_windows.c \
	src/lib/os/fd_count_windows.c \
	src/lib/os/host_name_windows.c \
	src/lib/os/interrupt_windows.c \
	src/lib/os/privilege_windows.c \
	src/lib/os/process_stats_windows.c \
	src/lib/os/processor_count_windows.c \
	src/lib/os/program_output.h \
	src/lib/os/program_output_windows.c \
	src/lib/os/program_requests.h \
	src/lib/os/program_requests_windows.c \
	src/lib/os/program_service.h \
	src/lib/os/program_service_windows.c \
	src/lib/os/program_windows.c \
	src/lib/os/standard_streams_windows.c \
	src/lib/os/terminal_windows.c \
	src/lib/os/thread_windows.c
libmunnel_lib_event_a_SOURCES += \
	src/lib/event/service_manager_windows.c \
	src/lib/event/signals_windows.c
libmunnel_lib_net_a_SOURCES += \
	src/lib/net/local_name_windows.c \
	src/lib/net/network_watch_windows.c \
	src/lib/net/passed_sockets_windows.c \
	src/lib/net/power_notice.h \
	src/lib/net/power_notice_windows.c \
	src/lib/net/sock_access_windows.c \
	src/lib/net/sock_bind_windows.c \
	src/lib/net/sock_errors_windows.c \
	src/lib/net/sock_tcp_windows.c \
	src/lib/net/sock_windows.c
libmunnel_lib_event_a_SOURCES += \
	src/lib/event/file_watch_windows.c
libmunnel_lib_log_a_SOURCES += \
	src/lib/log/log_target_windows.c
libmunnel_lib_tls_a_SOURCES += \
	src/lib/tls/authority.h \
	src/lib/tls/authority_windows.c \
	src/lib/tls/system_store_windows.c
libmunnel_lib_http_a_SOURCES += \
	src/lib/http/connection_windows.c \
	src/lib/http/local_listener_windows.c \
	src/lib/http/pipe_bridge_windows.c \
	src/lib/http/pipe_rights_windows.c \
	src/lib/http/transport_windows.c
else
libmunnel_lib_base_a_SOURCES += \
	src/lib/base/aligned_posix.c \
	src/lib/base/error_posix.c \
	src/lib/base/file_glob_posix.c \
	src/lib/base/file_posix.c \
	src/lib/base/file_sweep_posix.c \
	src/lib/base/path_match_posix.c \
	src/lib/base/path_posix.c
libmunnel_lib_os_a_SOURCES += \
	src/lib/os/account_posix.c \
	src/lib/os/character_width_posix.c \
	src/lib/os/fd_count_posix.c \
	src/lib/os/host_name_posix.c \
	src/lib/os/interrupt_posix.c \
	src/lib/os/privilege_linux.c \
	src/lib/os/privilege_portable.c \
	src/lib/os/privilege_posix.c \
	src/lib/os/process_stats_posix.c \
	src/lib/os/processor_count_posix.c \
	src/lib/os/program_posix.c \
	src/lib/os/standard_streams_posix.c \
	src/lib/os/terminal_posix.c \
	src/lib/os/thread_linux.c \
	src/lib/os/thread_portable.c \
	src/lib/os/thread_posix.c
libmunnel_lib_event_a_SOURCES += \
	src/lib/event/service_manager_posix.c \
	src/lib/event/signals_posix.c
libmunnel_lib_net_a_SOURCES += \
	src/lib/net/local_name_posix.c \
	src/lib/net/network_watch_linux.c \
	src/lib/net/network_watch_portable.c \
	src/lib/net/passed_sockets_posix.c \
	src/lib/net/sock_access_posix.c \
	src/lib/net/sock_bind_posix.c \
	src/lib/net/sock_linux.c \
	src/lib/net/sock_portable.c \
	src/lib/net/sock_posix.c
libmunnel_lib_event_a_SOURCES += \
	src/lib/event/file_watch_posix.c
libmunnel_lib_log_a_SOURCES += \
	src/lib/log/log_socket_posix.c \
	src/lib/log/log_target_posix.c
libmunnel_lib_tls_a_SOURCES += \
	src/lib/tls/system_store_posix.c
libmunnel_lib_http_a_SOURCES += \
	src/lib/http/connection_posix.c \
	src/lib/http/local_listener_posix.c \
	src/lib/http/transport_posix.c
endif
