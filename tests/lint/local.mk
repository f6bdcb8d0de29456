# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Munnel authors
#
# The house rules, checked by "make check" and alone by "make lint".
