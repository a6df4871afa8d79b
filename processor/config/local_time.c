#include "config/local_time.h"

#include <stdio.h>
#include <string.h>

/* "2026-11-27T17:30" or with seconds. */
static bool is_local(struct slice text) {
    static const char form[] = "0000-00-00T00:00:00";
    if (text.size != 16 && text.size != 19)
        return false;
    for (size_t i = 0; i < text.size; i++) {
        bool digit = text.at[i] >= '0' && text.at[i] <= '9';
        if (form[i] == '0' ? !digit : text.at[i] != form[i])
            return false;
    }
    return true;
}

bool local_time_parse(struct slice text, const struct zone *z, int64_t *at, struct err *err) {
    char utc[32];
    if (!is_local(text))
        return instant_parse(text, at, err);
    snprintf(utc, sizeof(utc), SLICE_FMT "%sZ", SLICE_ARG(text), text.size == 16 ? ":00" : "");
    if (!instant_parse(slice_of(utc), at, err))
        return false;
    *at = zone_instant(z, *at, false);
    return true;
}

void local_time_format(int64_t at, const struct zone *z, char text[32]) {
    instant_format(at + zone_offset_ms(z, at), text);
    size_t size = strlen(text);
    if (at % SECOND_MS != 0)
        text[size - 1] = '\0';
    else
        text[at % MINUTE_MS != 0 ? size - 5 : size - 8] = '\0';
}
