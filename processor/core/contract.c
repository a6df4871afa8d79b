#include "core/contract.h"

#include "base/check.h"

#define DEFAULT_WITHIN_MS (20 * SECOND_MS)

/* Ten thresholds and sixty are refused alike: counting ends here. */

static int64_t effective_at(const struct contract *c) {
    return c->effective_at == 0 ? INSTANT_NONE : c->effective_at;
}

const struct contract *contract_set_find(const struct contract_set *set, struct slice tenant,
                                         int64_t at) {
    const struct contract *found = NULL;
    for (size_t i = 0; i < set->count; i++) {
        const struct contract *c = &set->contracts[i];
        if (slice_equal(c->tenant, tenant) && effective_at(c) <= at &&
            (!found || effective_at(c) > effective_at(found)))
            found = c;
    }
    return found ? found : &set->fallback;
}

int64_t contract_set_until(const struct contract_set *set, struct slice tenant, int64_t at) {
    int64_t until_at = INSTANT_MAX;
    for (size_t i = 0; i < set->count; i++) {
        const struct contract *c = &set->contracts[i];
        if (effective_at(c) > at && effective_at(c) < until_at && slice_equal(c->tenant, tenant))
            until_at = effective_at(c);
    }
    return until_at;
}

int64_t contract_set_next_change(const struct contract_set *set, int64_t at) {
    int64_t next_at = INSTANT_MAX;
    for (size_t i = 0; i < set->count; i++) {
        int64_t change_at = effective_at(&set->contracts[i]);
        if (change_at > at && change_at < next_at)
            next_at = change_at;
    }
    return next_at;
}

size_t contract_set_versions(const struct contract_set *set, struct slice tenant,
                             const struct contract *versions[CONTRACT_VERSIONS_MAX]) {
    int64_t at = INSTANT_NONE;
    size_t count = 0;
    versions[count++] = contract_set_find(set, tenant, at);
    while ((at = contract_set_until(set, tenant, at)) != INSTANT_MAX) {
        CHECK(count < CONTRACT_VERSIONS_MAX);
        versions[count++] = contract_set_find(set, tenant, at);
    }
    return count;
}

void contract_set_link(struct contract_set *set) {
    for (size_t i = 0; i < set->count; i++) {
        struct contract *c = &set->contracts[i];
        int64_t until_at = contract_set_until(set, c->tenant, effective_at(c));
        c->next = until_at == INSTANT_MAX ? NULL : contract_set_find(set, c->tenant, until_at);
    }
}

bool contract_same(const struct contract *a, const struct contract *b) {
    return a == b || (a->is_default && b->is_default) ||
           (a->identity && a->identity == b->identity);
}

bool contract_same_from(const struct contract *a, const struct contract *b) {
    while (a && b && contract_same(a, b)) {
        a = a->next;
        b = b->next;
    }
    return !a && !b;
}

void contract_init_default(struct contract *c) {
    *c = (struct contract){
        .zone = {.name = SLICE("UTC")},
        .ageing_ms = {[CHANNEL_UNKNOWN] = 90 * DAY_MS, /* nothing is closed too early */
                      [CHANNEL_VOICE] = 4 * HOUR_MS,
                      [CHANNEL_CHAT] = 24 * HOUR_MS,
                      [CHANNEL_EMAIL] = 30 * DAY_MS,
                      [CHANNEL_SOCIAL] = 7 * DAY_MS,
                      [CHANNEL_MESSAGING] = 72 * HOUR_MS,
                      [CHANNEL_TICKET] = 90 * DAY_MS},
        .feed_silent_after_ms = 5 * MINUTE_MS,
        .feed_skewed_after_ms = 30 * SECOND_MS,
        .feed_refused_above = 0.05,
        .items_per_minute = 60,
        .pages_per_hour = 20,
        .roll_up_share = 0.6,
        .roll_up_children = 3,
        .is_default = true,
    };
}

const struct clock_rule *contract_clock(const struct contract *c, enum clock_kind kind,
                                        const struct leaf *leaf) {
    for (size_t i = 0; i < c->clock_count; i++) {
        const struct clock_rule *clock = &c->clocks[i];
        if (clock->kind == kind && match_leaf(&clock->when, leaf))
            return clock;
    }
    return NULL;
}

