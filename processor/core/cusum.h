/* Small lasting rises: the cumulated sum of what speaks for a raised rate (Page 1954). */
#pragma once

/* One interval with `count` arrivals against the reference k: S = max(0, S + count - k). */
double cusum_step(double s, double count, double reference);

/* The best test of a raised mean against the usual one, both negative binomial of this size: the
 * log likelihood ratio of a count is slope * (count - reference). 0 < usual < raised. For Poisson
 * counts the reference is (raised - usual) / log(raised / usual). */
struct cusum {
    double reference, slope;
};

struct cusum cusum_of(double usual, double raised, double size);
