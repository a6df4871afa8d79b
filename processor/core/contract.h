/* One tenant's agreement, compiled: what is measured, against what, and who is told. */
#pragma once

#include "base/instant.h"
#include "core/alert.h"
#include "core/calendar.h"
#include "core/fact.h"
#include "core/match.h"
#include "core/metric.h"
#include "core/window.h"
#include "core/zone.h"

#define CONTRACT_WARNINGS_MAX 4

/* A warning stands at this much elapsed time of the clock. */
struct clock_warning {
    int64_t elapsed_ms;
};

/* A target in business days: so many open days of the rule's calendar later at the same local time,
 * which for each start is another amount of open time. */
struct clock_days {
    uint32_t count;
    struct {
        double share;                  /* of the target; 0: left_ms of it */
        int64_t left_ms;               /* open time */
    } warnings[CONTRACT_WARNINGS_MAX]; /* shares, then what is left, the most first */
};

/* Statuses that the source's words are mapped to. */
enum mapped_status {
    STATUS_UNKNOWN,
    STATUS_OPEN,
    STATUS_PENDING_CUSTOMER,
    STATUS_ON_HOLD,
    STATUS_SOLVED,
    STATUS_CLOSED,
    STATUS_COUNT
};

struct status_word {
    struct slice word;
    enum mapped_status status;
};

/* What RESOLVED does to a reply or an update that is owed, and REOPENED to a clock that has ended;
 * USUAL is what the table of domain.md 2.4 says of the kind. */
enum on_resolve { ON_RESOLVE_USUAL, ON_RESOLVE_VOID, ON_RESOLVE_MISSED };
enum on_reopen { ON_REOPEN_USUAL, ON_REOPEN_CONTINUE, ON_REOPEN_NEW, ON_REOPEN_IGNORE };

#define ESCALATION_TIERS_MAX 8

/* Who is told when an alert has stood for so long. */
struct escalation_tier {
    int64_t after_ms;
    struct slice role;
    enum severity least;          /* of less severe alerts it is not told */
    const struct calendar *hours; /* in which the role is on duty; NULL: always */
};

struct escalation {
    struct slice name;
    struct escalation_tier tiers[ESCALATION_TIERS_MAX]; /* by after_ms */
    size_t count;
};

/* clocks: one interaction. The first of a kind whose match fits applies. */
struct clock_rule {
    struct slice name;
    enum clock_kind kind;
    struct match when;
    const struct calendar *calendar; /* whose open time counts; NULL: all time does */
    const struct clock_days *days;   /* instead of target_ms and elapsed_ms, which are 0; or NULL */
    int64_t target_ms;
    struct clock_warning warnings[CONTRACT_WARNINGS_MAX]; /* ascending elapsed_ms */
    size_t warning_count;
    uint32_t pause_on; /* bits of 1 << enum mapped_status */
    bool bots_count;
    bool start_on_handoff; /* first_reply: at BOT_HANDOFF instead of CREATED */
    enum on_resolve on_resolve;
    enum on_reopen on_reopen;
    enum severity severity;
    struct slice contact_role, outcome, runbook;
    const struct escalation *escalation; /* NULL: none */
};

/* objectives: many interactions. */
struct objective {
    struct slice name;
    enum metric metric; /* METRIC_SERVICE_LEVEL stands for any variant */
    enum level_variant variant;
    enum attribution attribution; /* which panes its counts stand in */
    int64_t within_ms; /* T of a service level, resolved when loaded; 0: by contract_plain_level */
    bool within_given;
    struct match when;
    uint32_t per;    /* mask of SCOPE_BIT */
    unsigned window; /* core/objective_window.h: an enum window_id, or a period */
    bool at_least;   /* target and clear are lower bounds; else upper bounds */
    double target, clear;
    int64_t min_sample;
    double deviations; /* missed only beyond Wilson's bound at so many; 0: the value itself */
    int64_t hold_ms;
    /* Of shares over a period (core/judge_outlook.h): */
    bool at_risk;            /* it is told when it will be missed at this rate */
    double margin;           /* by how much the recent level must lie off; 0: by the target */
    int64_t expected_per_ms; /* 0: no expectation given */
    double expected_volume;
    enum severity severity;
    struct slice contact_role, outcome, runbook;
    const struct escalation *escalation;
};

#define DEMAND_WINDOWS_MAX 4

struct demand_rule {
    struct slice name;
    struct match when;
    uint32_t per; /* mask of SCOPE_BIT */
    int64_t windows_ms[DEMAND_WINDOWS_MAX];
    size_t window_count;
    double false_alarms_per_day;
    int64_t expected_per_ms; /* 0: no expectation given */
    double expected_volume;
    int64_t min_excess;
    enum severity severity;
    struct slice contact_role, runbook;
    const struct escalation *escalation;
};

