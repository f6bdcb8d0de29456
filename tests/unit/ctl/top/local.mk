# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Munnel authors
#
# Unit tests of src/ctl/top; tests/unit/local.mk has how to add one.
unit_ctl_top_tests =
unit_ctl_top_fixture = tests/unit/ctl/top/fixture.c tests/unit/ctl/top/fixture.h

unit_ctl_top_tests += tests/unit/ctl/top/test_text
tests_unit_ctl_top_test_text_SOURCES = tests/unit/ctl/top/test_text.c
tests_unit_ctl_top_test_text_LDADD = $(LINK_UNIT_CTL)

unit_ctl_top_tests += tests/unit/ctl/top/test_grid
tests_unit_ctl_top_test_grid_SOURCES = tests/unit/ctl/top/test_grid.c
tests_unit_ctl_top_test_grid_LDADD = $(LINK_UNIT_CTL)

unit_ctl_top_tests += tests/unit/ctl/top/test_figure
tests_unit_ctl_top_test_figure_SOURCES = tests/unit/ctl/top/test_figure.c
tests_unit_ctl_top_test_figure_LDADD = $(LINK_UNIT_CTL)

unit_ctl_top_tests += tests/unit/ctl/top/test_state
tests_unit_ctl_top_test_state_SOURCES = tests/unit/ctl/top/test_state.c $(unit_ctl_top_fixture)
tests_unit_ctl_top_test_state_LDADD = $(LINK_UNIT_CTL)

unit_ctl_top_tests += tests/unit/ctl/top/test_cells
tests_unit_ctl_top_test_cells_SOURCES = tests/unit/ctl/top/test_cells.c $(unit_ctl_top_fixture)
tests_unit_ctl_top_test_cells_LDADD = $(LINK_UNIT_CTL)

unit_ctl_top_tests += tests/unit/ctl/top/test_tables
tests_unit_ctl_top_test_tables_SOURCES = tests/unit/ctl/top/test_tables.c
tests_unit_ctl_top_test_tables_LDADD = $(LINK_UNIT_CTL)

unit_ctl_top_tests += tests/unit/ctl/top/test_layout
tests_unit_ctl_top_test_layout_SOURCES = tests/unit/ctl/top/test_layout.c $(unit_ctl_top_fixture)
tests_unit_ctl_top_test_layout_LDADD = $(LINK_UNIT_CTL)

unit_ctl_top_tests += tests/unit/ctl/top/test_rows
tests_unit_ctl_top_test_rows_SOURCES = tests/unit/ctl/top/test_rows.c $(unit_ctl_top_fixture)
tests_unit_ctl_top_test_rows_LDADD = $(LINK_UNIT_CTL)

unit_ctl_top_tests += tests/unit/ctl/top/test_top
tests_unit_ctl_top_test_top_SOURCES = tests/unit/ctl/top/test_top.c $(unit_ctl_top_fixture)
tests_unit_ctl_top_test_top_LDADD = $(LINK_UNIT_CTL)

unit_ctl_top_tests += tests/unit/ctl/top/test_feed
tests_unit_ctl_top_test_feed_SOURCES = tests/unit/ctl/top/test_feed.c $(unit_ctl_top_fixture)
tests_unit_ctl_top_test_feed_LDADD = $(LINK_UNIT_CTL)

unit_ctl_top_tests += tests/unit/ctl/top/test_deeds
tests_unit_ctl_top_test_deeds_SOURCES = tests/unit/ctl/top/test_deeds.c $(unit_ctl_top_fixture)
tests_unit_ctl_top_test_deeds_LDADD = $(LINK_UNIT_CTL)

unit_ctl_top_tests += tests/unit/ctl/top/test_keys
tests_unit_ctl_top_test_keys_SOURCES = tests/unit/ctl/top/test_keys.c $(unit_ctl_top_fixture)
tests_unit_ctl_top_test_keys_LDADD = $(LINK_UNIT_CTL)

unit_ctl_top_tests += tests/unit/ctl/top/test_head
tests_unit_ctl_top_test_head_SOURCES = tests/unit/ctl/top/test_head.c $(unit_ctl_top_fixture)
tests_unit_ctl_top_test_head_LDADD = $(LINK_UNIT_CTL)

unit_ctl_top_tests += tests/unit/ctl/top/test_asker
tests_unit_ctl_top_test_asker_SOURCES = tests/unit/ctl/top/test_asker.c
tests_unit_ctl_top_test_asker_LDADD = $(LINK_UNIT_CTL)

unit_ctl_top_tests += tests/unit/ctl/top/test_once
tests_unit_ctl_top_test_once_SOURCES = tests/unit/ctl/top/test_once.c $(unit_ctl_top_fixture)
tests_unit_ctl_top_test_once_LDADD = $(LINK_UNIT_CTL)

unit_ctl_top_tests += tests/unit/ctl/top/test_view
tests_unit_ctl_top_test_view_SOURCES = tests/unit/ctl/top/test_view.c $(unit_ctl_top_fixture)
tests_unit_ctl_top_test_view_LDADD = $(LINK_UNIT_CTL)

unit_ctl_top_tests += tests/unit/ctl/top/test_view_table
tests_unit_ctl_top_test_view_table_SOURCES = tests/unit/ctl/top/test_view_table.c $(unit_ctl_top_fixture)
tests_unit_ctl_top_test_view_table_LDADD = $(LINK_UNIT_CTL)

if !WINDOWS
unit_tests += $(unit_ctl_top_tests)
endif
