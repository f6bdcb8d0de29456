# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Munnel authors
#
# Models: rules that are tried in every order of events before anything in src follows them. "make check-unit" walks small
# worlds; tests/model/test_carriers CUTS MOVES UP DOWN walks one of any size.
unit_tests += tests/model/test_carriers
tests_model_test_carriers_SOURCES = tests/model/test_carriers.c src/proto/stream.c
tests_model_test_carriers_CPPFLAGS = $(AM_CPPFLAGS) -DSTREAM_MODEL
tests_model_test_carriers_LDADD = $(SYSTEM_LIBS)
