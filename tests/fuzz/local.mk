# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Munnel authors
#
# Fuzz targets. "make check-unit" replays their seeds with any compiler; "make fuzz FUZZ_SECONDS=60" lets libFuzzer look for
# more with clang, that long for each target (FUZZ_TARGETS="frame open" chooses some), in ./fuzz.
fuzz_sources = tests/fuzz/fuzz.h tests/fuzz/fuzz.c tests/fuzz/fuzz_conf.c tests/fuzz/fuzz_control.c tests/fuzz/fuzz_hosts.c tests/fuzz/fuzz_http.c tests/fuzz/fuzz_mux.c tests/fuzz/fuzz_proto.c tests/fuzz/fuzz_proxy.c
if WINDOWS
fuzz_sources += tests/fuzz/file_windows.c
else
fuzz_sources += tests/fuzz/file_posix.c
endif

unit_tests += tests/fuzz/replay
tests_fuzz_replay_SOURCES = tests/fuzz/replay.c $(fuzz_sources)
tests_fuzz_replay_LDADD = libmunnel_relay.a libmunnel_conf.a libmunnel_proto.a $(LIB_LIBS) $(SYSTEM_LIBS)

EXTRA_DIST += tests/fuzz/fuzz.sh tests/fuzz/libfuzzer.c tests/fuzz/seeds

FUZZ_SECONDS = 60
.PHONY: fuzz
fuzz:
	top_srcdir='$(abs_top_srcdir)' LIBRARIES='libmunnel_relay.a libmunnel_conf.a libmunnel_proto.a $(LIB_LIBS)' SYSTEM_LIBS='$(SYSTEM_LIBS)' \
		$(SHELL) $(top_srcdir)/tests/fuzz/fuzz.sh '$(FUZZ_SECONDS)' $(FUZZ_TARGETS)
