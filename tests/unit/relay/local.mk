# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Munnel authors
#
# Unit tests of src/relay; tests/unit/local.mk says how to add one.
unit_relay_tests =

unit_relay_tests += tests/unit/relay/test_channel
tests_unit_relay_test_channel_SOURCES = tests/unit/relay/test_channel.c
tests_unit_relay_test_channel_LDADD = $(LINK_UNIT_RELAY)

unit_tests += $(unit_relay_tests)
