# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Munnel authors
#
# Unit tests of src/relay; tests/unit/local.mk has how to add one.
unit_relay_tests =
memory_net_flags = -Wl,--wrap=sock_connect,--wrap=sock_connect_result,--wrap=sock_readv \
	-Wl,--wrap=sock_writev,--wrap=sock_writev_last,--wrap=sock_close,--wrap=sock_close_reset,--wrap=sock_half_close,--wrap=event_add \
	-Wl,--wrap=readiness_await,--wrap=readiness_sweep
two_planes = tests/unit/relay/two_planes.c tests/unit/relay/two_planes.h tests/unit/relay/memory_net.c tests/unit/relay/memory_net.h
relayed = tests/unit/relay/relayed.c tests/unit/relay/relayed.h $(two_planes)
sessions = tests/unit/relay/sessions.c tests/unit/relay/sessions.h $(relayed)

unit_relay_tests += tests/unit/relay/link/test_carrier
tests_unit_relay_link_test_carrier_SOURCES = tests/unit/relay/link/test_carrier.c $(sessions)
tests_unit_relay_link_test_carrier_LDADD = $(LINK_UNIT_RELAY)
tests_unit_relay_link_test_carrier_LDFLAGS = $(AM_LDFLAGS) $(memory_net_flags) \
	-Wl,--wrap=clock_us,--wrap=sock_stalled_ms,--wrap=sock_round_trip_us

unit_relay_tests += tests/unit/relay/test_bandwidth
tests_unit_relay_test_bandwidth_SOURCES = tests/unit/relay/test_bandwidth.c
tests_unit_relay_test_bandwidth_LDADD = $(LINK_UNIT_RELAY)

unit_relay_tests += tests/unit/relay/test_ended_relays
tests_unit_relay_test_ended_relays_SOURCES = tests/unit/relay/test_ended_relays.c
tests_unit_relay_test_ended_relays_LDADD = $(LINK_UNIT_RELAY)

unit_relay_tests += tests/unit/relay/health/test_checks
tests_unit_relay_health_test_checks_SOURCES = tests/unit/relay/health/test_checks.c tests/unit/relay/memory_net.c tests/unit/relay/memory_net.h
tests_unit_relay_health_test_checks_LDADD = $(LINK_UNIT_RELAY)
tests_unit_relay_health_test_checks_LDFLAGS = $(AM_LDFLAGS) $(memory_net_flags)

unit_relay_tests += tests/unit/relay/health/test_health_count
tests_unit_relay_health_test_health_count_SOURCES = tests/unit/relay/health/test_health_count.c
tests_unit_relay_health_test_health_count_LDADD = $(LINK_UNIT_RELAY)

unit_relay_tests += tests/unit/relay/health/test_http_status
tests_unit_relay_health_test_http_status_SOURCES = tests/unit/relay/health/test_http_status.c
tests_unit_relay_health_test_http_status_LDADD = $(LINK_UNIT_RELAY)

unit_relay_tests += tests/unit/relay/test_host_routes
tests_unit_relay_test_host_routes_SOURCES = tests/unit/relay/test_host_routes.c
tests_unit_relay_test_host_routes_LDADD = $(LINK_UNIT_RELAY)

unit_relay_tests += tests/unit/relay/test_http_guard
tests_unit_relay_test_http_guard_SOURCES = tests/unit/relay/test_http_guard.c
tests_unit_relay_test_http_guard_LDADD = $(LINK_UNIT_RELAY)

unit_relay_tests += tests/unit/relay/test_relay_sums
tests_unit_relay_test_relay_sums_SOURCES = tests/unit/relay/test_relay_sums.c
tests_unit_relay_test_relay_sums_LDADD = $(LINK_UNIT_RELAY)

unit_relay_tests += tests/unit/relay/test_liveness
tests_unit_relay_test_liveness_SOURCES = tests/unit/relay/test_liveness.c
tests_unit_relay_test_liveness_LDADD = $(LINK_UNIT_RELAY)

