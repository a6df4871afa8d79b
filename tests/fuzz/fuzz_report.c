/* Any bytes as a record of the tenant log; the checksum is made right, or nothing would be read. */
#include "fuzz.h"

#include "codec/report_codec.h"

static void check_ranges(const struct report *r) {
    for (size_t i = 0; i < r->row_count; i++) {
        const struct report_row *row = &r->rows[i];
        if (row->leaf >= r->leaf_count || row->first_count + row->count_count > r->count_count ||
            row->first_level + row->level_count > r->level_count ||
            row->first_sample + row->sample_count > r->sample_count)
            __builtin_trap();
    }
    for (size_t i = 0; i < r->fact_count; i++) {
        if (r->facts[i].leaf >= r->leaf_count || r->facts[i].kind >= FACT_KIND_COUNT)
            __builtin_trap();
    }
    for (size_t i = 0; i < r->gauge_count; i++) {
        if (r->gauges[i].leaf >= r->leaf_count)
            __builtin_trap();
    }
    for (size_t i = 0; i < r->journey_count; i++) {
        if (r->journeys[i].leaf >= r->leaf_count || r->journeys[i].member.part.journey == 0)
            __builtin_trap();
    }
    for (size_t i = 0; i < r->effort_count; i++) {
        if (r->efforts[i].leaf >= r->leaf_count)
            __builtin_trap();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct report_reader *reader;
    static struct buf record;
    if (!reader)
        reader = report_reader_new();
    buf_reset(&record);
    buf_put_u8(&record, REPORT_VERSION);
    buf_put(&record, data, size);
    buf_put_u64(&record, slice_hash(buf_slice(&record), REPORT_VERSION));
    struct report report;
    if (report_reader_read(reader, buf_slice(&record), &report, NULL))
        check_ranges(&report);
    return 0;
}