struct contract {
    struct slice name;
    struct slice tenant;
    int32_t version;
    int64_t effective_at;        /* in force from this instant on; 0: always */
    const struct contract *next; /* the tenant's following version; NULL: none */
    struct zone zone;
    unsigned week_starts; /* 0: Monday */
    int64_t short_abandon_ms;
    int64_t ageing_ms[CHANNEL_COUNT];
    struct status_word *statuses;
    size_t status_count;
    struct calendar *calendars;
    size_t calendar_count;
    struct clock_rule *clocks;
    size_t clock_count;
    struct objective *objectives;
    size_t objective_count;
    struct demand_rule *demands;
    size_t demand_count;
    int64_t feed_silent_after_ms;
    int64_t feed_skewed_after_ms;
    double feed_refused_above; /* share of a site's records */
    int64_t quiet_ms, clear_hold_ms;
    int64_t items_per_minute; /* item alerts of one kind and scope that are told one by one */
    int64_t pages_per_hour;
    double roll_up_share;     /* of the children of a parent that fire, */
    int64_t roll_up_children; /* and how many at least, to make one alert of the parent */
    bool is_default;          /* no file: counters in UTC only, and one CONFIG alert */
    uint64_t identity;        /* hash of its text and of the tz data's version; 0: not known */
};

#define CONTRACT_VERSIONS_MAX 16 /* of one tenant, beside each other */

/* All contracts of a process: of a tenant any number of versions, each from another instant on.
 * Immutable after loading. */
struct contract_set {
    struct contract *contracts;
    size_t count;
    struct contract fallback; /* for a tenant without a contract */
};

/* The tenant's contract that is in force at `at`, or the fallback; never NULL. */
const struct contract *contract_set_find(const struct contract_set *set, struct slice tenant,
                                         int64_t at);

/* When one comes into force next, of the tenant or of any: after `at`; INSTANT_MAX: none does. */
int64_t contract_set_until(const struct contract_set *set, struct slice tenant, int64_t at);
int64_t contract_set_next_change(const struct contract_set *set, int64_t at);

/* All that are in force for the tenant at some time, in that order; the fallback is the first where
 * no version has always been. Returns how many: 1 .. CONTRACT_VERSIONS_MAX. */
size_t contract_set_versions(const struct contract_set *set, struct slice tenant,
                             const struct contract *versions[CONTRACT_VERSIONS_MAX]);

/* Fills in `next` of each. */
void contract_set_link(struct contract_set *set);

/* True when the two say the same; and when all that follows them does too. */
bool contract_same(const struct contract *a, const struct contract *b);
bool contract_same_from(const struct contract *a, const struct contract *b);

/* The fallback: UTC, the defaults of CONTRACT, no rules. */
void contract_init_default(struct contract *c);

/* The first clock of the kind whose match fits the leaf, or NULL. */
const struct clock_rule *contract_clock(const struct contract *c, enum clock_kind kind,
                                        const struct leaf *leaf);

/* The first clock of the kind that would fit the leaf at some priority and in some queue: those
 * change, the rest of a leaf does not. */
const struct clock_rule *contract_clock_anywhere(const struct contract *c, enum clock_kind kind,
                                                 const struct leaf *leaf);

/* The escalation of the clock, objective or demand rule of this name; NULL: it has none. */
const struct escalation *contract_escalation(const struct contract *c, struct slice rule);

/* A day on which everybody is closed who would be open on it in other weeks. False where no
 * calendar opens on that day of the week. */
bool contract_is_holiday(const struct contract *c, int64_t at);

/* Never ON_REOPEN_USUAL. */
enum on_reopen contract_on_reopen(const struct clock_rule *rule);

/* The status that a source's word means; words of our own names mean themselves. */
enum mapped_status contract_status(const struct contract *c, struct slice word);

/* T and variant of plain `service_level` for a scope (CONTRACT *Service level*). */
void contract_plain_level(const struct contract *c, const struct scope *s, int64_t *within_ms,
                          enum level_variant *variant);

/* The masks of scopes that have views: the standing seven and each objective's and demand's
 * `per`, without repeats. Returns how many; room for CONTRACT_VIEWS_MAX. */
#define CONTRACT_VIEWS_MAX 40
size_t contract_views(const struct contract *c, uint32_t masks[CONTRACT_VIEWS_MAX]);

/* Every T that some scope above this leaf is measured by, ascending, without repeats; returns how
 * many. The linter refuses contracts that need more than LEAF_THRESHOLDS_MAX; of such a contract
 * the first LEAF_THRESHOLDS_MAX are written, and more are returned. */
size_t contract_thresholds(const struct contract *c, const struct leaf *leaf,
                           int64_t thresholds_ms[LEAF_THRESHOLDS_MAX]);

/* Inserts T into an ascending list without repeats, with room for CONTRACT_THRESHOLDS_MAX; what
 * exceeds it is left out. Returns how many there are. */
#define CONTRACT_THRESHOLDS_MAX 64
size_t contract_add_threshold(int64_t *sorted, size_t count, int64_t threshold_ms);

/* Inserts every T that some visit may be measured by under some contract of the set. */
size_t contract_set_thresholds(const struct contract_set *set, int64_t *sorted, size_t count);
