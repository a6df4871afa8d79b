#include "codec/text_fraction.h"

#include <math.h>

#include "base/check.h"

#define DIGITS_LEAST 15
#define DIGITS_MOST 17   /* as many name every double */
#define LEAST 0.001      /* below it the numbers here would need more than 128 bits */
#define EXPONENT_MOST 14 /* above it %g writes an exponent */
#define MANTISSA_BITS 52

__extension__ typedef unsigned __int128 wide;

static const uint64_t power_of_ten[] = {UINT64_C(1),
                                        UINT64_C(10),
                                        UINT64_C(100),
                                        UINT64_C(1000),
                                        UINT64_C(10000),
                                        UINT64_C(100000),
                                        UINT64_C(1000000),
                                        UINT64_C(10000000),
                                        UINT64_C(100000000),
                                        UINT64_C(1000000000),
                                        UINT64_C(10000000000),
                                        UINT64_C(100000000000),
                                        UINT64_C(1000000000000),
                                        UINT64_C(10000000000000),
                                        UINT64_C(100000000000000),
                                        UINT64_C(1000000000000000),
                                        UINT64_C(10000000000000000),
                                        UINT64_C(100000000000000000),
                                        UINT64_C(1000000000000000000),
                                        UINT64_C(10000000000000000000)};

/* A double of this range is mantissa / 2^shift. Times 10^scale it has DIGITS_MOST digits
 * before the point: there it is scaled / 2^shift. */
struct exact {
    unsigned shift;
    int exponent;   /* of ten: of its first digit */
    uint64_t scale; /* a power of ten */
    wide scaled;
};

/* None of these doubles is below the power that it stands for: so a double is at least the one just
 * when it is at least the other. */
static int exponent_of(double value) {
    if (value < 1)
        return value >= 0.1 ? -1 : value >= 0.01 ? -2 : -3;
    int exponent = 0;
    while (value >= (double)power_of_ten[exponent + 1])
        exponent++;
    return exponent;
}

static void take_apart(double value, struct exact *x) {
    uint64_t bits;
    memcpy(&bits, &value, sizeof(bits));
    uint64_t hidden = UINT64_C(1) << MANTISSA_BITS;
    x->shift = 1023 + MANTISSA_BITS - (unsigned)(bits >> MANTISSA_BITS);
    x->exponent = exponent_of(value);
    x->scale = power_of_ten[DIGITS_MOST - 1 - x->exponent];
    x->scaled = (wide)((bits & (hidden - 1)) | hidden) * x->scale;
}

/* Its first digits, as many, rounded to the nearest number of them, a tie to the even one. */
static uint64_t rounded(const struct exact *x, uint64_t unit) {
    uint64_t whole = (uint64_t)(x->scaled >> x->shift);
    wide below = x->scaled - ((wide)whole << x->shift);
    uint64_t digits = whole / unit;
    wide twice = 2 * (((wide)(whole % unit) << x->shift) + below);
    wide one = (wide)unit << x->shift;
    return digits + (twice > one || (twice == one && digits % 2));
}

/* Whether these digits read back as the same double: they are nearer to it than half way to its
 * neighbours. Nothing of so few digits is just half way, and powers of two, whose neighbour below
 * is nearer, are exact here. */
static bool reads_back(const struct exact *x, uint64_t digits, uint64_t unit) {
    wide said = (wide)(digits * unit) << x->shift;
    wide off = said < x->scaled ? x->scaled - said : said - x->scaled;
    return 2 * off < x->scale;
}

static void put_digits(struct buf *b, uint64_t digits, int exponent) {
    char text[DIGITS_MOST];
    size_t count = 0, whole = exponent < 0 ? 0 : (size_t)exponent + 1;
    while (digits % 10 == 0)
        digits /= 10;
    for (; digits; digits /= 10)
        text[DIGITS_MOST - ++count] = (char)('0' + digits % 10);
    const char *at = text + DIGITS_MOST - count;
    CHECK(count > whole); /* it is no integer */
    if (whole > 0)
        buf_put(b, at, whole);
    else
        buf_put_u8(b, '0');
    buf_put_u8(b, '.');
    buf_put(b, "00", exponent < 0 ? (size_t)(-exponent - 1) : 0);
    buf_put(b, at + whole, count - whole);
}

bool text_put_fraction(struct buf *b, double value) {
    struct exact x;
    double size = fabs(value);
    if (!(size >= LEAST && size < (double)power_of_ten[EXPONENT_MOST + 1]))
        return false;
    take_apart(size, &x);
    uint64_t digits = 0;
    for (int count = DIGITS_LEAST; count <= DIGITS_MOST; count++) {
        uint64_t unit = power_of_ten[DIGITS_MOST - count];
        digits = rounded(&x, unit);
        if (reads_back(&x, digits, unit))
            break;
    }
    if (value < 0)
        buf_put_u8(b, '-');
    put_digits(b, digits, x.exponent);
    return true;
}
