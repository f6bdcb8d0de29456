# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Munnel authors
#
# The benchmark: make bench, never part of make check. BENCHFLAGS are its options (tests/bench/bench.py --help).
EXTRA_DIST += tests/bench/README.md tests/bench/results/latest.json tests/bench/bench.py tests/bench/loads.py tests/bench/measures.py tests/bench/figures.py \
	tests/bench/peers.py tests/bench/places.py tests/bench/processes.py tests/bench/table.py \
	tests/bench/result.py tests/bench/chart.py tests/bench/where.py tests/bench/api.py tests/bench/limits.py tests/bench/udp.py tests/bench/requests.c \
	tests/bench/echo.c tests/bench/clients.c tests/bench/relays.c tests/bench/wan.c tests/bench/copy.c tests/bench/backends_windows.c contrib/bench

.PHONY: bench
bench: all
	python3 $(srcdir)/tests/bench/bench.py --build $(abs_top_builddir) --json bench.json --chart bench.svg $(BENCHFLAGS)

CLEANFILES += bench.json bench.svg
