#include "tasks/tenant_audit.h"

#include <inttypes.h>
#include <stdio.h>

#include "core/contract_diff.h"

#define SEED_HIGH UINT64_C(0x6175646974206869)
#define SEED_LOW UINT64_C(0x6175646974206c6f)

static struct slice last_hash(const struct tenant *tenant) {
    return (struct slice){tenant->audit_hash, tenant->audit_seq > 0 ? TENANT_AUDIT_HASH : 0};
}

/* Over everything that the record says, and the hash of the one before it. */
static void make_hash(const struct audit *a, char hash[TENANT_AUDIT_HASH + 1]) {
    struct buf b;
    buf_init(&b);
    buf_put_slice(&b, a->tenant);
    buf_put_slice(&b, a->prev_hash);
    buf_put_zigzag(&b, a->seq);
    buf_put_zigzag(&b, a->at);
    buf_put_slice(&b, a->actor);
    buf_put_slice(&b, a->action);
    buf_put_slice(&b, a->object);
    buf_put_zigzag(&b, a->contract_version);
    buf_put_slice(&b, a->inputs_digest);
    buf_put_slice(&b, a->detail);
    snprintf(hash, TENANT_AUDIT_HASH + 1, "%016" PRIx64 "%016" PRIx64,
             slice_hash(buf_slice(&b), SEED_HIGH), slice_hash(buf_slice(&b), SEED_LOW));
    buf_deinit(&b);
}

static void put_scheduled(struct buf *b, const struct contract *now) {
    buf_put_format(b, "what follows " SLICE_FMT " version %" PRId32 " changed",
                   SLICE_ARG(now->name), now->version);
    for (const struct contract *next = now->next; next; next = next->next) {
        char from[32];
        instant_format(next->effective_at, from);
        buf_put_format(b, ", version %" PRId32 " from %s", next->version, from);
    }
    if (!now->next)
        buf_put_format(b, ", nothing does now");
}

void tenant_audit_say(struct tenant_task *t, struct tenant *tenant, const struct audit *what) {
    char prev[TENANT_AUDIT_HASH + 1];
    struct audit a = *what;
    memcpy(prev, tenant->audit_hash, sizeof(prev));
    a.prev_hash = (struct slice){prev, last_hash(tenant).size};
    a.seq = ++tenant->audit_seq;
    make_hash(&a, tenant->audit_hash);
    a.hash = last_hash(tenant);
    if (t->out->audit)
        t->out->audit(t->out->context, &a);
}

void tenant_audit_change(struct tenant_task *t, struct tenant *tenant, const struct contract *was,
                         struct slice actor, int64_t at) {
    const struct contract *now = tenant->contract;
    bool changed = !contract_same(was, now);
    char digest[17];
    struct buf detail;
    buf_init(&detail);
    if (changed)
        contract_diff(was, now, &detail);
    else
        put_scheduled(&detail, now);
    snprintf(digest, sizeof(digest), "%016" PRIx64, now->identity);
    struct audit a = {.tenant = tenant->name,
                      .at = at,
                      .actor = actor,
                      .action = changed ? SLICE("contract_changed") : SLICE("contract_scheduled"),
                      .object = now->name,
                      .contract_version = now->version,
                      .inputs_digest = slice_of(digest),
                      .detail = buf_slice(&detail)};
    tenant_audit_say(t, tenant, &a);
    buf_deinit(&detail);
}

void tenant_audit_save(const struct tenant *tenant, struct buf *b) {
    buf_put_zigzag(b, tenant->audit_seq);
    buf_put_slice(b, last_hash(tenant));
}

void tenant_audit_load(struct tenant *tenant, struct cursor *c) {
    tenant->audit_seq = cursor_zigzag(c);
    struct slice hash = cursor_slice(c);
    if (tenant->audit_seq < 0 || hash.size != (tenant->audit_seq > 0 ? TENANT_AUDIT_HASH : 0))
        cursor_fail(c);
    else if (hash.size > 0)
        memcpy(tenant->audit_hash, hash.at, hash.size);
}