unit_relay_tests += tests/unit/relay/stream/test_loop_detect
tests_unit_relay_stream_test_loop_detect_SOURCES = tests/unit/relay/stream/test_loop_detect.c
tests_unit_relay_stream_test_loop_detect_LDADD = $(LINK_UNIT_RELAY)

relay_world = tests/unit/relay/stream/relay_world.c tests/unit/relay/stream/relay_world.h tests/unit/relay/mux/mux_pair.c \
	tests/unit/relay/mux/mux_pair.h tests/unit/relay/memory_net.c tests/unit/relay/memory_net.h
relay_world_flags = $(memory_net_flags) -Wl,--wrap=plane_event_client_back,--wrap=record_log,--wrap=record_log_client \
	-Wl,--wrap=relay_thread_services

unit_relay_tests += tests/unit/relay/stream/test_relay_memory
tests_unit_relay_stream_test_relay_memory_SOURCES = tests/unit/relay/stream/test_relay_memory.c $(fail_malloc) $(relay_world)
tests_unit_relay_stream_test_relay_memory_LDADD = $(LINK_UNIT_RELAY)
tests_unit_relay_stream_test_relay_memory_LDFLAGS = $(AM_LDFLAGS) $(relay_world_flags) $(fail_malloc_flags) -Wl,--wrap=evbuffer_new

unit_relay_tests += tests/unit/relay/stream/test_pump_guarded
tests_unit_relay_stream_test_pump_guarded_SOURCES = tests/unit/relay/stream/test_pump_guarded.c $(relay_world)
tests_unit_relay_stream_test_pump_guarded_LDADD = $(LINK_UNIT_RELAY)
tests_unit_relay_stream_test_pump_guarded_LDFLAGS = $(AM_LDFLAGS) $(relay_world_flags)

unit_relay_tests += tests/unit/relay/stream/test_relay_server
tests_unit_relay_stream_test_relay_server_SOURCES = tests/unit/relay/stream/test_relay_server.c $(relay_world)
tests_unit_relay_stream_test_relay_server_LDADD = $(LINK_UNIT_RELAY)
tests_unit_relay_stream_test_relay_server_LDFLAGS = $(AM_LDFLAGS) $(relay_world_flags)

unit_relay_tests += tests/unit/relay/stream/test_relay
tests_unit_relay_stream_test_relay_SOURCES = tests/unit/relay/stream/test_relay.c tests/unit/relay/stream/random_walk.c \
	tests/unit/relay/stream/random_walk.h $(relay_world)
tests_unit_relay_stream_test_relay_LDADD = $(LINK_UNIT_RELAY)
tests_unit_relay_stream_test_relay_LDFLAGS = $(AM_LDFLAGS) $(relay_world_flags)

unit_relay_tests += tests/unit/relay/stream/test_throttle
tests_unit_relay_stream_test_throttle_SOURCES = tests/unit/relay/stream/test_throttle.c $(relay_world)
tests_unit_relay_stream_test_throttle_LDADD = $(LINK_UNIT_RELAY)
tests_unit_relay_stream_test_throttle_LDFLAGS = $(AM_LDFLAGS) $(relay_world_flags) -Wl,--wrap=clock_us

unit_relay_tests += tests/unit/relay/link/test_link_faults
tests_unit_relay_link_test_link_faults_SOURCES = tests/unit/relay/link/test_link_faults.c $(two_planes)
tests_unit_relay_link_test_link_faults_LDADD = $(LINK_UNIT_RELAY)
tests_unit_relay_link_test_link_faults_LDFLAGS = $(AM_LDFLAGS) $(memory_net_flags) -Wl,--wrap=calloc,--wrap=clock_us

