# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Munnel authors
#
# Models: rules that are tried in every order of events before anything in src follows them. "make check-unit" walks small
# worlds; each program's head has how to walk one of any size. MUNNEL_SLOW_TESTS=1 walks larger ones, too. A build for
# Windows has none: what they walk knows no system.
if !WINDOWS
unit_tests += tests/model/test_carriers tests/model/test_windows
endif
MODEL_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/model -DSTREAM_MODEL
model_sources = tests/model/walk.h tests/model/walk.c tests/model/wire.h tests/model/wire.c src/proto/stream.c
tests_model_test_carriers_SOURCES = tests/model/test_carriers.c $(model_sources)
tests_model_test_carriers_CPPFLAGS = $(MODEL_CPPFLAGS)
tests_model_test_carriers_LDADD = $(SYSTEM_LIBS)
tests_model_test_windows_SOURCES = tests/model/test_windows.c tests/model/two_streams.h \
    tests/model/two_streams_world.h tests/model/two_streams_check.c tests/model/two_streams.c $(model_sources)
tests_model_test_windows_CPPFLAGS = $(MODEL_CPPFLAGS)
tests_model_test_windows_LDADD = $(SYSTEM_LIBS)
