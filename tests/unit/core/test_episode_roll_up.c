/* Are so many children of a parent one alert of the parent, do they come back when it is over, and
 * is nobody paged for them meanwhile? */
#include "judge_fixture.h"

#include "base/property.h"
#include "core/command.h"
#include "core/episode_roll_up.h"

#define SITES 5
#define QUEUES 4
#define SCOPES (SITES * QUEUES)
#define ROOM 25
#define STEP_MS (10 * SECOND_MS)
#define AT INT64_C(1000000)

static const struct escalation standard = {
    .name = SLICE("standard"),
    .tiers = {{.after_ms = 0, .role = SLICE("manager")},
              {.after_ms = 15 * MINUTE_MS, .role = SLICE("lead")}},
    .count = 2};
static struct objective objectives[] = {{.name = SLICE("r"), .escalation = &standard}};
static const char *const sites[SITES] = {"s0", "s1", "s2", "s3", "s4"};
static const char *const queues[QUEUES] = {"q0", "q1", "q2", "q3"};

/* What is judged in each scope, and what shall be true of it at the next step. */
struct fixture {
    struct judge_fixture f;
    struct scope scopes[ROOM];
    int count;
    bool wanted[ROOM], fires[ROOM], unjudged[ROOM];
    enum severity severity;
    int64_t step_at;
};

static void begin(struct fixture *x) {
    memset(x, 0, sizeof(*x));
    judge_fixture_init(&x->f);
    x->f.contract.objectives = objectives;
    x->f.contract.objective_count = 1;
    x->severity = SEVERITY_MAJOR;
    x->step_at = AT;
    x->count = SCOPES;
    for (int i = 0; i < SCOPES; i++)
        x->scopes[i] = scope_site_queue(sites[i / QUEUES], queues[i % QUEUES]);
}

static struct episode_name name_of(const struct scope *scope) {
    return (struct episode_name){
        .kind = ALERT_OBJECTIVE_BREACH, .rule = SLICE("r"), .scope = scope};
}

static void judge(struct fixture *x, int i) {
    struct episode_name name = name_of(&x->scopes[i]);
    struct alert a;
    if (x->wanted[i] == x->fires[i])
        return;
    x->fires[i] = x->wanted[i];
    if (!x->wanted[i]) {
        assert_true(episode_find(&x->f.ctx, &name, &a));
        assert_true(episode_end(&x->f.ctx, &name, TRANSITION_RESOLVED, x->step_at, &a));
        return;
    }
    judge_alert_init(&x->f.ctx, name.kind, &x->scopes[i], &a);
    a.severity = x->severity;
    a.opened_at = a.condition_at = x->step_at;
    a.summary = SLICE("it is so");
    assert_true(episode_fire(&x->f.ctx, &name, &a));
}

static void settle(struct fixture *x) {
    struct roll_up_child children[ROOM];
    for (int i = 0; i < x->count; i++)
        children[i] = (struct roll_up_child){&x->scopes[i], !x->unjudged[i]};
    if (episode_book_is_unsettled(x->f.ctx.book))
        episode_roll_up(&x->f.ctx, ALERT_OBJECTIVE_BREACH, SLICE("r"), children, (size_t)x->count,
                        x->step_at);
    episode_book_release(&x->f.ctx);
}

/* One step; the place of what it says. */
static size_t step(struct fixture *x) {
    size_t from = x->f.count;
    x->step_at += STEP_MS;
    x->f.ctx.clock = x->f.ctx.now_at = x->step_at;
    episode_book_pass(&x->f.ctx, x->step_at);
    episode_book_hold(x->f.ctx.book);
    for (int i = 0; i < x->count; i++)
        judge(x, i);
    settle(x);
    return from;
}

static void want(struct fixture *x, int from, int until, bool fires) {
    for (int i = from; i < until; i++)
        x->wanted[i] = fires;
}

static bool is_page(const struct said *s) {
    return (s->a.transition == TRANSITION_FIRING || s->a.transition == TRANSITION_ESCALATED) &&
           s->a.severity > SEVERITY_INFO && s->suppressed_by[0] == '\0';
}

static size_t pages(const struct fixture *x, size_t from) {
    size_t count = 0;
    for (size_t i = from; i < x->f.count; i++)
        count += is_page(&x->f.said[i]);
    return count;
}

static void is(const struct fixture *x, size_t at, const char *site, const char *queue,
               enum transition transition) {
    assert_true(at < x->f.count);
    assert_string_equal(x->f.said[at].site, site);
    assert_string_equal(x->f.said[at].queue, queue);
    assert_int_equal(x->f.said[at].a.transition, transition);
}

