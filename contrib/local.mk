# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Munnel authors
#
# What helps to try and to check Munnel; not installed.
EXTRA_DIST += contrib/packages.sh contrib/quickstart contrib/check contrib/fresh contrib/pictures/connection.svg contrib/pictures/bench.svg .ci/run
