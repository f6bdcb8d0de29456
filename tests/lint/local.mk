# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Munnel authors
#
# The house rules, checked by "make check" and alone by "make lint".
lint_tests = tests/lint/lint.sh tests/lint/units.sh tests/lint/test_lint.sh

TESTS += $(lint_tests)
EXTRA_DIST += $(lint_tests) tests/lint/may_include tests/lint/citations tests/lint/circles tests/lint/tested_elsewhere \
	tests/lint/cppcheck.h tests/lint/includes.awk tests/lint/budget.awk tests/lint/citations.awk tests/lint/circles.awk tests/lint/dialect.awk