static void end(struct fixture *x) {
    assert_int_equal(episode_book_open(x->f.ctx.book), 0);
    judge_fixture_deinit(&x->f);
}

static void queues_that_fail_at_once_are_one_alert_of_the_site(void **state) {
    struct fixture x;
    (void)state;
    begin(&x);
    want(&x, 0, 3, true);
    size_t at = step(&x);
    assert_int_equal(x.f.count, 1 + 3 * 2);
    is(&x, at, "s0", "", TRANSITION_FIRING);
    const struct said *site = &x.f.said[at];
    assert_int_equal(site->a.severity, SEVERITY_MAJOR);
    assert_int_equal(site->a.numerator, 3);
    assert_int_equal(site->a.denominator, 4);
    assert_int_equal(site->a.more, 3);
    assert_int_equal(site->a.contributor_count, 3);
    assert_int_equal(site->a.condition_at, x.step_at);
    assert_string_equal(site->summary, "\"r\" is missed in 3 of 4 queues of site s0: q0, q1, q2.");
    assert_string_equal(site->key, "acme|acme-support|r|objective_breach|site=s0||");
    for (size_t i = 0; i < 3; i++) {
        is(&x, at + 1 + 2 * i, "s0", queues[i], TRANSITION_FIRING);
        assert_int_equal(x.f.said[at + 1 + 2 * i].a.severity, SEVERITY_INFO);
        assert_string_equal(x.f.said[at + 1 + 2 * i].suppressed_by, site->id);
        is(&x, at + 2 + 2 * i, "s0", queues[i], TRANSITION_SUPPRESSED);
        assert_string_equal(x.f.said[at + 2 + 2 * i].suppressed_by, site->id);
    }
    assert_int_equal(pages(&x, 0), 1);
    judge_fixture_restart(&x.f);
    assert_int_equal(step(&x), x.f.count); /* nothing to say */
    want(&x, 3, 4, true);
    at = step(&x);
    is(&x, at, "s0", "", TRANSITION_UPDATED);
    assert_int_equal(x.f.said[at].a.numerator, 4);
    is(&x, at + 1, "s0", "q3", TRANSITION_FIRING);
    is(&x, at + 2, "s0", "q3", TRANSITION_SUPPRESSED);
    assert_int_equal(pages(&x, 0), 1);
    want(&x, 0, 4, false);
    at = step(&x);
    for (size_t i = 0; i < 4; i++)
        is(&x, at + i, "s0", queues[i], TRANSITION_RESOLVED);
    is(&x, at + 4, "s0", "", TRANSITION_RESOLVED);
    assert_int_equal(x.f.count, at + 5);
    end(&x);
}

/* Two are told, then the third makes it the site's. Half of what it takes leaves it standing; those
 * that are left come back, and who was not paged before is now. */
static void children_come_back_when_their_parent_is_over(void **state) {
    struct fixture x;
    (void)state;
    begin(&x);
    want(&x, 0, 2, true);
    step(&x);
    assert_int_equal(pages(&x, 0), 2);
    want(&x, 2, 4, true);
    size_t at = step(&x);
    is(&x, at, "s0", "", TRANSITION_FIRING);
    is(&x, at + 1, "s0", "q0", TRANSITION_SUPPRESSED);
    assert_int_equal(x.f.said[at + 1].a.severity, SEVERITY_MAJOR);
    is(&x, at + 2, "s0", "q1", TRANSITION_SUPPRESSED);
    is(&x, at + 3, "s0", "q2", TRANSITION_FIRING);
    assert_int_equal(pages(&x, 0), 3);
    want(&x, 0, 1, false);
    want(&x, 3, 4, false);
    at = step(&x);
    assert_int_equal(x.f.count, at + 3); /* two of three still: two ends and an update */
    judge_fixture_restart(&x.f);
    want(&x, 1, 2, false);
    at = step(&x);
    is(&x, at, "s0", "q1", TRANSITION_RESOLVED);
    is(&x, at + 1, "s0", "", TRANSITION_RESOLVED);
    is(&x, at + 2, "s0", "q2", TRANSITION_ESCALATED);
    assert_string_equal(x.f.said[at + 2].suppressed_by, "");
    assert_int_equal(x.f.said[at + 2].a.severity, SEVERITY_MAJOR);
    assert_int_equal(x.f.said[at + 2].a.tier, 0);
    assert_int_equal(pages(&x, at), 1);
    int64_t back_at = x.step_at;
    while (x.step_at < back_at + 15 * MINUTE_MS - STEP_MS)
        assert_int_equal(step(&x), x.f.count);
    at = step(&x); /* its tiers count from there */
    is(&x, at, "s0", "q2", TRANSITION_ESCALATED);
    assert_int_equal(x.f.said[at].a.tier, 1);
    want(&x, 2, 3, false);
    step(&x);
    end(&x);
}

