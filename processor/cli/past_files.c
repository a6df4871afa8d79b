#include "cli/past_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/check.h"
#include "codec/event_file.h"

/* One file, and its next event. */
struct past_file {
    const char *path;
    struct slice bytes; /* mapped */
    struct event_file *events;
    struct event event;
    int64_t log_at;
};

struct past_files {
    struct past_files_options options;
    struct past_counts counts;
    struct past_file *files;
    size_t file_count;
    struct past_file **heap; /* those that have a next event, the earliest first */
    size_t heap_count;
    bool taken; /* the first one's event was handed out */
};

static bool map_file(struct past_file *f, struct err *err) {
    int fd = open(f->path, O_RDONLY | O_CLOEXEC);
    struct stat found;
    if (fd < 0)
        return err_set(err, "cannot be opened: %s", strerror(errno));
    bool right = fstat(fd, &found) == 0 && S_ISREG(found.st_mode);
    void *at = MAP_FAILED;
    if (right && found.st_size > 0)
        at = mmap(NULL, (size_t)found.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    close(fd);
    if (!right)
        return err_set(err, "is no file that can be mapped: pipes and folders cannot be read");
    if (at == MAP_FAILED)
        return err_set(err, "%s", found.st_size == 0 ? "is empty" : strerror(errno));
    madvise(at, (size_t)found.st_size, MADV_SEQUENTIAL);
    f->bytes = (struct slice){at, (size_t)found.st_size};
    return true;
}

static void note_refusal(struct past_files *p, const struct past_file *f,
                         enum dead_letter_reason reason, const struct err *why) {
    p->counts.refused[reason]++;
    if (*p->counts.first_refusal.text)
        return;
    p->counts.first_refusal = *why;
    (void)err_wrap(&p->counts.first_refusal, "%s, record %lld", f->path,
                   (long long)event_file_count(f->events));
}

static bool is_wanted(struct past_files *p, const struct past_file *f) {
    if (f->log_at > p->options.latest_at) {
        struct err why;
        char text[32];
        instant_format(f->log_at, text);
        (void)err_set(&why, "its time is %s, which is yet to come", text);
        note_refusal(p, f, DEAD_FUTURE, &why);
        return false;
    }
    bool inside = f->log_at >= p->options.from_at && f->log_at < p->options.to_at;
    p->counts.outside += !inside;
    return inside;
}

/* To the file's next event; END when it has none, FAILED when it is torn. */
static enum past_result advance(struct past_files *p, struct past_file *f, struct event *event,
                                struct err *err) {
    struct event_file_fault fault;
    for (;;) {
        switch (event_file_next(f->events, event, &f->log_at, &fault)) {
        case EVENT_FILE_EVENT:
            if (is_wanted(p, f))
                return PAST_EVENT;
            break;
        case EVENT_FILE_REJECT: note_refusal(p, f, fault.reason, &fault.detail); break;
        case EVENT_FILE_END: return PAST_END;
        case EVENT_FILE_TORN:
            (void)err_set(err, "%s: %s", f->path, fault.detail.text);
            return PAST_FAILED;
        }
    }
}

/* Of two of one time the file that was named first. */
static bool is_before(const struct past_file *a, const struct past_file *b) {
    return a->log_at != b->log_at ? a->log_at < b->log_at : a < b;
}

static void sift_down(struct past_files *p, size_t at) {
    struct past_file *moved = p->heap[at];
    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= p->heap_count)
            break;
        if (child + 1 < p->heap_count && is_before(p->heap[child + 1], p->heap[child]))
            child++;
        if (!is_before(p->heap[child], moved))
            break;
        p->heap[at] = p->heap[child];
        at = child;
    }
    p->heap[at] = moved;
}

static bool open_file(struct past_files *p, struct past_file *f, struct err *err) {
    if (!map_file(f, err) || !(f->events = event_file_new(f->bytes, err)))
        return err_wrap(err, "%s", f->path);
    switch (advance(p, f, &f->event, err)) {
    case PAST_EVENT: p->heap[p->heap_count++] = f; break;
    case PAST_END: break;
    case PAST_FAILED: return false;
    }
    return true;
}

static void close_files(void *self) {
    struct past_files *p = self;
    for (size_t i = 0; i < p->file_count; i++) {
        event_file_free(p->files[i].events);
        if (p->files[i].bytes.at)
            munmap((void *)(uintptr_t)p->files[i].bytes.at, p->files[i].bytes.size);
    }
    free(p->files);
    free(p->heap);
    free(p);
}

/* Of the only file that is left, whose last event was taken: nothing is kept for comparison. */
static enum past_result next_of_one(struct past_files *p, struct event *event, int64_t *log_at,
                                    struct err *err) {
    enum past_result found = advance(p, p->heap[0], event, err);
    *log_at = p->heap[0]->log_at;
    p->counts.events += found == PAST_EVENT;
    p->heap_count -= found == PAST_END;
    p->taken = found != PAST_END;
    return found;
}

static enum past_result next(struct past_files *p, struct event *event, int64_t *log_at,
                             struct err *err) {
    if (p->taken && p->heap_count == 1)
        return next_of_one(p, event, log_at, err);
    if (p->taken) {
        enum past_result found = advance(p, p->heap[0], &p->heap[0]->event, err);
        if (found == PAST_FAILED)
            return found;
        if (found == PAST_END)
            p->heap[0] = p->heap[--p->heap_count];
        if (p->heap_count > 1)
            sift_down(p, 0);
    }
    p->taken = p->heap_count > 0;
    if (!p->taken)
        return PAST_END;
    *event = p->heap[0]->event;
    *log_at = p->heap[0]->log_at;
    p->counts.events++;
    return PAST_EVENT;
}

static enum past_result take(void *self, struct event *events, int64_t *log_ats, size_t most,
                             size_t *count, struct err *err) {
    enum past_result found = PAST_EVENT;
    size_t taken = 0;
    while (taken < most && found == PAST_EVENT) {
        found = next(self, &events[taken], &log_ats[taken], err);
        taken += found == PAST_EVENT;
    }
    *count = taken;
    return found;
}

static const struct past_counts *counts_of(void *self) {
    return &((struct past_files *)self)->counts;
}

static bool are_plain(const struct past_files *p) {
    bool plain = true;
    for (size_t i = 0; i < p->file_count; i++)
        plain = plain && event_file_is_plain(p->files[i].events);
    return plain;
}

bool past_files_open(const struct past_files_options *options, struct past_source *source,
                     struct err *err) {
    struct past_files *p = calloc(1, sizeof(*p));
    CHECK(p);
    p->options = *options;
    p->file_count = options->count;
    p->files = calloc(options->count + 1, sizeof(*p->files));
    p->heap = calloc(options->count + 1, sizeof(struct past_file *));
    CHECK(p->files && p->heap);
    for (size_t i = 0; i < p->file_count; i++) {
        p->files[i].path = options->paths[i];
        if (!open_file(p, &p->files[i], err)) {
            close_files(p);
            return false;
        }
    }
    for (size_t i = p->heap_count / 2; i-- > 0;)
        sift_down(p, i);
    *source = (struct past_source){p, are_plain(p), take, counts_of, close_files};
    return true;
}
