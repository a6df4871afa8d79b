/* Contracts are input too (DESIGN 3): each task is loaded and replayed under those of then; a
 * change is applied where the replay ends, as a step with its effects. */
#include <inttypes.h>
#include <stdlib.h>

#include "base/check.h"
#include "engine/engine_state.h"

static const struct contract_set *find_set(const struct engine *e, const char *name) {
    const struct engine_options *o = &e->options;
    if (strcmp(name, o->contracts_name ? o->contracts_name : "") == 0)
        return o->contracts;
    return o->contracts_name ? o->known.find(o->known.self, name) : NULL;
}

struct rulebook *engine_rules_find(struct engine *e, const char *name) {
    for (size_t i = 0; i < e->book_count; i++)
        if (strcmp(e->books[i]->name, name) == 0)
            return e->books[i];
    const struct contract_set *set = find_set(e, name);
    if (!set)
        return NULL;
    struct rulebook *book = calloc(1, sizeof *book);
    e->books = realloc(e->books, (e->book_count + 1) * sizeof *e->books);
    CHECK(book && e->books && strlen(name) < sizeof book->name);
    memcpy(book->name, name, strlen(name) + 1);
    book->set = set;
    book->leaves = leaf_dict_new(set, e->options.scope_limit * 4);
    e->books[e->book_count++] = book;
    return book;
}

static void free_book(struct rulebook *book) {
    leaf_dict_free(book->leaves);
    free(book);
}

void engine_rules_free(struct engine *e) {
    for (size_t i = 0; i < e->book_count; i++)
        free_book(e->books[i]);
    free(e->books);
}

static bool is_used(const struct engine *e, const struct rulebook *book) {
    bool used = book == e->rules || book == e->next;
    for (size_t i = 0; i < e->partition_count; i++)
        used |= e->partitions[i]->rules == book;
    return used;
}

/* Dictionaries of contracts that are in force nowhere any more. */
static void drop_unused(struct engine *e) {
    size_t kept = 0;
    for (size_t i = 0; i < e->book_count; i++) {
        if (is_used(e, e->books[i]))
            e->books[kept++] = e->books[i];
        else
            free_book(e->books[i]);
    }
    e->book_count = kept;
}

static int count_changes(const struct partition_contracts *c) {
    int count = 0;
    while (count < METADATA_CONTRACTS && *c->of[count].name)
        count++;
    return count;
}

struct rulebook *engine_rules_of_snapshot(struct engine *e, struct partition *p, uint64_t number) {
    struct partition_contracts *c = &p->contracts;
    int count = count_changes(c);
    c->due = 0;
    if (count == 0) /* never named: left by a version that did not */
        return e->rules;
    while (c->due < count - 1 && (number == 0 || c->of[c->due].snapshot >= number))
        c->due++;
    return engine_rules_find(e, c->of[c->due].name);
}

static void change(struct engine *e, struct partition *p, struct rulebook *rules,
                   struct outbox *out) {
    if (p->source)
        interaction_task_change_contracts(p->source, rules->leaves, out);
    else if (p->tenant)
        tenant_task_change_contracts(p->tenant, rules->set, out);
    p->rules = rules;
    p->show_all = true;
    delta_table_reset(e->silent_deltas);
}

void engine_rules_replay(struct engine *e, struct partition *p, int64_t offset) {
    struct partition_contracts *c = &p->contracts;
    while (c->due && c->of[c->due - 1].offset <= offset) {
        struct rulebook *rules = engine_rules_find(e, c->of[--c->due].name);
        if (rules)
            change(e, p, rules, &e->silent);
        else
            p->lost = true; /* what they would have said is not known */
    }
}

/* Changes before the oldest snapshot are of no use to any replay. */
static int needed_changes(const struct partition *p) {
    int count = count_changes(&p->contracts);
    uint64_t oldest = 0;
    for (int i = 0; i < METADATA_SNAPSHOTS; i++)
        if (p->snapshot.kept[i].number)
            oldest = p->snapshot.kept[i].number;
    for (int i = 0; oldest && i < count; i++)
        if (p->contracts.of[i].snapshot < oldest)
            return i + 1;
    return count;
}