unit_relay_tests += tests/unit/relay/stream/test_relay_agent
tests_unit_relay_stream_test_relay_agent_SOURCES = tests/unit/relay/stream/test_relay_agent.c $(relay_world)
tests_unit_relay_stream_test_relay_agent_LDADD = $(LINK_UNIT_RELAY)
tests_unit_relay_stream_test_relay_agent_LDFLAGS = $(AM_LDFLAGS) $(relay_world_flags)

unit_relay_tests += tests/unit/relay/datagram/test_datagram_relay
tests_unit_relay_datagram_test_datagram_relay_SOURCES = tests/unit/relay/datagram/test_datagram_relay.c $(relay_world)
tests_unit_relay_datagram_test_datagram_relay_LDADD = $(LINK_UNIT_RELAY)
tests_unit_relay_datagram_test_datagram_relay_LDFLAGS = $(AM_LDFLAGS) $(relay_world_flags)


unit_relay_tests += tests/unit/relay/datagram/test_relay_agent_udp
tests_unit_relay_datagram_test_relay_agent_udp_SOURCES = tests/unit/relay/datagram/test_relay_agent_udp.c $(fail_malloc) $(relay_world)
tests_unit_relay_datagram_test_relay_agent_udp_LDADD = $(LINK_UNIT_RELAY)
tests_unit_relay_datagram_test_relay_agent_udp_LDFLAGS = $(AM_LDFLAGS) $(relay_world_flags) $(fail_malloc_flags) \
	-Wl,--wrap=sock_connect_datagrams,--wrap=resolver_ask,--wrap=resolver_cancel
unit_relay_tests += tests/unit/relay/datagram/test_reply_budget
tests_unit_relay_datagram_test_reply_budget_SOURCES = tests/unit/relay/datagram/test_reply_budget.c
tests_unit_relay_datagram_test_reply_budget_LDADD = $(LINK_UNIT_RELAY)

unit_relay_tests += tests/unit/relay/stream/test_relay_proxy
tests_unit_relay_stream_test_relay_proxy_SOURCES = tests/unit/relay/stream/test_relay_proxy.c $(relay_world)
tests_unit_relay_stream_test_relay_proxy_LDADD = $(LINK_UNIT_RELAY)
tests_unit_relay_stream_test_relay_proxy_LDFLAGS = $(AM_LDFLAGS) $(relay_world_flags)

unit_relay_tests += tests/unit/relay/stream/test_timeouts
tests_unit_relay_stream_test_timeouts_SOURCES = tests/unit/relay/stream/test_timeouts.c $(relay_world)
tests_unit_relay_stream_test_timeouts_LDADD = $(LINK_UNIT_RELAY)
tests_unit_relay_stream_test_timeouts_LDFLAGS = $(AM_LDFLAGS) $(relay_world_flags) \
	-Wl,--wrap=clock_us,--wrap=sock_stalled_ms,--wrap=sock_unsent

unit_relay_tests += tests/unit/relay/link/test_control
tests_unit_relay_link_test_control_SOURCES = tests/unit/relay/link/test_control.c $(two_planes)
tests_unit_relay_link_test_control_LDADD = $(LINK_UNIT_RELAY)
tests_unit_relay_link_test_control_LDFLAGS = $(AM_LDFLAGS) $(memory_net_flags) -Wl,--wrap=clock_us,--wrap=plane_event_control

unit_relay_tests += tests/unit/relay/link/test_path
tests_unit_relay_link_test_path_SOURCES = tests/unit/relay/link/test_path.c $(relayed)
tests_unit_relay_link_test_path_LDADD = $(LINK_UNIT_RELAY)
tests_unit_relay_link_test_path_LDFLAGS = $(AM_LDFLAGS) $(memory_net_flags) \
	-Wl,--wrap=clock_us,--wrap=sock_round_trip_us,--wrap=sock_local_addr,--wrap=sock_addr_is_gone