static void who_was_told_before_comes_back_by_an_update(void **state) {
    struct fixture x;
    (void)state;
    begin(&x);
    want(&x, 0, 1, true);
    step(&x);
    want(&x, 1, 3, true);
    step(&x);
    want(&x, 1, 3, false);
    size_t at = step(&x);
    is(&x, x.f.count - 1, "s0", "q0", TRANSITION_UPDATED);
    assert_string_equal(x.f.said[x.f.count - 1].suppressed_by, "");
    assert_int_equal(x.f.said[x.f.count - 1].a.severity, SEVERITY_MAJOR);
    assert_int_equal(pages(&x, at), 0);
    want(&x, 0, 1, false);
    step(&x);
    end(&x);
}

/* Three of five sites: the tenant's, and the sites' alerts are its children. */
static void sites_that_fail_are_one_alert_of_the_tenant(void **state) {
    struct fixture x;
    (void)state;
    begin(&x);
    want(&x, 0, 3 * QUEUES, true);
    want(&x, 4 * QUEUES, 4 * QUEUES + 1, true); /* one queue of another site is told itself */
    size_t at = step(&x);
    is(&x, at, "", "", TRANSITION_FIRING);
    assert_string_equal(x.f.said[at].summary, "\"r\" is missed in 3 of 5 sites: s0, s1, s2.");
    assert_string_equal(x.f.said[at].key, "acme|acme-support|r|objective_breach|all||");
    for (size_t i = 0; i < 3; i++) {
        is(&x, at + 1 + 2 * i, sites[i], "", TRANSITION_FIRING);
        is(&x, at + 2 + 2 * i, sites[i], "", TRANSITION_SUPPRESSED);
        assert_string_equal(x.f.said[at + 2 + 2 * i].suppressed_by, x.f.said[at].id);
    }
    is(&x, at + 7, "s0", "q0", TRANSITION_FIRING);
    assert_string_equal(x.f.said[at + 7].suppressed_by, x.f.said[at + 1].id);
    assert_int_equal(pages(&x, 0), 2);
    judge_fixture_restart(&x.f);
    want(&x, QUEUES, 3 * QUEUES, false); /* one site is left: its alert comes back */
    at = step(&x);
    is(&x, x.f.count - 1, "s0", "", TRANSITION_ESCALATED);
    assert_int_equal(pages(&x, at), 1);
    want(&x, 0, SCOPES, false);
    step(&x);
    end(&x);
}

static void too_few_or_too_small_a_share_is_told_one_by_one(void **state) {
    struct fixture x;
    (void)state;
    begin(&x);
    want(&x, 0, 2, true);
    for (int i = 1; i < SITES; i++)
        want(&x, i * QUEUES, i * QUEUES + 1, true);
    step(&x);
    assert_int_equal(x.f.count, 2 + SITES - 1);
    assert_int_equal(pages(&x, 0), 2 + SITES - 1);
    x.f.contract.roll_up_share = 0.8;
    want(&x, 2, 3, true);
    step(&x);
    assert_int_equal(pages(&x, 0), 3 + SITES - 1);
    x.unjudged[3] = true; /* three of three then */
    episode_book_unsettle(x.f.ctx.book);
    size_t at = step(&x);
    is(&x, at, "s0", "", TRANSITION_FIRING);
    want(&x, 0, SCOPES, false);
    step(&x);
    end(&x);
}

/* Queues that fix no site are the tenant's; 7 of 25 are 28 %, in binary numbers too. */
static void queues_of_no_site_are_the_tenants(void **state) {
    char names[ROOM][2];
    struct fixture x;
    (void)state;
    begin(&x);
    x.f.contract.roll_up_share = 0.28;
    x.count = ROOM;
    for (int i = 0; i < ROOM; i++) {
        names[i][0] = (char)('a' + i);
        names[i][1] = '\0';
        x.scopes[i] = (struct scope){.mask = SCOPE_BIT(SCOPE_QUEUE)};
        x.scopes[i].values[SCOPE_QUEUE] = slice_of(names[i]);
    }
    want(&x, 0, 7, true);
    step(&x);
    assert_int_equal(pages(&x, 0), 1);
    want(&x, 7, 9, true);
    size_t at = step(&x);
    assert_string_equal(x.f.said[at].summary,
                        "\"r\" is missed in 9 of 25 queues: a, b, c, d, e, f, g, h and 1 more.");
    want(&x, 0, ROOM, false);
    step(&x);
    end(&x);
}

