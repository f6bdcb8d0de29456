/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * queue: doubly linked lists whose links are in the items, by the interface of BSD's <sys/queue.h>, which neither musl
 * nor Windows has.
 *
 *     LIST     the head is one pointer; all zero, it is an empty list
 *     TAILQ    the head knows the last item, too; TAILQ_INIT before its first use
 *
 * `field` is the item's member of type LIST_ENTRY or TAILQ_ENTRY. All is done in constant time. _FOREACH reads the next
 * item after its body, which therefore must not free the current one. Arguments are evaluated more than once.
 * libevent's structures are walked by these as well, so the members' names are BSD's.
 * Runs on: any thread, one at a time. Owns: nothing.
 */
#ifndef MUNNEL_LIB_BASE_QUEUE_H
#define MUNNEL_LIB_BASE_QUEUE_H

#include <stddef.h>

/* Headers of BSD systems include <sys/queue.h>. */
#undef LIST_HEAD
#undef LIST_ENTRY
#undef LIST_FIRST
#undef LIST_NEXT
#undef LIST_FOREACH
#undef LIST_INSERT_HEAD
#undef LIST_REMOVE
#undef TAILQ_HEAD
#undef TAILQ_ENTRY
#undef TAILQ_INIT
#undef TAILQ_FIRST
#undef TAILQ_NEXT
#undef TAILQ_LAST
#undef TAILQ_PREV
#undef TAILQ_EMPTY
#undef TAILQ_FOREACH
#undef TAILQ_INSERT_BEFORE
#undef TAILQ_INSERT_HEAD
#undef TAILQ_INSERT_TAIL
#undef TAILQ_REMOVE

#define LIST_HEAD(name, type)                                                                                          \
    struct name {                                                                                                      \
        struct type *lh_first;                                                                                         \
    }
#define LIST_ENTRY(type)                                                                                               \
    struct {                                                                                                           \
        struct type *le_next;                                                                                          \
        struct type **le_prev; /* what points here: the head, or le_next of the item before */                         \
    }

#define LIST_FIRST(head)                ((head)->lh_first)
#define LIST_NEXT(item, field)          ((item)->field.le_next)
#define LIST_FOREACH(item, head, field) for ((item) = LIST_FIRST(head); (item); (item) = LIST_NEXT(item, field))

#define LIST_INSERT_HEAD(head, item, field)                                                                            \
    do {                                                                                                               \
        LIST_NEXT(item, field) = LIST_FIRST(head);                                                                     \
        (item)->field.le_prev = &LIST_FIRST(head);                                                                     \
        if (LIST_FIRST(head))                                                                                          \
            LIST_FIRST(head)->field.le_prev = &LIST_NEXT(item, field);                                                 \
        LIST_FIRST(head) = (item);                                                                                     \
    } while (0)

#define LIST_REMOVE(item, field)                                                                                       \
    do {                                                                                                               \
        if (LIST_NEXT(item, field))                                                                                    \
            LIST_NEXT(item, field)->field.le_prev = (item)->field.le_prev;                                             \
        *(item)->field.le_prev = LIST_NEXT(item, field);                                                               \
    } while (0)

#define TAILQ_HEAD(name, type)                                                                                         \
    struct name {                                                                                                      \
        struct type *tqh_first;                                                                                        \
        struct type **tqh_last; /* the pointer that ends the queue: tqh_first, or tqe_next of the last item */         \
    }
#define TAILQ_ENTRY(type)                                                                                              \
    struct {                                                                                                           \
        struct type *tqe_next;                                                                                         \
        struct type **tqe_prev; /* what points here: the head, or tqe_next of the item before */                       \
    }

#define TAILQ_FIRST(head)       ((head)->tqh_first)
#define TAILQ_NEXT(item, field) ((item)->field.tqe_next)
/* The pointers of an item's field lie as those of a head, whose tqh_last leads to what points at the item. */
#define TAILQ_LAST(head, name)           (*((struct name *)(void *)(head)->tqh_last)->tqh_last)
#define TAILQ_PREV(item, name, field)    (*((struct name *)(void *)(item)->field.tqe_prev)->tqh_last)
#define TAILQ_EMPTY(head)                (!TAILQ_FIRST(head))
#define TAILQ_FOREACH(item, head, field) for ((item) = TAILQ_FIRST(head); (item); (item) = TAILQ_NEXT(item, field))

#define TAILQ_INIT(head)                                                                                               \
    do {                                                                                                               \
        TAILQ_FIRST(head) = NULL;                                                                                      \
        (head)->tqh_last = &TAILQ_FIRST(head);                                                                         \
    } while (0)

#define TAILQ_INSERT_HEAD(head, item, field)                                                                           \
    do {                                                                                                               \
        TAILQ_NEXT(item, field) = TAILQ_FIRST(head);                                                                   \
        (item)->field.tqe_prev = &TAILQ_FIRST(head);                                                                   \
        if (TAILQ_FIRST(head))                                                                                         \
            TAILQ_FIRST(head)->field.tqe_prev = &TAILQ_NEXT(item, field);                                              \
        else                                                                                                           \
            (head)->tqh_last = &TAILQ_NEXT(item, field);                                                               \
        TAILQ_FIRST(head) = (item);                                                                                    \
    } while (0)

#define TAILQ_INSERT_TAIL(head, item, field)                                                                           \
    do {                                                                                                               \
        TAILQ_NEXT(item, field) = NULL;                                                                                \
        (item)->field.tqe_prev = (head)->tqh_last;                                                                     \
        *(head)->tqh_last = (item);                                                                                    \
        (head)->tqh_last = &TAILQ_NEXT(item, field);                                                                   \
    } while (0)

#define TAILQ_INSERT_BEFORE(other, item, field)                                                                        \
    do {                                                                                                               \
        TAILQ_NEXT(item, field) = (other);                                                                             \
        (item)->field.tqe_prev = (other)->field.tqe_prev;                                                              \
        *(other)->field.tqe_prev = (item);                                                                             \
        (other)->field.tqe_prev = &TAILQ_NEXT(item, field);                                                            \
    } while (0)

#define TAILQ_REMOVE(head, item, field)                                                                                \
    do {                                                                                                               \
        if (TAILQ_NEXT(item, field))                                                                                   \
            TAILQ_NEXT(item, field)->field.tqe_prev = (item)->field.tqe_prev;                                          \
        else                                                                                                           \
            (head)->tqh_last = (item)->field.tqe_prev;                                                                 \
        *(item)->field.tqe_prev = TAILQ_NEXT(item, field);                                                             \
    } while (0)

#endif