unit_relay_tests += tests/unit/relay/link/test_greeting
tests_unit_relay_link_test_greeting_SOURCES = tests/unit/relay/link/test_greeting.c $(relayed)
tests_unit_relay_link_test_greeting_LDADD = $(LINK_UNIT_RELAY)
tests_unit_relay_link_test_greeting_LDFLAGS = $(AM_LDFLAGS) $(memory_net_flags) -Wl,--wrap=link_put_frame

unit_relay_tests += tests/unit/relay/test_plane_end
tests_unit_relay_test_plane_end_SOURCES = tests/unit/relay/test_plane_end.c
tests_unit_relay_test_plane_end_LDADD = $(LINK_UNIT_RELAY)

two_threads = tests/unit/relay/two_threads.c tests/unit/relay/two_threads.h $(two_planes)
two_threads_flags = $(memory_net_flags) -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=strdup \
	-Wl,--wrap=relay_thread_end,--wrap=plane_accept_data

unit_relay_tests += tests/unit/relay/test_plane_orders
tests_unit_relay_test_plane_orders_SOURCES = tests/unit/relay/test_plane_orders.c $(two_threads)
tests_unit_relay_test_plane_orders_LDADD = $(LINK_UNIT_RELAY)
tests_unit_relay_test_plane_orders_LDFLAGS = $(AM_LDFLAGS) $(two_threads_flags)

unit_relay_tests += tests/unit/relay/test_session_threads
tests_unit_relay_test_session_threads_SOURCES = tests/unit/relay/test_session_threads.c $(two_threads)
tests_unit_relay_test_session_threads_LDADD = $(LINK_UNIT_RELAY)
tests_unit_relay_test_session_threads_LDFLAGS = $(AM_LDFLAGS) $(two_threads_flags)

unit_relay_tests += tests/unit/relay/test_plane
tests_unit_relay_test_plane_SOURCES = tests/unit/relay/test_plane.c $(relayed)
tests_unit_relay_test_plane_LDADD = $(LINK_UNIT_RELAY)
tests_unit_relay_test_plane_LDFLAGS = $(AM_LDFLAGS) $(memory_net_flags) -Wl,--wrap=clock_us

unit_relay_tests += tests/unit/relay/test_thread_session
tests_unit_relay_test_thread_session_SOURCES = tests/unit/relay/test_thread_session.c $(sessions)
tests_unit_relay_test_thread_session_LDADD = $(LINK_UNIT_RELAY)
tests_unit_relay_test_thread_session_LDFLAGS = $(AM_LDFLAGS) $(memory_net_flags) -Wl,--wrap=clock_us

unit_relay_tests += tests/unit/relay/test_plane_sessions
tests_unit_relay_test_plane_sessions_SOURCES = tests/unit/relay/test_plane_sessions.c $(sessions)
tests_unit_relay_test_plane_sessions_LDADD = $(LINK_UNIT_RELAY)
tests_unit_relay_test_plane_sessions_LDFLAGS = $(AM_LDFLAGS) $(memory_net_flags) \
	-Wl,--wrap=clock_us,--wrap=malloc

unit_relay_tests += tests/unit/relay/test_plane_counts
tests_unit_relay_test_plane_counts_SOURCES = tests/unit/relay/test_plane_counts.c $(sessions)
tests_unit_relay_test_plane_counts_LDADD = $(LINK_UNIT_RELAY)
tests_unit_relay_test_plane_counts_LDFLAGS = $(AM_LDFLAGS) $(memory_net_flags) -Wl,--wrap=clock_us

unit_relay_tests += tests/unit/relay/test_relay_views
tests_unit_relay_test_relay_views_SOURCES = tests/unit/relay/test_relay_views.c $(sessions)
tests_unit_relay_test_relay_views_LDADD = $(LINK_UNIT_RELAY)
tests_unit_relay_test_relay_views_LDFLAGS = $(AM_LDFLAGS) $(memory_net_flags) -Wl,--wrap=clock_us,--wrap=malloc

