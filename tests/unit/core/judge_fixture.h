/* A tenant with a book of episodes and an outbox that keeps what was said, and that checks the
 * life of every episode by itself: this is the oracle, it shares no code with the book. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/episode.h"

#define SAID_MAX 20000
#define SAID_TEXT 400

/* An Alert, its texts copied. */
struct said {
    struct alert a; /* slices are not valid */
    char id[64], key[SAID_TEXT], summary[SAID_TEXT];
    char rule[64], site[64], queue[64], interaction[64], suppressed_by[64];
};

struct judge_fixture {
    struct judge_context ctx;
    struct outbox out;
    struct contract contract;
    struct said *said;
    size_t count;
};

static inline void said_copy(char *to, size_t size, struct slice s) {
    assert_true(s.size < size);
    memcpy(to, s.at ? s.at : "", s.size);
    to[s.size] = '\0';
}

static inline struct said *said_last_of(struct judge_fixture *f, const char *key, size_t before) {
    for (size_t i = before; i > 0; i--) {
        if (strcmp(f->said[i - 1].key, key) == 0)
            return &f->said[i - 1];
    }
    return NULL;
}

static inline bool said_is_end(enum transition t) {
    return t == TRANSITION_RESOLVED || t == TRANSITION_EXPIRED || t == TRANSITION_VOIDED;
}

/* FIRING first with seq 1 and an id never seen, then the same id with seq + 1 until the end. */
static inline void said_check_life(struct judge_fixture *f, const struct said *s) {
    const struct said *last = said_last_of(f, s->key, f->count);
    bool first = !last || said_is_end(last->a.transition);
    assert_int_equal(s->a.transition == TRANSITION_FIRING, first);
    assert_int_equal(s->a.seq, first ? 1 : last->a.seq + 1);
    assert_int_equal(strlen(s->id), 32);
    if (!first) {
        assert_string_equal(s->id, last->id);
        assert_int_equal(s->a.opened_at, last->a.opened_at);
    }
    for (size_t i = 0; first && i < f->count; i++)
        assert_string_not_equal(s->id, f->said[i].id);
    assert_int_equal(said_is_end(s->a.transition), s->a.resolved_at != ALERT_LONG_NONE);
}

static inline void said_alert(void *context, const struct alert *a) {
    struct judge_fixture *f = context;
    assert_true(f->count < SAID_MAX);
    struct said *s = &f->said[f->count];
    s->a = *a;
    said_copy(s->id, sizeof(s->id), a->alert_id);
    said_copy(s->key, sizeof(s->key), a->alert_key);
    said_copy(s->summary, sizeof(s->summary), a->summary);
    said_copy(s->rule, sizeof(s->rule), a->rule);
    said_copy(s->site, sizeof(s->site), a->site);
    said_copy(s->queue, sizeof(s->queue), a->queue);
    said_copy(s->interaction, sizeof(s->interaction), a->interaction_id);
    said_copy(s->suppressed_by, sizeof(s->suppressed_by), a->suppressed_by);
    said_check_life(f, s);
    f->count++;
}

static inline void judge_fixture_init(struct judge_fixture *f) {
    memset(f, 0, sizeof(*f));
    f->said = calloc(SAID_MAX, sizeof(*f->said));
    assert_non_null(f->said);
    f->contract.name = SLICE("acme-support");
    f->contract.tenant = SLICE("acme");
    f->contract.version = 3;
    f->contract.items_per_minute = 60;
    f->contract.pages_per_hour = 100000;
    f->contract.roll_up_share = 0.6;
    f->contract.roll_up_children = 3;
    f->out.context = f;
    f->out.alert = said_alert;
    f->ctx = (struct judge_context){
        .out = &f->out,
        .book = episode_book_new(SLICE("acme"), 1000),
        .contract = &f->contract,
        .tenant = SLICE("acme"),
        .clock = 1000000,
        .max_alert_age_ms = 15 * MINUTE_MS,
        .completeness = 1,
    };
}

static inline void judge_fixture_deinit(struct judge_fixture *f) {
    episode_book_free(f->ctx.book);
    free(f->said);
}

/* Through bytes and back: what a restart does. Saving again must give the same bytes. */
static inline void judge_fixture_restart(struct judge_fixture *f) {
    struct buf first, second;
    buf_init(&first);
    buf_init(&second);
    episode_book_save(f->ctx.book, &first);
    episode_book_free(f->ctx.book);
    f->ctx.book = episode_book_new(SLICE("acme"), 1000);
    struct cursor c = cursor_of(buf_slice(&first));
    struct err err;
    assert_true(episode_book_load(f->ctx.book, &c, &err));
    assert_int_equal(cursor_left(&c), 0);
    episode_book_save(f->ctx.book, &second);
    assert_true(slice_equal(buf_slice(&first), buf_slice(&second)));
    buf_deinit(&first);
    buf_deinit(&second);
}

static inline void said_is(const struct judge_fixture *f, size_t index, enum alert_kind kind,
                           enum transition transition) {
    assert_true(index < f->count);
    assert_int_equal(f->said[index].a.kind, kind);
    assert_int_equal(f->said[index].a.transition, transition);
}

static inline struct scope scope_site_queue(const char *site, const char *queue) {
    struct scope s = {.mask = SCOPE_BIT(SCOPE_SITE) | SCOPE_BIT(SCOPE_QUEUE)};
    s.values[SCOPE_SITE] = slice_of(site);
    s.values[SCOPE_QUEUE] = slice_of(queue);
    return s;
}
