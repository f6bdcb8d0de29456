/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_queue: against a plain array, in any order of insertions and removals.
 */
#include "config.h"

#include "lib/base/queue.h"

#include "unit.h"

#include <string.h>

enum { ITEMS = 9, STEPS = 5000 };

struct item {
    LIST_ENTRY(item) of_list;
    TAILQ_ENTRY(item) of_queue;
    bool is_in;
};

LIST_HEAD(list, item);
TAILQ_HEAD(queue, item);

struct model {
    struct item *items[ITEMS];
    size_t count;
};

static void model_insert(struct model *model, size_t at, struct item *item) {
    memmove(model->items + at + 1, model->items + at, (model->count - at) * sizeof *model->items);
    model->items[at] = item;
    model->count++;
    item->is_in = true;
}

static void model_remove(struct model *model, struct item *item) {
    size_t at = 0;

    while (model->items[at] != item)
        at++;
    memmove(model->items + at, model->items + at + 1, (model->count - at - 1) * sizeof *model->items);
    model->count--;
    item->is_in = false;
}

static void check_list(const struct list *list, const struct model *model) {
    const struct item *item;
    size_t count = 0;

    LIST_FOREACH (item, list, of_list)
        ck_assert_ptr_eq(item, model->items[count++]);
    ck_assert_uint_eq(count, model->count);
}

static void check_queue(const struct queue *queue, const struct model *model) {
    const struct item *item;
    size_t count = 0;

    TAILQ_FOREACH (item, queue, of_queue)
        ck_assert_ptr_eq(item, model->items[count++]);
    ck_assert_uint_eq(count, model->count);
    ck_assert_int_eq(TAILQ_EMPTY(queue), count == 0);
    for (item = TAILQ_LAST(queue, queue); item; item = TAILQ_PREV(item, queue, of_queue))
        ck_assert_ptr_eq(item, model->items[--count]);
    ck_assert_uint_eq(count, 0);
}

START_TEST(list_is_what_was_inserted_and_not_removed) {
    struct item items[ITEMS] = {0};
    struct list list = {0};
    struct model model = {0};
    uint32_t seed = 1;

    for (unsigned step = 0; step < STEPS; step++) {
        struct item *item = &items[unit_any(&seed, ITEMS)];
        if (item->is_in) {
            LIST_REMOVE(item, of_list);
            model_remove(&model, item);
        } else {
            LIST_INSERT_HEAD(&list, item, of_list);
            model_insert(&model, 0, item);
        }
        check_list(&list, &model);
    }
}
END_TEST

START_TEST(queue_is_what_was_inserted_and_not_removed) {
    struct item items[ITEMS] = {0};
    struct queue queue;
    struct model model = {0};
    uint32_t seed = 1;

    TAILQ_INIT(&queue);
    for (unsigned step = 0; step < STEPS; step++) {
        struct item *item = &items[unit_any(&seed, ITEMS)];
        if (item->is_in) {
            TAILQ_REMOVE(&queue, item, of_queue);
            model_remove(&model, item);
        } else if (unit_any(&seed, 2)) {
            TAILQ_INSERT_HEAD(&queue, item, of_queue);
            model_insert(&model, 0, item);
        } else {
            TAILQ_INSERT_TAIL(&queue, item, of_queue);
            model_insert(&model, model.count, item);
        }
        check_queue(&queue, &model);
    }
}
END_TEST

START_TEST(item_may_leave_during_a_walk) {
    struct item items[3] = {0}, *item;
    struct queue queue;
    unsigned count = 0;

    TAILQ_INIT(&queue);
    for (size_t i = 0; i < 3; i++)
        TAILQ_INSERT_TAIL(&queue, &items[i], of_queue);
    TAILQ_FOREACH (item, &queue, of_queue) {
        TAILQ_REMOVE(&queue, item, of_queue);
        count++;
    }
    ck_assert_uint_eq(count, 3);
    ck_assert(TAILQ_EMPTY(&queue));
}
END_TEST

static TCase *queues(void) {
    TCase *group = tcase_create("queues");
    tcase_add_test(group, list_is_what_was_inserted_and_not_removed);
    tcase_add_test(group, queue_is_what_was_inserted_and_not_removed);
    tcase_add_test(group, item_may_leave_during_a_walk);
    return group;
}

UNIT_MAIN("lib/base/queue", queues)