unit_relay_tests += tests/unit/relay/test_service_counts
tests_unit_relay_test_service_counts_SOURCES = tests/unit/relay/test_service_counts.c $(sessions)
tests_unit_relay_test_service_counts_LDADD = $(LINK_UNIT_RELAY)
tests_unit_relay_test_service_counts_LDFLAGS = $(AM_LDFLAGS) $(memory_net_flags) -Wl,--wrap=clock_us

unit_relay_tests += tests/unit/relay/link/test_handshake
tests_unit_relay_link_test_handshake_SOURCES = tests/unit/relay/link/test_handshake.c $(two_planes)
tests_unit_relay_link_test_handshake_LDADD = $(LINK_UNIT_RELAY)
tests_unit_relay_link_test_handshake_LDFLAGS = $(AM_LDFLAGS) $(memory_net_flags) -Wl,--wrap=clock_us

unit_relay_tests += tests/unit/relay/link/test_dial
tests_unit_relay_link_test_dial_SOURCES = tests/unit/relay/link/test_dial.c $(two_planes)
tests_unit_relay_link_test_dial_LDADD = $(LINK_UNIT_RELAY)
tests_unit_relay_link_test_dial_LDFLAGS = $(AM_LDFLAGS) $(memory_net_flags) -Wl,--wrap=clock_us -Wl,--wrap=calloc

unit_relay_tests += tests/unit/relay/link/test_send
tests_unit_relay_link_test_send_SOURCES = tests/unit/relay/link/test_send.c $(two_planes)
tests_unit_relay_link_test_send_LDADD = $(LINK_UNIT_RELAY)
tests_unit_relay_link_test_send_LDFLAGS = $(AM_LDFLAGS) $(memory_net_flags) -Wl,--wrap=sock_round_trip_us

unit_relay_tests += tests/unit/relay/test_record
tests_unit_relay_test_record_SOURCES = tests/unit/relay/test_record.c
tests_unit_relay_test_record_LDADD = $(LINK_UNIT_RELAY)

unit_relay_tests += tests/unit/relay/test_plane_ports
tests_unit_relay_test_plane_ports_SOURCES = tests/unit/relay/test_plane_ports.c
tests_unit_relay_test_plane_ports_LDADD = $(LINK_UNIT_RELAY)

unit_relay_tests += tests/unit/relay/test_plane_services
tests_unit_relay_test_plane_services_SOURCES = tests/unit/relay/test_plane_services.c
tests_unit_relay_test_plane_services_LDADD = $(LINK_UNIT_RELAY)

unit_relay_tests += tests/unit/relay/test_visit_tickets
tests_unit_relay_test_visit_tickets_SOURCES = tests/unit/relay/test_visit_tickets.c
tests_unit_relay_test_visit_tickets_LDADD = $(LINK_UNIT_RELAY)

unit_relay_tests += tests/unit/relay/test_service_table
tests_unit_relay_test_service_table_SOURCES = tests/unit/relay/test_service_table.c
tests_unit_relay_test_service_table_LDADD = $(LINK_UNIT_RELAY)

unit_relay_tests += tests/unit/relay/test_service_terms
tests_unit_relay_test_service_terms_SOURCES = tests/unit/relay/test_service_terms.c
tests_unit_relay_test_service_terms_LDADD = $(LINK_UNIT_RELAY)

unit_relay_tests += tests/unit/relay/test_thread
tests_unit_relay_test_thread_SOURCES = tests/unit/relay/test_thread.c
tests_unit_relay_test_thread_LDADD = $(LINK_UNIT_RELAY)
tests_unit_relay_test_thread_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=event_add,--wrap=clock_us

unit_relay_tests += tests/unit/relay/link/test_link
tests_unit_relay_link_test_link_SOURCES = tests/unit/relay/link/test_link.c
tests_unit_relay_link_test_link_LDADD = $(LINK_UNIT_RELAY)

