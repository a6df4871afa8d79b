#include "core/objective_words.h"

#include "core/objective_window.h"

double objective_value(const struct figure *f) {
    if (f->denominator != ALERT_LONG_NONE && f->numerator != ALERT_LONG_NONE && f->denominator > 0)
        return (double)f->numerator / (double)f->denominator;
    return f->value;
}

void objective_put_subject(struct buf *b, const struct objective_sentence *s) {
    summary_text(b, summary_metric(s->objective->metric));
    summary_text(b, s->objective->attribution == BY_ARRIVAL ? " by arrival of " : " of ");
    summary_scope(b, s->scope);
}

void objective_put_window(struct buf *b, unsigned window) {
    if (!objective_window_is_period(window))
        buf_put_format(b, " over %s", objective_window_name(window));
    else if (objective_window_period(window) == PERIOD_DAY)
        summary_text(b, " today");
    else
        buf_put_format(b, " this %s", objective_window_name(window));
}

void objective_put_figure(struct buf *b, const struct objective_sentence *s, double beside) {
    const struct figure *f = s->figure;
    enum unit unit = metric_unit(s->objective->metric);
    summary_beside(b, objective_value(f), beside, unit);
    if (unit == UNIT_RATIO && f->denominator != ALERT_LONG_NONE) {
        summary_text(b, " (");
        summary_count(b, f->numerator);
        summary_text(b, " of ");
        summary_count(b, f->denominator);
        if (s->objective->within_ms > 0) {
            summary_text(b, " within ");
            summary_duration(b, s->objective->within_ms);
        }
        summary_text(b, ")");
    } else if (f->sample != ALERT_LONG_NONE) {
        summary_text(b, " (of ");
        summary_count(b, f->sample);
        summary_text(b, ")");
    }
}

void objective_put_over(struct buf *b, const struct objective_sentence *s) {
    unsigned window = s->objective->window;
    objective_put_subject(b, s);
    summary_text(b, " was ");
    objective_put_figure(b, s, s->objective->target);
    objective_put_window(b, window);
    summary_text(b, s->objective->at_least ? "; at least " : "; at most ");
    summary_value(b, s->objective->target, metric_unit(s->objective->metric));
    bool day = objective_window_period(window) == PERIOD_DAY;
    buf_put_format(b, " is agreed, and the %s is over.",
                   day ? "day" : objective_window_name(window));
}