const struct clock_rule *contract_clock_anywhere(const struct contract *c, enum clock_kind kind,
                                                 const struct leaf *leaf) {
    for (size_t i = 0; i < c->clock_count; i++) {
        const struct clock_rule *clock = &c->clocks[i];
        if (clock->kind == kind && match_leaf_anywhere(&clock->when, leaf))
            return clock;
    }
    return NULL;
}

enum on_reopen contract_on_reopen(const struct clock_rule *rule) {
    static const uint8_t usual[CLOCK_KIND_COUNT] = {
        [CLOCK_SPEED_OF_ANSWER] = ON_REOPEN_IGNORE, [CLOCK_FIRST_REPLY] = ON_REOPEN_IGNORE,
        [CLOCK_NEXT_REPLY] = ON_REOPEN_NEW,         [CLOCK_PERIODIC_UPDATE] = ON_REOPEN_NEW,
        [CLOCK_RESOLUTION] = ON_REOPEN_CONTINUE,    [CLOCK_REQUESTER_WAIT] = ON_REOPEN_CONTINUE,
        [CLOCK_AGENT_WORK] = ON_REOPEN_CONTINUE,
    };
    return rule->on_reopen == ON_REOPEN_USUAL ? (enum on_reopen)usual[rule->kind] : rule->on_reopen;
}

enum mapped_status contract_status(const struct contract *c, struct slice word) {
    static const struct status_word own_words[] = {
        {SLICE("open"), STATUS_OPEN},       {SLICE("pending_customer"), STATUS_PENDING_CUSTOMER},
        {SLICE("on_hold"), STATUS_ON_HOLD}, {SLICE("solved"), STATUS_SOLVED},
        {SLICE("closed"), STATUS_CLOSED},
    };
    for (size_t i = 0; i < c->status_count; i++) {
        if (slice_equal(c->statuses[i].word, word))
            return c->statuses[i].status;
    }
    for (size_t i = 0; i < sizeof(own_words) / sizeof(own_words[0]); i++) {
        if (slice_equal(own_words[i].word, word))
            return own_words[i].status;
    }
    return STATUS_UNKNOWN;
}

static int64_t answer_target_ms(const struct contract *c, const struct scope *s) {
    for (size_t i = 0; i < c->clock_count; i++) {
        const struct clock_rule *clock = &c->clocks[i];
        if (clock->kind == CLOCK_SPEED_OF_ANSWER && match_covers_scope(&clock->when, s))
            return clock->target_ms;
    }
    return DEFAULT_WITHIN_MS;
}

void contract_plain_level(const struct contract *c, const struct scope *s, int64_t *within_ms,
                          enum level_variant *variant) {
    *variant = VARIANT_ANSWERED_OF_OFFERED;
    *within_ms = 0;
    for (size_t i = 0; i < c->objective_count; i++) {
        const struct objective *o = &c->objectives[i];
        if (o->metric != METRIC_SERVICE_LEVEL || !match_covers_scope(&o->when, s))
            continue;
        *variant = o->variant;
        *within_ms = o->within_ms;
        break;
    }
    if (*within_ms == 0)
        *within_ms = answer_target_ms(c, s);
}

static size_t add_mask(uint32_t masks[CONTRACT_VIEWS_MAX], size_t count, uint32_t mask) {
    for (size_t i = 0; i < count; i++) {
        if (masks[i] == mask)
            return count;
    }
    CHECK(count < CONTRACT_VIEWS_MAX);
    masks[count] = mask;
    return count + 1;
}

size_t contract_views(const struct contract *c, uint32_t masks[CONTRACT_VIEWS_MAX]) {
    static const uint32_t standing[] = {
        0,
        SCOPE_BIT(SCOPE_VENDOR),
        SCOPE_BIT(SCOPE_SITE),
        SCOPE_BIT(SCOPE_QUEUE),
        SCOPE_BIT(SCOPE_CHANNEL),
        SCOPE_BIT(SCOPE_SITE) | SCOPE_BIT(SCOPE_QUEUE),
        SCOPE_BIT(SCOPE_SITE) | SCOPE_BIT(SCOPE_QUEUE) | SCOPE_BIT(SCOPE_CHANNEL),
    };
    size_t count = 0;
    for (size_t i = 0; i < sizeof(standing) / sizeof(standing[0]); i++)
        count = add_mask(masks, count, standing[i]);
    for (size_t i = 0; i < c->objective_count; i++)
        count = add_mask(masks, count, c->objectives[i].per);
    for (size_t i = 0; i < c->demand_count; i++)
        count = add_mask(masks, count, c->demands[i].per);
    return count;
}