unit_relay_tests += tests/unit/relay/test_flush
tests_unit_relay_test_flush_SOURCES = tests/unit/relay/test_flush.c
tests_unit_relay_test_flush_LDADD = $(LINK_UNIT_RELAY)

send_buffer_fixture = tests/unit/relay/mux/send_buffer_fixture.c tests/unit/relay/mux/send_buffer_fixture.h

unit_relay_tests += tests/unit/relay/mux/test_send_buffer
tests_unit_relay_mux_test_send_buffer_SOURCES = tests/unit/relay/mux/test_send_buffer.c $(send_buffer_fixture)
tests_unit_relay_mux_test_send_buffer_LDADD = $(LINK_UNIT_RELAY)
tests_unit_relay_mux_test_send_buffer_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=malloc

unit_relay_tests += tests/unit/relay/mux/test_send_memory
tests_unit_relay_mux_test_send_memory_SOURCES = tests/unit/relay/mux/test_send_memory.c $(send_buffer_fixture)
tests_unit_relay_mux_test_send_memory_LDADD = $(LINK_UNIT_RELAY)
tests_unit_relay_mux_test_send_memory_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=malloc

unit_relay_tests += tests/unit/relay/mux/test_send_buffer_walk
tests_unit_relay_mux_test_send_buffer_walk_SOURCES = tests/unit/relay/mux/test_send_buffer_walk.c $(send_buffer_fixture)
tests_unit_relay_mux_test_send_buffer_walk_LDADD = $(LINK_UNIT_RELAY)
tests_unit_relay_mux_test_send_buffer_walk_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=malloc

unit_relay_tests += tests/unit/relay/stream/test_socket
tests_unit_relay_stream_test_socket_SOURCES = tests/unit/relay/stream/test_socket.c
tests_unit_relay_stream_test_socket_LDADD = $(LINK_UNIT_RELAY)

unit_relay_tests += tests/unit/relay/stream/test_tls_tlvs
tests_unit_relay_stream_test_tls_tlvs_SOURCES = tests/unit/relay/stream/test_tls_tlvs.c tests/unit/lib/tls_pair.c tests/unit/lib/tls_pair.h
tests_unit_relay_stream_test_tls_tlvs_LDADD = $(LINK_UNIT_RELAY)

unit_relay_tests += tests/unit/relay/stream/test_socket_tls
tests_unit_relay_stream_test_socket_tls_SOURCES = tests/unit/relay/stream/test_socket_tls.c tests/unit/lib/tls_pair.c tests/unit/lib/tls_pair.h
tests_unit_relay_stream_test_socket_tls_LDADD = $(LINK_UNIT_RELAY)
tests_unit_relay_stream_test_socket_tls_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=evbuffer_new

unit_relay_tests += tests/unit/relay/stream/test_connect
tests_unit_relay_stream_test_connect_SOURCES = tests/unit/relay/stream/test_connect.c tests/unit/relay/memory_net.c tests/unit/relay/memory_net.h
tests_unit_relay_stream_test_connect_LDADD = $(LINK_UNIT_RELAY)
tests_unit_relay_stream_test_connect_LDFLAGS = $(AM_LDFLAGS) $(memory_net_flags) -Wl,--wrap=resolver_ask,--wrap=resolver_cancel


mux_pair = tests/unit/relay/mux/mux_pair.c tests/unit/relay/mux/mux_pair.h

unit_relay_tests += tests/unit/relay/mux/test_mux
tests_unit_relay_mux_test_mux_SOURCES = tests/unit/relay/mux/test_mux.c $(mux_pair)
tests_unit_relay_mux_test_mux_LDADD = $(LINK_UNIT_RELAY)

