# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Munnel authors
#
# Unit tests of src/relay; tests/unit/local.mk says how to add one.
unit_relay_tests =
memory_net_flags = -Wl,--wrap=sock_connect,--wrap=sock_connect_result,--wrap=sock_readv \
	-Wl,--wrap=sock_writev,--wrap=sock_writev_last,--wrap=sock_close,--wrap=sock_close_reset,--wrap=sock_half_close,--wrap=event_add
two_planes = tests/unit/relay/two_planes.c tests/unit/relay/two_planes.h tests/unit/relay/memory_net.c tests/unit/relay/memory_net.h

unit_relay_tests += tests/unit/relay/test_batch
tests_unit_relay_test_batch_SOURCES = tests/unit/relay/test_batch.c
tests_unit_relay_test_batch_LDADD = $(LINK_UNIT_RELAY)

unit_relay_tests += tests/unit/relay/test_beats
tests_unit_relay_test_beats_SOURCES = tests/unit/relay/test_beats.c
tests_unit_relay_test_beats_LDADD = $(LINK_UNIT_RELAY)

unit_relay_tests += tests/unit/relay/test_channel
tests_unit_relay_test_channel_SOURCES = tests/unit/relay/test_channel.c
tests_unit_relay_test_channel_LDADD = $(LINK_UNIT_RELAY)

unit_relay_tests += tests/unit/relay/test_own_dials
tests_unit_relay_test_own_dials_SOURCES = tests/unit/relay/test_own_dials.c
tests_unit_relay_test_own_dials_LDADD = $(LINK_UNIT_RELAY)

unit_relay_tests += tests/unit/relay/test_relay
tests_unit_relay_test_relay_SOURCES = tests/unit/relay/test_relay.c tests/unit/relay/walk.c tests/unit/relay/walk.h \
	$(two_planes)
tests_unit_relay_test_relay_LDADD = $(LINK_UNIT_RELAY)
tests_unit_relay_test_relay_LDFLAGS = $(AM_LDFLAGS) $(memory_net_flags)

unit_relay_tests += tests/unit/relay/test_link_faults
tests_unit_relay_test_link_faults_SOURCES = tests/unit/relay/test_link_faults.c $(two_planes)
tests_unit_relay_test_link_faults_LDADD = $(LINK_UNIT_RELAY)
tests_unit_relay_test_link_faults_LDFLAGS = $(AM_LDFLAGS) $(memory_net_flags) -Wl,--wrap=calloc

unit_relay_tests += tests/unit/relay/test_relay_sweep
tests_unit_relay_test_relay_sweep_SOURCES = tests/unit/relay/test_relay_sweep.c $(two_planes)
tests_unit_relay_test_relay_sweep_LDADD = $(LINK_UNIT_RELAY)
tests_unit_relay_test_relay_sweep_LDFLAGS = $(AM_LDFLAGS) $(memory_net_flags) \
	-Wl,--wrap=clock_us,--wrap=sock_stalled_ms,--wrap=sock_unsent

unit_relay_tests += tests/unit/relay/test_link_control
tests_unit_relay_test_link_control_SOURCES = tests/unit/relay/test_link_control.c $(two_planes)
tests_unit_relay_test_link_control_LDADD = $(LINK_UNIT_RELAY)
tests_unit_relay_test_link_control_LDFLAGS = $(AM_LDFLAGS) $(memory_net_flags) -Wl,--wrap=clock_us

unit_relay_tests += tests/unit/relay/test_link_greet
tests_unit_relay_test_link_greet_SOURCES = tests/unit/relay/test_link_greet.c $(two_planes)
tests_unit_relay_test_link_greet_LDADD = $(LINK_UNIT_RELAY)
tests_unit_relay_test_link_greet_LDFLAGS = $(AM_LDFLAGS) $(memory_net_flags)

unit_relay_tests += tests/unit/relay/test_again
tests_unit_relay_test_again_SOURCES = tests/unit/relay/test_again.c
tests_unit_relay_test_again_LDADD = $(LINK_UNIT_RELAY)
tests_unit_relay_test_again_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=event_add

unit_relay_tests += tests/unit/relay/test_plane_end
tests_unit_relay_test_plane_end_SOURCES = tests/unit/relay/test_plane_end.c
tests_unit_relay_test_plane_end_LDADD = $(LINK_UNIT_RELAY)

unit_relay_tests += tests/unit/relay/test_link_deliver
tests_unit_relay_test_link_deliver_SOURCES = tests/unit/relay/test_link_deliver.c $(two_planes)
tests_unit_relay_test_link_deliver_LDADD = $(LINK_UNIT_RELAY)
tests_unit_relay_test_link_deliver_LDFLAGS = $(AM_LDFLAGS) $(memory_net_flags) \
	-Wl,--wrap=clock_us,--wrap=sock_stalled_ms,--wrap=sock_unsent,--wrap=record_log

unit_relay_tests += tests/unit/relay/test_link_shake
tests_unit_relay_test_link_shake_SOURCES = tests/unit/relay/test_link_shake.c $(two_planes)
tests_unit_relay_test_link_shake_LDADD = $(LINK_UNIT_RELAY)
tests_unit_relay_test_link_shake_LDFLAGS = $(AM_LDFLAGS) $(memory_net_flags) -Wl,--wrap=clock_us

unit_relay_tests += tests/unit/relay/test_link_send
tests_unit_relay_test_link_send_SOURCES = tests/unit/relay/test_link_send.c $(two_planes)
tests_unit_relay_test_link_send_LDADD = $(LINK_UNIT_RELAY)
tests_unit_relay_test_link_send_LDFLAGS = $(AM_LDFLAGS) $(memory_net_flags) -Wl,--wrap=sock_round_trip_us

unit_tests += $(unit_relay_tests)