/* Without ground from the start, as late events show: VOIDED, and the children are told. */
static void late_events_void_a_parent(void **state) {
    struct fixture x;
    (void)state;
    begin(&x);
    want(&x, 0, 3, true);
    step(&x);
    want(&x, 3, 4, true);
    step(&x);
    struct episode_name joined = name_of(&x.scopes[3]), first = name_of(&x.scopes[0]);
    judge_fixture_restart(&x.f);
    assert_true(episode_end(&x.f.ctx, &joined, TRANSITION_VOIDED, x.step_at, NULL));
    x.fires[3] = x.wanted[3] = false;
    judge_fixture_restart(&x.f);
    size_t at = step(&x); /* it did not rest on that one */
    is(&x, at, "s0", "", TRANSITION_UPDATED);
    assert_int_equal(x.f.count, at + 1);
    assert_true(episode_end(&x.f.ctx, &first, TRANSITION_VOIDED, x.step_at, NULL));
    x.fires[0] = x.wanted[0] = false;
    at = step(&x);
    is(&x, at, "s0", "", TRANSITION_VOIDED);
    is(&x, at + 1, "s0", "q1", TRANSITION_ESCALATED);
    is(&x, at + 2, "s0", "q2", TRANSITION_ESCALATED);
    assert_int_equal(x.f.count, at + 3);
    want(&x, 0, SCOPES, false);
    step(&x);
    end(&x);
}

static void people_keep_their_say(void **state) {
    struct fixture x;
    (void)state;
    begin(&x);
    want(&x, 0, 3, true);
    size_t at = step(&x);
    struct command c = {.tenant = SLICE("acme"),
                        .command_id = SLICE("c"),
                        .op = COMMAND_ACK,
                        .alert_id = slice_of(x.f.said[at + 1].id),
                        .until_at = INSTANT_NONE,
                        .log_at = x.step_at};
    assert_int_equal(episode_command(&x.f.ctx, &c), COMMAND_RESULT_DONE);
    want(&x, 1, 3, false);
    at = step(&x);
    is(&x, x.f.count - 1, "s0", "q0", TRANSITION_UPDATED); /* somebody has it in hand */
    assert_int_equal(x.f.said[x.f.count - 1].a.severity, SEVERITY_MAJOR);
    assert_int_equal(pages(&x, at), 0);
    want(&x, 0, 1, false);
    step(&x);
    end(&x);
}

/* The gravest is said first, so that it gets the last page that there is. */
static void the_gravest_are_paged_first(void **state) {
    struct fixture x;
    (void)state;
    begin(&x);
    x.f.contract.pages_per_hour = 2;
    x.f.contract.roll_up_children = 100;
    want(&x, 0, 2, true);
    x.step_at += STEP_MS;
    x.f.ctx.clock = x.f.ctx.now_at = x.step_at;
    episode_book_hold(x.f.ctx.book);
    judge(&x, 0);
    judge(&x, 1);
    x.severity = SEVERITY_CRITICAL;
    want(&x, 2, 3, true);
    judge(&x, 2);
    settle(&x);
    is(&x, 0, "s0", "q2", TRANSITION_FIRING);
    assert_int_equal(x.f.said[0].a.severity, SEVERITY_CRITICAL);
    assert_int_equal(x.f.said[1].a.severity, SEVERITY_MAJOR);
    assert_int_equal(x.f.said[2].a.severity, SEVERITY_INFO);
    want(&x, 0, SCOPES, false);
    step(&x);
    end(&x);
}

/* What begins and ends at one step is said too, before its end. */
static void what_ends_at_its_own_step_is_said(void **state) {
    struct fixture x;
    (void)state;
    begin(&x);
    x.f.ctx.now_at = x.step_at;
    x.f.contract.pages_per_hour = 0;
    episode_book_hold(x.f.ctx.book);
    x.wanted[0] = true;
    judge(&x, 0);
    x.wanted[0] = false;
    judge(&x, 0);
    x.wanted[1] = true;
    judge(&x, 1);
    settle(&x);
    assert_int_equal(x.f.count, 3);
    is(&x, 0, "s0", "q0", TRANSITION_FIRING);
    is(&x, 1, "s0", "q0", TRANSITION_RESOLVED);
    assert_int_equal(x.f.said[1].a.severity, SEVERITY_INFO); /* as it was said */
    is(&x, 2, "s0", "q1", TRANSITION_FIRING);
    x.wanted[1] = false;
    step(&x);
    end(&x);
}