unit_relay_tests += tests/unit/relay/mux/test_mux_memory
tests_unit_relay_mux_test_mux_memory_SOURCES = tests/unit/relay/mux/test_mux_memory.c $(fail_malloc) $(mux_pair)
tests_unit_relay_mux_test_mux_memory_LDADD = $(LINK_UNIT_RELAY)
tests_unit_relay_mux_test_mux_memory_LDFLAGS = $(AM_LDFLAGS) $(fail_malloc_flags)

unit_relay_tests += tests/unit/relay/mux/test_attacks
tests_unit_relay_mux_test_attacks_SOURCES = tests/unit/relay/mux/test_attacks.c $(mux_pair)
tests_unit_relay_mux_test_attacks_LDADD = $(LINK_UNIT_RELAY)

unit_relay_tests += tests/unit/relay/mux/test_datagram_queue
tests_unit_relay_mux_test_datagram_queue_SOURCES = tests/unit/relay/mux/test_datagram_queue.c
tests_unit_relay_mux_test_datagram_queue_LDADD = $(LINK_UNIT_RELAY)

unit_relay_tests += tests/unit/relay/mux/test_datagrams
tests_unit_relay_mux_test_datagrams_SOURCES = tests/unit/relay/mux/test_datagrams.c $(mux_pair)
tests_unit_relay_mux_test_datagrams_LDADD = $(LINK_UNIT_RELAY)

unit_relay_tests += tests/unit/relay/mux/test_streams
tests_unit_relay_mux_test_streams_SOURCES = tests/unit/relay/mux/test_streams.c $(mux_pair)
tests_unit_relay_mux_test_streams_LDADD = $(LINK_UNIT_RELAY)

unit_relay_tests += tests/unit/relay/mux/test_outcomes
tests_unit_relay_mux_test_outcomes_SOURCES = tests/unit/relay/mux/test_outcomes.c $(mux_pair)
tests_unit_relay_mux_test_outcomes_LDADD = $(LINK_UNIT_RELAY)

unit_relay_tests += tests/unit/relay/mux/test_move
tests_unit_relay_mux_test_move_SOURCES = tests/unit/relay/mux/test_move.c $(mux_pair)
tests_unit_relay_mux_test_move_LDADD = $(LINK_UNIT_RELAY)

unit_relay_tests += tests/unit/relay/mux/test_resume
tests_unit_relay_mux_test_resume_SOURCES = tests/unit/relay/mux/test_resume.c $(mux_pair)
tests_unit_relay_mux_test_resume_LDADD = $(LINK_UNIT_RELAY)

unit_relay_tests += tests/unit/relay/mux/test_receive
tests_unit_relay_mux_test_receive_SOURCES = tests/unit/relay/mux/test_receive.c $(mux_pair)
tests_unit_relay_mux_test_receive_LDADD = $(LINK_UNIT_RELAY)

unit_relay_tests += tests/unit/relay/stream/test_pump
tests_unit_relay_stream_test_pump_SOURCES = tests/unit/relay/stream/test_pump.c $(fail_malloc) $(mux_pair)
tests_unit_relay_stream_test_pump_LDADD = $(LINK_UNIT_RELAY)
tests_unit_relay_stream_test_pump_LDFLAGS = $(AM_LDFLAGS) $(fail_malloc_flags)

unit_relay_tests += tests/unit/relay/stream/test_inner_tls
tests_unit_relay_stream_test_inner_tls_SOURCES = tests/unit/relay/stream/test_inner_tls.c $(fail_malloc)
tests_unit_relay_stream_test_inner_tls_LDADD = $(LINK_UNIT_RELAY)
tests_unit_relay_stream_test_inner_tls_LDFLAGS = $(AM_LDFLAGS) $(fail_malloc_flags)

unit_relay_tests += tests/unit/relay/mux/test_seen_numbers
tests_unit_relay_mux_test_seen_numbers_SOURCES = tests/unit/relay/mux/test_seen_numbers.c
tests_unit_relay_mux_test_seen_numbers_LDADD = $(LINK_UNIT_RELAY)

unit_tests += $(unit_relay_tests)
