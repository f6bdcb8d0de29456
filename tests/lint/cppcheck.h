/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * cppcheck: what cppcheck, which reads no header of the system, needs of the macros there. Never compiled.
 */
#ifndef MUNNEL_TESTS_CPPCHECK_H
#define MUNNEL_TESTS_CPPCHECK_H

#define json_array_foreach(array, index, value)                                                                        \
    for (index = 0; index < json_array_size(array) && (value = json_array_get(array, index)); index++)
#define json_object_foreach(object, key, value)                                                                        \
    for (key = next_key(object); key && (value = json_object_get(object, key)); key = next_key(object))

/* <sys/queue.h> */
#define SLIST_HEAD(name, type)                                                                                         \
    struct name {                                                                                                      \
        struct type *slh_first;                                                                                        \
    }
#define SLIST_ENTRY(type)                                                                                              \
    struct {                                                                                                           \
        struct type *sle_next;                                                                                         \
    }
#define SLIST_FIRST(head)                     ((head)->slh_first)
#define SLIST_EMPTY(head)                     (!(head)->slh_first)
#define SLIST_NEXT(item, field)               ((item)->field.sle_next)
#define SLIST_FOREACH(item, head, field)      for (item = (head)->slh_first; item; item = (item)->field.sle_next)
#define SLIST_INSERT_HEAD(head, item, field)  ((item)->field.sle_next = (head)->slh_first, (head)->slh_first = (item))
#define SLIST_REMOVE(head, item, type, field) slist_remove((head), (item))
#define STAILQ_HEAD(name, type)                                                                                        \
    struct name {                                                                                                      \
        struct type *stqh_first;                                                                                       \
    }
#define STAILQ_ENTRY(type)                                                                                             \
    struct {                                                                                                           \
        struct type *stqe_next;                                                                                        \
    }
#define STAILQ_INIT(head)                      ((head)->stqh_first = NULL)
#define STAILQ_FIRST(head)                     ((head)->stqh_first)
#define STAILQ_EMPTY(head)                     (!(head)->stqh_first)
#define STAILQ_INSERT_TAIL(head, item, field)  stailq_insert_tail((head), (item))
#define STAILQ_REMOVE(head, item, type, field) stailq_remove((head), (item))
#define STAILQ_REMOVE_HEAD(head, field)        ((head)->stqh_first = (head)->stqh_first->field.stqe_next)
#define TAILQ_HEAD(name, type)                                                                                         \
    struct name {                                                                                                      \
        struct type *tqh_first;                                                                                        \
    }
#define TAILQ_ENTRY(type)                                                                                              \
    struct {                                                                                                           \
        struct type *tqe_next;                                                                                         \
    }
#define TAILQ_INIT(head)                     ((head)->tqh_first = NULL)
#define TAILQ_FIRST(head)                    ((head)->tqh_first)
#define TAILQ_NEXT(item, field)              ((item)->field.tqe_next)
#define TAILQ_FOREACH(item, head, field)     for (item = (head)->tqh_first; item; item = (item)->field.tqe_next)
#define TAILQ_INSERT_HEAD(head, item, field) ((item)->field.tqe_next = (head)->tqh_first, (head)->tqh_first = (item))
#define TAILQ_INSERT_TAIL(head, item, field) tailq_insert_tail((head), (item))
#define TAILQ_REMOVE(head, item, field)      tailq_remove((head), (item))

#endif