static void a_rule_that_is_gone_takes_its_parents_with_it(void **state) {
    struct fixture x;
    (void)state;
    begin(&x);
    want(&x, 0, SCOPES, true);
    step(&x);
    for (int i = 0; i < SCOPES; i++) {
        struct episode_name name = name_of(&x.scopes[i]);
        judge_drop(&x.f.ctx, &name, TRANSITION_VOIDED, x.step_at);
        episode_roll_up_drop(&x.f.ctx, ALERT_OBJECTIVE_BREACH, SLICE("r"), &x.scopes[i], x.step_at);
    }
    end(&x);
}

/* By what was said alone: of each scope whether it fires, and whose child it is. */
struct told {
    char id[64], parent[64];
    bool open;
};

static struct told *told_of(struct told told[SCOPES + SITES + 1], const struct said *s) {
    int site = s->site[0] ? s->site[1] - '0' : -1;
    int queue = s->queue[0] ? s->queue[1] - '0' : -1;
    if (site < 0)
        return &told[SCOPES + SITES];
    return queue < 0 ? &told[SCOPES + site] : &told[site * QUEUES + queue];
}

static void recount(const struct fixture *x, uint64_t seed) {
    struct told told[SCOPES + SITES + 1] = {0};
    for (size_t i = 0; i < x->f.count; i++) {
        const struct said *s = &x->f.said[i];
        struct told *t = told_of(told, s);
        t->open = !said_is_end(s->a.transition);
        memcpy(t->id, s->id, sizeof(t->id));
        memcpy(t->parent, s->suppressed_by, sizeof(t->parent));
    }
    const struct told *tenant = &told[SCOPES + SITES];
    int failing = 0;
    for (int i = 0; i < SITES; i++) {
        const struct told *site = &told[SCOPES + i];
        int firing = 0;
        for (int q = 0; q < QUEUES; q++) {
            const struct told *child = &told[i * QUEUES + q];
            REQUIRE(seed, child->open == x->fires[i * QUEUES + q]);
            firing += child->open;
            if (child->open)
                REQUIRE(seed, strcmp(child->parent, site->open ? site->id : "") == 0);
        }
        REQUIRE(seed, firing < 3 || site->open);
        REQUIRE(seed, 2 * firing >= 3 || !site->open);
        failing += site->open;
        if (site->open)
            REQUIRE(seed, strcmp(site->parent, tenant->open ? tenant->id : "") == 0);
    }
    REQUIRE(seed, failing < 3 || tenant->open);
    REQUIRE(seed, 2 * failing >= 3 || !tenant->open);
}

static void who_is_whose_child_is_so_at_every_step(void **state) {
    (void)state;
    for (uint64_t seed = property_first_seed(), n = 0; n < 30; n++, seed++) {
        struct fixture x;
        struct rng r;
        rng_init(&r, seed);
        begin(&x);
        x.f.contract.pages_per_hour = (int64_t)rng_below(&r, 40);
        for (int i = 0; i < 60; i++) {
            int site = (int)rng_below(&r, SITES);
            for (uint64_t k = rng_below(&r, 5); k > 0; k--)
                x.wanted[site * QUEUES + (int)rng_below(&r, QUEUES)] ^= true;
            if (rng_below(&r, 12) == 0)
                want(&x, 0, SCOPES, rng_below(&r, 2) == 0);
            step(&x);
            if (rng_below(&r, 4) == 0)
                judge_fixture_restart(&x.f);
            recount(&x, seed);
        }
        want(&x, 0, SCOPES, false);
        step(&x);
        REQUIRE(seed, episode_book_open(x.f.ctx.book) == 0);
        judge_fixture_deinit(&x.f);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(queues_that_fail_at_once_are_one_alert_of_the_site),
        cmocka_unit_test(children_come_back_when_their_parent_is_over),
        cmocka_unit_test(who_was_told_before_comes_back_by_an_update),
        cmocka_unit_test(sites_that_fail_are_one_alert_of_the_tenant),
        cmocka_unit_test(too_few_or_too_small_a_share_is_told_one_by_one),
        cmocka_unit_test(queues_of_no_site_are_the_tenants),
        cmocka_unit_test(late_events_void_a_parent),
        cmocka_unit_test(people_keep_their_say),
        cmocka_unit_test(the_gravest_are_paged_first),
        cmocka_unit_test(what_ends_at_its_own_step_is_said),
        cmocka_unit_test(a_rule_that_is_gone_takes_its_parents_with_it),
        cmocka_unit_test(who_is_whose_child_is_so_at_every_step),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
