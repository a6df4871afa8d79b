#include "truth.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

enum { WITHIN_MS = 20000 };

#define NAME(name) #name,
static const char *const priorities[] = {EVENT_PRIORITIES(NAME)};

bool truth_open(struct truth *truth, const char *path, bool totals_only,
                const struct id_maker *ids) {
    memset(truth, 0, sizeof(*truth));
    truth->ids = ids;
    truth->each_line = path != NULL && !totals_only;
    if (path == NULL)
        return true;
    truth->file = fopen(path, "w");
    if (truth->file == NULL)
        perror(path);
    return truth->file != NULL;
}

bool truth_close(struct truth *truth) {
    bool good = truth->file == NULL || !ferror(truth->file);

    if (truth->file != NULL && fclose(truth->file) != 0)
        good = false;
    truth->file = NULL;
    return good;
}

static void begin(struct truth *truth, const char *kind, const struct truth_who *who) {
    const struct queue *queue = who->queue;
    char id[ID_BYTES];

    id_put(truth->ids, who->contact, id);
    fprintf(truth->file,
            "{\"kind\":\"%s\",\"tenant\":\"%s\",\"vendor\":\"%s\",\"site\":\"%s\",\"queue\":\"%s\","
            "\"channel\":\"%s\",\"priority\":\"%s\",\"interaction_id\":\"%s\"",
            kind, queue->site->tenant, queue->site->vendor, queue->site->name, queue->name,
            options_channel_name(queue->channel), priorities[who->priority], id);
}

static void instant(struct truth *truth, const char *name, int64_t at) {
    if (at < 0)
        fprintf(truth->file, ",\"%s\":null", name);
    else
        fprintf(truth->file, ",\"%s\":%" PRId64, name, at);
}

static void count_visit(struct truth_totals *totals, int64_t wait_ms, const char *how) {
    totals->offered++;
    if (strcmp(how, "answered") == 0) {
        totals->answered++;
        totals->answered_20s += wait_ms <= WITHIN_MS;
        totals->wait_ms += (uint64_t)wait_ms;
    }
    totals->abandoned += strcmp(how, "abandoned") == 0;
    totals->flowed_out += strcmp(how, "flow_out") == 0;
    totals->callbacks += strcmp(how, "callback") == 0;
}

void truth_visit(struct truth *truth, const struct truth_who *who, int64_t queued_at,
                 int64_t ended_at, const char *how) {
    count_visit(&truth->totals, ended_at - queued_at, how);
    if (!truth->each_line)
        return;
    begin(truth, "visit", who);
    instant(truth, "queued_at", queued_at);
    instant(truth, "ended_at", ended_at);
    instant(truth, "wait_ms", ended_at < 0 ? -1 : ended_at - queued_at);
    fprintf(truth->file, ",\"how\":\"%s\"}\n", how);
}

void truth_leg(struct truth *truth, const struct truth_who *who, int64_t answered_at,
               int64_t ended_at, const char *how, int64_t hold_ms, int64_t wrap_ms) {
    if (ended_at >= 0) {
        truth->totals.handled++;
        truth->totals.handle_ms += (uint64_t)(ended_at - answered_at);
    }
    if (!truth->each_line)
        return;
    begin(truth, "leg", who);
    instant(truth, "answered_at", answered_at);
    instant(truth, "ended_at", ended_at);
    instant(truth, "talk_ms", ended_at < 0 ? -1 : ended_at - answered_at - hold_ms - wrap_ms);
    instant(truth, "hold_ms", hold_ms);
    instant(truth, "wrap_ms", wrap_ms);
    fprintf(truth->file, ",\"how\":\"%s\"}\n", how);
}

void truth_interaction(struct truth *truth, const struct truth_who *who,
                       const struct truth_interaction *what) {
    truth->totals.interactions++;
    truth->totals.resolved += what->resolved_at >= 0 ? 1 + what->reopened : what->reopened;
    truth->totals.reopened += what->reopened;
    if (!truth->each_line)
        return;
    begin(truth, "interaction", who);
    instant(truth, "created_at", what->created_at);
    instant(truth, "first_reply_at", what->first_reply_at);
    instant(truth, "resolved_at", what->resolved_at);
    instant(truth, "ended_at", what->ended_at);
    fprintf(truth->file,
            ",\"events\":%u,\"duplicates\":%u,\"late\":%u,\"lost\":%u,\"reopened\":%u}\n",
            what->events, what->duplicates, what->late, what->lost, what->reopened);
}

void truth_total(struct truth *truth, const char *bad) {
    const struct truth_totals *t = &truth->totals;

    if (truth->file == NULL)
        return;
    fprintf(truth->file,
            "{\"kind\":\"total\",\"events\":%" PRIu64 ",\"duplicates\":%" PRIu64
            ",\"late\":%" PRIu64 ",\"lost\":%" PRIu64 ",\"interactions\":%" PRIu64
            ",\"offered\":%" PRIu64 ",\"answered\":%" PRIu64 ",\"answered_20s\":%" PRIu64
            ",\"abandoned\":%" PRIu64 ",\"flowed_out\":%" PRIu64 ",\"callbacks\":%" PRIu64
            ",\"handled\":%" PRIu64 ",\"wait_ms\":%" PRIu64 ",\"handle_ms\":%" PRIu64
            ",\"resolved\":%" PRIu64 ",\"reopened\":%" PRIu64 ",\"last_at\":%" PRId64
            ",\"bad\":%s}\n",
            t->events, t->duplicates, t->late, t->lost, t->interactions, t->offered, t->answered,
            t->answered_20s, t->abandoned, t->flowed_out, t->callbacks, t->handled, t->wait_ms,
            t->handle_ms, t->resolved, t->reopened, t->last_at, bad);
}
