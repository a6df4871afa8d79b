#include "core/episode_roll_up_words.h"

/* What is said of the rule: "is missed in" 3 of 4 queues. */
static const char *const verbs[ALERT_KIND_COUNT] = {
    [ALERT_OBJECTIVE_AT_RISK] = "is at risk in",
    [ALERT_OBJECTIVE_BREACH] = "is missed in",
    [ALERT_OBJECTIVE_UNRECOVERABLE] = "is beyond reach in",
    [ALERT_DEMAND_SPIKE] = "sees more demand than is usual in",
    [ALERT_DEMAND_DROP] = "sees less demand than is usual in",
    [ALERT_FORECAST_MISS] = "is off its forecast in",
    [ALERT_STAFFING_GAP] = "lacks agents in",
    [ALERT_FEED_SILENT] = "hear nothing from",
    [ALERT_FEED_SKEWED] = "see wrong clocks in",
    [ALERT_DATA_QUALITY] = "see refused records in",
};

static const struct {
    enum scope_dimension dimension;
    const char *one, *many;
} finest[] = {
    {SCOPE_QUEUE, "queue", "queues"},           {SCOPE_SITE, "site", "sites"},
    {SCOPE_VENDOR, "vendor", "vendors"},        {SCOPE_CHANNEL, "channel", "channels"},
    {SCOPE_PRIORITY, "priority", "priorities"}, {SCOPE_AGENT, "agent", "agents"},
};

/* By what children are called: the first of those that they fix. */
static size_t called(const struct scope *child) {
    size_t i = 0;
    while (!(child->mask & SCOPE_BIT(finest[i].dimension)))
        i++;
    return i;
}

void roll_up_words_contributor(const struct scope *child, struct alert *a) {
    size_t i = called(child);
    a->contributors[a->contributor_count++] = (struct alert_contributor){
        .dimension = slice_of(finest[i].one), .value = child->values[finest[i].dimension]};
}

void roll_up_words(struct buf *b, enum alert_kind kind, struct slice rule,
                   const struct scope *parent, const struct scope *child,
                   const struct roll_up_count *count, const struct alert *a) {
    summary_text(b, "\"");
    summary_slice(b, rule);
    buf_put_format(b, "\" %s ", verbs[kind] ? verbs[kind] : "fires in");
    summary_count(b, count->firing);
    summary_text(b, " of ");
    summary_count(b, count->judged);
    buf_put_format(b, " %s", finest[called(child)].many);
    if (parent->mask != 0) {
        summary_text(b, " of ");
        summary_scope(b, parent);
    }
    for (size_t i = 0; i < a->contributor_count; i++) {
        summary_text(b, i == 0 ? ": " : ", ");
        summary_slice(b, a->contributors[i].value);
    }
    int64_t others = count->firing - (int64_t)a->contributor_count;
    if (others > 0) {
        summary_text(b, " and ");
        summary_count(b, others);
        summary_text(b, " more");
    }
    summary_text(b, ".");
}