/* A snapshot that a replay would need a forgotten change for is forgotten too. */
static void forget_snapshots(const struct engine *e, struct partition *p) {
    uint64_t from = p->contracts.of[METADATA_CONTRACTS - 1].snapshot;
    for (int i = 0; i < METADATA_SNAPSHOTS; i++)
        if (p->snapshot.kept[i].number <= from)
            p->snapshot.kept[i] = (struct snapshot_pointer){0};
    engine_note(e, LOG_LEVEL_ERROR, "contracts_forgotten",
                "\"task\":\"%s\",\"text\":\"contracts changed more often than snapshots were "
                "taken: a replay before the next one would not be exact\"",
                p->name);
}

/* The contracts in force, with the offset from which on they are. */
static void note_change(struct engine *e, struct partition *p) {
    struct partition_contracts *c = &p->contracts;
    int kept = needed_changes(p);
    bool full = kept == METADATA_CONTRACTS;
    if (full)
        kept--;
    memmove(&c->of[1], &c->of[0], (size_t)kept * sizeof c->of[0]);
    memset(&c->of[kept + 1], 0, (size_t)(METADATA_CONTRACTS - 1 - kept) * sizeof c->of[0]);
    c->of[0] = (struct metadata_contracts){.offset = p->next, .snapshot = p->snapshot.number};
    memcpy(c->of[0].name, p->rules->name, sizeof c->of[0].name);
    c->untold = true;
    if (full)
        forget_snapshots(e, p);
}

/* Live under the contracts in force. */
static void follow(struct engine *e, struct partition *p) {
    const char *was = p->contracts.of[0].name;
    if (p->rules != e->rules) {
        engine_note(e, LOG_LEVEL_INFO, "contracts_changed",
                    "\"task\":\"%s\",\"offset\":%" PRId64 ",\"from\":\"%s\",\"to\":\"%s\"", p->name,
                    p->next, was, e->rules->name);
        change(e, p, e->rules, &e->live);
        e->counts.contract_changes++;
    }
    if (strcmp(was, p->rules->name) != 0)
        note_change(e, p);
}

bool engine_rules_wait(const struct partition *p) {
    return p->state == PARTITION_REPLAYING && p->next >= p->committed;
}

void engine_go_live(struct engine *e, struct partition *p) {
    const struct contracts_port *known = &e->options.known;
    engine_rules_replay(e, p, p->next);
    if (p->rules != e->rules &&
        known->newer(known->self, p->rules->name, (e->next ? e->next : e->rules)->name))
        e->next = p->rules;
    if (p->rules == e->next && e->next != e->rules)
        return; /* live when they are in force */
    if (p->source)
        interaction_task_forget_feeds(p->source); /* of the replay */
    partition_move(p, PARTITION_LIVE);
    engine_note(e, LOG_LEVEL_INFO, "partition_live",
                "\"task\":\"%s\",\"replayed_from\":%" PRId64 ",\"offset\":%" PRId64
                ",\"took_ms\":%" PRId64,
                p->name, p->resumed, p->next, e->wall_at - p->resumed_at);
    follow(e, p);
    if (p->lost && p->tenant)
        tenant_task_lose(p->tenant);
}

void engine_change_contracts(struct engine *e, const char *name) {
    struct rulebook *rules = engine_rules_find(e, name);
    CHECK(rules);
    e->next = rules == e->rules ? NULL : rules;
}

static void switch_rules(struct engine *e) {
    e->rules = e->next;
    e->next = NULL;
    report_writer_free(e->writer);
    e->writer = report_writer_new(e->options.instance, e->options.partitions[INPUT_TENANT_LOG],
                                  e->rules->leaves);
    for (size_t i = 0; i < e->partition_count; i++) {
        struct partition *p = e->partitions[i];
        if (p->state == PARTITION_LIVE)
            follow(e, p);
        else if (engine_rules_wait(p))
            engine_go_live(e, p);
    }
}

void engine_rules_serve(struct engine *e) {
    if (e->failed || e->finished)
        return;
    if (e->next && !engine_has_news(e))
        switch_rules(e);
    if (e->book_count > 1)
        drop_unused(e);
}
