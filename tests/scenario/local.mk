# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Munnel authors
#
# Scenario tests start the real programs. Each prints TAP; a script ends in .sh or .py, a program has no ending:
#
#   scenario_tests += tests/scenario/test_transfer.sh     (and for a script: EXTRA_DIST += the same)
#
# $top_srcdir and $top_builddir are in the environment, as full paths.
scenario_tests =

TESTS += $(scenario_tests)