size_t contract_add_threshold(int64_t *sorted, size_t count, int64_t threshold_ms) {
    size_t at = 0;
    while (at < count && sorted[at] < threshold_ms)
        at++;
    if (count == CONTRACT_THRESHOLDS_MAX || (at < count && sorted[at] == threshold_ms))
        return count;
    memmove(&sorted[at + 1], &sorted[at], (count - at) * sizeof(*sorted));
    sorted[at] = threshold_ms;
    return count + 1;
}

size_t contract_thresholds(const struct contract *c, const struct leaf *leaf,
                           int64_t thresholds_ms[LEAF_THRESHOLDS_MAX]) {
    int64_t sorted[CONTRACT_THRESHOLDS_MAX];
    size_t count = 0;
    uint32_t masks[CONTRACT_VIEWS_MAX];
    size_t views = contract_views(c, masks);
    for (size_t i = 0; i < views; i++) {
        struct scope s = scope_of_leaf(leaf, masks[i]);
        int64_t within_ms;
        enum level_variant variant;
        contract_plain_level(c, &s, &within_ms, &variant);
        count = contract_add_threshold(sorted, count, within_ms);
    }
    for (size_t i = 0; i < c->objective_count; i++) {
        const struct objective *o = &c->objectives[i];
        if (o->metric == METRIC_SERVICE_LEVEL && o->within_ms > 0 && match_leaf(&o->when, leaf))
            count = contract_add_threshold(sorted, count, o->within_ms);
    }
    size_t written = count < LEAF_THRESHOLDS_MAX ? count : LEAF_THRESHOLDS_MAX;
    memcpy(thresholds_ms, sorted, written * sizeof(*sorted));
    return count;
}

static size_t add_all(const struct contract *c, int64_t *sorted, size_t count) {
    count = contract_add_threshold(sorted, count, DEFAULT_WITHIN_MS);
    for (size_t i = 0; i < c->clock_count; i++)
        if (c->clocks[i].kind == CLOCK_SPEED_OF_ANSWER)
            count = contract_add_threshold(sorted, count, c->clocks[i].target_ms);
    for (size_t i = 0; i < c->objective_count; i++)
        if (c->objectives[i].metric == METRIC_SERVICE_LEVEL && c->objectives[i].within_ms > 0)
            count = contract_add_threshold(sorted, count, c->objectives[i].within_ms);
    return count;
}

size_t contract_set_thresholds(const struct contract_set *set, int64_t *sorted, size_t count) {
    count = add_all(&set->fallback, sorted, count);
    for (size_t i = 0; i < set->count; i++)
        count = add_all(&set->contracts[i], sorted, count);
    return count;
}

const struct escalation *contract_escalation(const struct contract *c, struct slice rule) {
    for (size_t i = 0; i < c->clock_count; i++)
        if (slice_equal(c->clocks[i].name, rule))
            return c->clocks[i].escalation;
    for (size_t i = 0; i < c->objective_count; i++)
        if (slice_equal(c->objectives[i].name, rule))
            return c->objectives[i].escalation;
    for (size_t i = 0; i < c->demand_count; i++)
        if (slice_equal(c->demands[i].name, rule))
            return c->demands[i].escalation;
    return NULL;
}

bool contract_is_holiday(const struct contract *c, int64_t at) {
    bool holiday = false;
    for (size_t i = 0; i < c->calendar_count; i++) {
        const struct calendar *hours = &c->calendars[i];
        if (!calendar_opens_on(hours, at, -1) && !calendar_opens_on(hours, at, 1))
            continue;
        if (calendar_opens_on(hours, at, 0))
            return false;
        holiday = true;
    }
    return holiday;
}
