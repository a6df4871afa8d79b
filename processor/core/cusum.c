#include "core/cusum.h"

#include <math.h>

#include "base/check.h"

double cusum_step(double s, double count, double reference) {
    return fmax(0, s + count - reference);
}

struct cusum cusum_of(double usual, double raised, double size) {
    CHECK(usual > 0 && raised > usual && size > 0);
    if (isinf(size))
        return (struct cusum){(raised - usual) / log(raised / usual), log(raised / usual)};
    double more = log1p((raised - usual) /
                        (size + usual)); /* log((size + raised)/(size + usual)) */
    double slope = log(raised / usual) - more;
    return (struct cusum){size * more / slope, slope};
}
