/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/units.h"

#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define RATE_MAX_BPS 1e15
#define TIME_MAX_S 1e9
#define LENGTH_MAX_M 1e6
#define POWER_MAX_W 1e12
#define WORK_MAX_FLOP 1e21
#define SPEED_MAX_FLOPS 1e18
#define SIZE_MAX_BYTES (UINT64_C(1) << 60)

enum { NUMBER_MAX = 100, EXPONENT_MAX = 9999 };

/* A number as written: mantissa x 10^exponent. */
struct number {
    bool is_negative;
    char mantissa[NUMBER_MAX + 1]; /* digits, perhaps with a point */
    int exponent;
    const char *rest; /* what follows it and white space: the unit */
};

/* What one unit is worth: 10^decimal x 2^binary x times of the base unit. Kept apart, because the
 * first goes into the decimal text before it is rounded and the second does not round at all. */
struct unit {
    const char *name;
    int decimal, binary, times;
};

static const struct unit rate_units[] = {
    {"b/s", 0, -3, 1},
    {"kb/s", 3, -3, 1},
    {"Mb/s", 6, -3, 1},
    {"Gb/s", 9, -3, 1},
    {"Tb/s", 12, -3, 1},
    {"Kib/s", 0, 7, 1},
    {"Mib/s", 0, 17, 1},
    {"Gib/s", 0, 27, 1},
    {"Tib/s", 0, 37, 1},
    {"B/s", 0, 0, 1},
    {"kB/s", 3, 0, 1},
    {"MB/s", 6, 0, 1},
    {"GB/s", 9, 0, 1},
    {"TB/s", 12, 0, 1},
    {"KiB/s", 0, 10, 1},
    {"MiB/s", 0, 20, 1},
    {"GiB/s", 0, 30, 1},
    {"TiB/s", 0, 40, 1},
    {0},
};
static const struct unit size_units[] = {
    {"B", 0, 0, 1},    {"kB", 3, 0, 1},   {"MB", 6, 0, 1},   {"GB", 9, 0, 1},
    {"TB", 12, 0, 1},  {"PB", 15, 0, 1},  {"KiB", 0, 10, 1}, {"MiB", 0, 20, 1},
    {"GiB", 0, 30, 1}, {"TiB", 0, 40, 1}, {"PiB", 0, 50, 1}, {0},
};
static const struct unit time_units[] = {
    {"ns", -9, 0, 1},        {"us", -6, 0, 1}, {"\xc2\xb5s", -6, 0, 1}, /* U+00B5, micro sign */
    {"\xce\xbcs", -6, 0, 1}, /* U+03BC, the Greek letter */
    {"ms", -3, 0, 1},        {"s", 0, 0, 1},   {"min", 0, 0, 60},       {"h", 0, 0, 3600}, {0},
};
static const struct unit length_units[] = {
    {"mm", -3, 0, 1}, {"cm", -2, 0, 1}, {"m", 0, 0, 1}, {"km", 3, 0, 1}, {0},
};
static const struct unit power_units[] = {
    {"mW", -3, 0, 1}, {"W", 0, 0, 1}, {"kW", 3, 0, 1}, {"MW", 6, 0, 1}, {0},
};
static const struct unit work_units[] = {
    {"FLOP", 0, 0, 1},   {"MFLOP", 6, 0, 1},  {"GFLOP", 9, 0, 1},
    {"TFLOP", 12, 0, 1}, {"PFLOP", 15, 0, 1}, {0},
};
static const struct unit speed_units[] = {
    {"GFLOP/s", 9, 0, 1},
    {"TFLOP/s", 12, 0, 1},
    {"PFLOP/s", 15, 0, 1},
    {0},
};
static const struct unit no_units[] = {{"", 0, 0, 1}, {0}};

/* A unit that people write and csin refuses, because readers differ on what it means or because one
 * spelling is enough. */
struct habit {
    const char *unit, *remedy;
};

static const struct habit rate_habits[] = {
    {"bps", "write b/s"},
    {"kbps", "write kb/s for bits or kB/s for bytes per second"},
    {"Kbps", "write kb/s for bits or kB/s for bytes per second"},
    {"mbps", "write Mb/s for bits or MB/s for bytes per second"},
    {"Mbps", "write Mb/s"},
    {"Mbit/s", "write Mb/s"},
    {"gbps", "write Gb/s for bits or GB/s for bytes per second"},
    {"Gbps", "write Gb/s"},
    {"Gbit/s", "write Gb/s"},
    {"Tbps", "write Tb/s"},
    {"Tbit/s", "write Tb/s"},
    {"Bps", "write B/s"},
    {"MBps", "write MB/s"},
    {"GBps", "write GB/s"},
    {"TBps", "write TB/s"},
    {"Kb/s", "write kb/s (1000 bits) or Kib/s (1024 bits)"},
    {"KB/s", "write kB/s (1000 bytes) or KiB/s (1024 bytes)"},
    {0},
};
static const struct habit size_habits[] = {
    {"KB", "write kB (1000 bytes) or KiB (1024 bytes)"},
    {"K", "write kB (1000 bytes) or KiB (1024 bytes)"},
    {"k", "write kB (1000 bytes) or KiB (1024 bytes)"},
    {"M", "write MB (10^6 bytes) or MiB (2^20 bytes)"},
    {"G", "write GB (10^9 bytes) or GiB (2^30 bytes)"},
    {"T", "write TB (10^12 bytes) or TiB (2^40 bytes)"},
    {"Mb", "a size is in bytes: write MB or MiB"},
    {"Gb", "a size is in bytes: write GB or GiB"},
    {0},
};
static const struct habit time_habits[] = {
    {"m", "write ms or min"},  {"sec", "write s"},
    {"msec", "write ms"},      {"usec", "write us"},
    {"nsec", "write ns"},      {"hours", "write h"},
    {"hour", "write h"},       {"minutes", "write min"},
    {"d", "write hours: 24h"}, {0},
};
static const struct habit length_habits[] = {
    {"U", "write the height in mm: a rack unit is 44.45mm"},
    {"ft", "write metres: a foot is 0.3048m"},
    {"M", "write m"},
    {0},
};
static const struct habit power_habits[] = {
    {"w", "write W"},   {"watts", "write W"}, {"kw", "write kW"},
    {"KW", "write kW"}, {"VA", "write W"},    {0},
};
static const struct habit work_habits[] = {
    {"GFLOPs", "write GFLOP"},
    {"TFLOPs", "write TFLOP"},
    {"GFLOPS", "write GFLOP for work; FLOPS is a speed"},
    {"GMAC", "write GFLOP: a multiplication and an addition are 2 FLOP"},
    {"MMAC", "write MFLOP: a multiplication and an addition are 2 FLOP"},
    {0},
};
static const struct habit speed_habits[] = {
    {"TFLOPS", "write TFLOP/s"},
    {"TFLOPs", "write TFLOP/s"},
    {"TFLOP", "write TFLOP/s"},
    {"PFLOPS", "write PFLOP/s"},
    {"GFLOPS", "write GFLOP/s"},
    {"T", "write TFLOP/s"},
    {0},
};
static const struct habit no_habits[] = {{0}};

/* A kind of quantity, and how to speak of it. */
struct kind {
    const struct unit *units;
    const struct habit *habits;
    unsigned code;
    const char *is_not, *remedy;
};

#define KIND(units, habits, code, is_not, remedy)                                                  \
    {                                                                                              \
        units, habits, code, is_not, remedy                                                        \
    }

static const struct kind rate_kind = KIND(rate_units, rate_habits, 112, "a bandwidth",
                                          "write a unit, such as 400Gb/s or 50GB/s");
static const struct kind size_kind = KIND(size_units, size_habits, 111, "a size",
                                          "write a unit, such as 4096B, 1.5GB or 186MiB");
static const struct kind time_kind = KIND(
    time_units, time_habits, 113, "a time",
    "write a unit, such as 130ns, 2.8us, 5ms, 1.5s, 10min or 2h");
static const struct kind length_kind = KIND(length_units, length_habits, 690, "a length",
                                            "write a unit, such as 600mm or 2.5m");
static const struct kind power_kind = KIND(power_units, power_habits, 691, "a power",
                                           "write a unit, such as 404W or 2.5kW");
static const struct kind work_kind = KIND(work_units, work_habits, 900, "an amount of work",
                                          "write a unit, such as 15.5GFLOP");
static const struct kind speed_kind = KIND(speed_units, speed_habits, 901, "a computing speed",
                                           "write a unit, such as 312TFLOP/s");
static const struct kind count_kind = KIND(no_units, no_habits, 110, "a whole number",
                                           "write digits alone, such as 40");
static const struct kind ratio_kind = KIND(no_units, no_habits, 114, "a number",
                                           "write a plain decimal, such as 2.5");

/* Asking glibc or musl for "C" allocates nothing and cannot fail, so this costs nothing to repeat.
 */
static double to_double(const char *decimal)
{
    locale_t c = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    double x = strtod_l(decimal, NULL, c);
    freelocale(c);
    return x;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static const char *skip_digits(const char *s)
{
    while (is_digit(*s))
        s++;
    return s;
}

/* Reads [e [+ or -] digits], if it is there: the e of a unit is none. */
static const char *scan_exponent(const char *s, int *ret)
{
    const char *digits = s + 1;
    bool is_negative = false;
    *ret = 0;
    if (*s != 'e' && *s != 'E')
        return s;
    if (*digits == '+' || *digits == '-')
        is_negative = *digits++ == '-';
    if (!is_digit(*digits))
        return s;
    for (; is_digit(*digits); digits++)
        if (*ret < EXPONENT_MAX)
            *ret = *ret * 10 + (*digits - '0');
    if (is_negative)
        *ret = -*ret;
    return digits;
}

static bool scan(const char *text, struct number *number)
{
    const char *start = text, *end;
    number->is_negative = *start == '-';
    if (number->is_negative)
        start++;
    end = skip_digits(start);
    if (end == start)
        return false;
    if (*end == '.') {
        if (!is_digit(end[1]))
            return false;
        end = skip_digits(end + 1);
    }
    if (end - start > NUMBER_MAX)
        return false;
    memcpy(number->mantissa, start, (size_t)(end - start));
    number->mantissa[end - start] = '\0';
    end = scan_exponent(end, &number->exponent);
    number->rest = end + strspn(end, " \t");
    if (!*number->rest)
        number->rest = end; /* white space stands between number and unit, not at the end */
    return true;
}

static const struct unit *find_unit(const struct unit *units, const char *name)
{
    for (; units->name; units++)
        if (strcmp(units->name, name) == 0)
            return units;
    return NULL;
}

/* `unit` is what stands where the unit should be, NULL where there is not even a number. */
static enum csin_status refuse(struct csin_diag *diag, struct csin_loc loc, const struct kind *kind,
                               const char *text, const char *unit)
{
    const char *remedy = kind->remedy;
    for (const struct habit *habit = kind->habits; unit && habit->unit; habit++)
        if (strcmp(unit, habit->unit) == 0)
            remedy = habit->remedy;
    csin_error(diag, CSIN_E_INPUT, kind->code, loc, "'%s' is not %s", csin_brief(text, SIZE_MAX).s,
               kind->is_not);
    csin_note(diag, loc, "%s", remedy);
    return CSIN_E_INPUT;
}

/* Reads number and unit, or says what is wrong with them. */
static enum csin_status scan_quantity(struct csin_diag *diag, struct csin_loc loc,
                                      const struct kind *kind, const char *text,
                                      struct number *number, const struct unit **ret_unit)
{
    if (!scan(text, number))
        return refuse(diag, loc, kind, text, NULL);
    *ret_unit = find_unit(kind->units, number->rest);
    if (!*ret_unit)
        return refuse(diag, loc, kind, text, number->rest);
    if (number->is_negative)
        return csin_error(diag, CSIN_E_INPUT, 116, loc, "'%s' is negative",
                          csin_brief(text, SIZE_MAX).s);
    return CSIN_OK;
}

/* The double nearest to number x unit. Only minutes and hours round twice, the first time to the
 * wider long double. */
static double value_of(const struct number *number, const struct unit *unit)
{
    char decimal[NUMBER_MAX + 16];
    snprintf(decimal, sizeof decimal, "%se%d", number->mantissa, number->exponent + unit->decimal);
    if (unit->times > 1) {
        locale_t c = newlocale(LC_ALL_MASK, "C", (locale_t)0);
        long double x = strtold_l(decimal, NULL, c) * unit->times;
        freelocale(c);
        return (double)x;
    }
    return ldexp(to_double(decimal), unit->binary);
}

static enum csin_status too_large(struct csin_diag *diag, struct csin_loc loc, const char *text,
                                  const char *most)
{
    csin_error(diag, CSIN_E_INPUT, 116, loc, "'%s' is too large", csin_brief(text, SIZE_MAX).s);
    csin_note(diag, loc, "at most %s", most);
    return CSIN_E_INPUT;
}

enum csin_status csin_read_rate(struct csin_diag *diag, struct csin_loc loc, const char *text,
                                double *ret_Bps)
{
    struct number number;
    const struct unit *unit;
    double rate_Bps;
    if (scan_quantity(diag, loc, &rate_kind, text, &number, &unit) != CSIN_OK)
        return CSIN_E_INPUT;
    rate_Bps = value_of(&number, unit);
    if (!(rate_Bps > 0)) {
        csin_error(diag, CSIN_E_INPUT, 116, loc, "'%s' is zero", csin_brief(text, SIZE_MAX).s);
        csin_note(diag, loc, "a bandwidth is greater than zero");
        return CSIN_E_INPUT;
    }
    if (rate_Bps > RATE_MAX_BPS)
        return too_large(diag, loc, text, "1000TB/s");
    *ret_Bps = rate_Bps;
    return CSIN_OK;
}

enum csin_status csin_read_time(struct csin_diag *diag, struct csin_loc loc, const char *text,
                                double *ret_s)
{
    struct number number;
    const struct unit *unit;
    double time_s;
    if (scan_quantity(diag, loc, &time_kind, text, &number, &unit) != CSIN_OK)
        return CSIN_E_INPUT;
    time_s = value_of(&number, unit);
    if (time_s > TIME_MAX_S)
        return too_large(diag, loc, text, "1e9s");
    *ret_s = time_s;
    return CSIN_OK;
}

enum csin_status csin_read_length(struct csin_diag *diag, struct csin_loc loc, const char *text,
                                  double *ret_m)
{
    struct number number;
    const struct unit *unit;
    if (scan_quantity(diag, loc, &length_kind, text, &number, &unit) != CSIN_OK)
        return CSIN_E_INPUT;
    double length_m = value_of(&number, unit);
    if (length_m > LENGTH_MAX_M)
        return too_large(diag, loc, text, "1000km");
    *ret_m = length_m;
    return CSIN_OK;
}

enum csin_status csin_read_power(struct csin_diag *diag, struct csin_loc loc, const char *text,
                                 double *ret_W)
{
    struct number number;
    const struct unit *unit;
    if (scan_quantity(diag, loc, &power_kind, text, &number, &unit) != CSIN_OK)
        return CSIN_E_INPUT;
    double power_W = value_of(&number, unit);
    if (power_W > POWER_MAX_W)
        return too_large(diag, loc, text, "1e6MW");
    *ret_W = power_W;
    return CSIN_OK;
}

enum csin_status csin_read_work(struct csin_diag *diag, struct csin_loc loc, const char *text,
                                double *ret_flop)
{
    struct number number;
    const struct unit *unit;
    if (scan_quantity(diag, loc, &work_kind, text, &number, &unit) != CSIN_OK)
        return CSIN_E_INPUT;
    double work = value_of(&number, unit);
    if (work > WORK_MAX_FLOP)
        return too_large(diag, loc, text, "1e6PFLOP");
    *ret_flop = work;
    return CSIN_OK;
}

enum csin_status csin_read_speed(struct csin_diag *diag, struct csin_loc loc, const char *text,
                                 double *ret_flop_per_s)
{
    struct number number;
    const struct unit *unit;
    if (scan_quantity(diag, loc, &speed_kind, text, &number, &unit) != CSIN_OK)
        return CSIN_E_INPUT;
    double speed = value_of(&number, unit);
    if (!(speed > 0)) {
        csin_error(diag, CSIN_E_INPUT, 116, loc, "'%s' is zero", csin_brief(text, SIZE_MAX).s);
        csin_note(diag, loc, "a computing speed is greater than zero");
        return CSIN_E_INPUT;
    }
    if (speed > SPEED_MAX_FLOPS)
        return too_large(diag, loc, text, "1000PFLOP/s");
    *ret_flop_per_s = speed;
    return CSIN_OK;
}

enum exactness { EXACT, FRACTION, OVERFLOW };

/* m x 10^-decimals x 2^binary, where it is whole. m is not divisible by 10. */
static enum exactness divide(uint64_t m, long decimals, int binary, uint64_t *ret)
{
    for (; decimals > 0; decimals--) {
        if (m % 5 != 0)
            return FRACTION;
        m /= 5;
        if (binary > 0)
            binary--;
        else if (m % 2 == 0)
            m /= 2;
        else
            return FRACTION;
    }
    if (m > UINT64_MAX >> binary)
        return OVERFLOW;
    *ret = m << binary;
    return EXACT;
}

/* The same in whole numbers, because a double holds only 53 bits. */
static enum exactness whole_value_of(const struct number *number, const struct unit *unit,
                                     uint64_t *ret)
{
    uint64_t m = 0;
    long exponent = number->exponent + unit->decimal, pending = 0;
    bool after_point = false;
    /* Zeros wait in `pending` until a digit follows, so that 1.50000 has two digits. */
    for (const char *s = number->mantissa; *s; s++) {
        if (*s == '.') {
            after_point = true;
            continue;
        }
        exponent -= after_point;
        pending++;
        if (*s == '0')
            continue;
        for (; pending > 0; pending--)
            if (__builtin_mul_overflow(m, UINT64_C(10), &m))
                return exponent < 0 ? FRACTION : OVERFLOW;
        if (__builtin_add_overflow(m, (uint64_t)(*s - '0'), &m))
            return exponent < 0 ? FRACTION : OVERFLOW;
    }
    if (m == 0) {
        *ret = 0;
        return EXACT;
    }
    for (exponent += pending; exponent > 0; exponent--)
        if (__builtin_mul_overflow(m, UINT64_C(10), &m))
            return OVERFLOW;
    return divide(m, -exponent, unit->binary, ret);
}

enum csin_status csin_read_size(struct csin_diag *diag, struct csin_loc loc, const char *text,
                                uint64_t *ret_bytes)
{
    struct number number;
    const struct unit *unit;
    uint64_t bytes = 0;
    enum exactness exactness;
    if (scan_quantity(diag, loc, &size_kind, text, &number, &unit) != CSIN_OK)
        return CSIN_E_INPUT;
    exactness = whole_value_of(&number, unit, &bytes);
    if (exactness == OVERFLOW || bytes > SIZE_MAX_BYTES ||
        value_of(&number, unit) > (double)SIZE_MAX_BYTES)
        return too_large(diag, loc, text, "1024PiB");
    if (exactness == FRACTION) {
        csin_error(diag, CSIN_E_INPUT, 111, loc, "'%s' is not a whole number of bytes",
                   csin_brief(text, SIZE_MAX).s);
        csin_note(diag, loc, "the nearest is %.0fB", value_of(&number, unit));
        return CSIN_E_INPUT;
    }
    *ret_bytes = bytes;
    return CSIN_OK;
}

enum csin_status csin_read_count(struct csin_diag *diag, struct csin_loc loc, const char *text,
                                 uint64_t min, uint64_t max, uint64_t *ret)
{
    struct number number;
    const struct unit *unit;
    uint64_t n = 0;
    enum exactness exactness;
    if (scan_quantity(diag, loc, &count_kind, text, &number, &unit) != CSIN_OK)
        return CSIN_E_INPUT;
    exactness = whole_value_of(&number, unit, &n);
    if (exactness == FRACTION)
        return refuse(diag, loc, &count_kind, text, NULL);
    if (exactness == OVERFLOW || n < min || n > max) {
        csin_error(diag, CSIN_E_INPUT, 110, loc, "'%s' is too %s", csin_brief(text, SIZE_MAX).s,
                   exactness == EXACT && n < min ? "small" : "large");
        csin_note(diag, loc, "write a whole number from %llu to %llu", (unsigned long long)min,
                  (unsigned long long)max);
        return CSIN_E_INPUT;
    }
    *ret = n;
    return CSIN_OK;
}

enum csin_status csin_read_ratio(struct csin_diag *diag, struct csin_loc loc, const char *text,
                                 double min, double max, double *ret)
{
    struct number number;
    const struct unit *unit;
    double x;
    if (scan_quantity(diag, loc, &ratio_kind, text, &number, &unit) != CSIN_OK)
        return CSIN_E_INPUT;
    x = value_of(&number, unit);
    if (x < min || x > max) {
        csin_error(diag, CSIN_E_INPUT, 114, loc, "'%s' is too %s", csin_brief(text, SIZE_MAX).s,
                   x < min ? "small" : "large");
        csin_note(diag, loc, "write a number from %s to %s", csin_show_exact(min).s,
                  csin_show_exact(max).s);
        return CSIN_E_INPUT;
    }
    *ret = x;
    return CSIN_OK;
}

/* printf follows the locale, whose decimal point may be several bytes long. Makes it '.'. */
static void force_point(char *s)
{
    char *to = s;
    while (*s) {
        if (is_digit(*s) || strchr("+-e", *s)) {
            *to++ = *s++;
            continue;
        }
        *to++ = '.';
        while (*s && !is_digit(*s))
            s++;
    }
    *to = '\0';
}

static void trim_zeros(char *s)
{
    size_t n = strlen(s);
    if (!strchr(s, '.'))
        return;
    while (s[n - 1] == '0')
        n--;
    if (s[n - 1] == '.')
        n--;
    s[n] = '\0';
}

/* x with four significant digits, but whole numbers in full. */
static struct csin_shown show_short(double x)
{
    struct csin_shown shown;
    double size = fabs(x);
    if (size >= 1e15 || size < 1) {
        snprintf(shown.s, sizeof shown.s, "%.4g", x);
        force_point(shown.s);
        return shown;
    }
    snprintf(shown.s, sizeof shown.s, "%.*f",
             size < 9.9995   ? 3
             : size < 99.995 ? 2
             : size < 999.95 ? 1
                             : 0,
             x);
    force_point(shown.s);
    trim_zeros(shown.s);
    return shown;
}

static struct csin_shown join(struct csin_shown number, const char *unit)
{
    size_t n = strlen(number.s);
    snprintf(number.s + n, sizeof number.s - n, " %s", unit);
    return number;
}

static struct csin_shown show_not_finite(double x)
{
    struct csin_shown shown;
    snprintf(shown.s, sizeof shown.s, "%s", isnan(x) ? "nan" : x < 0 ? "-inf" : "inf");
    return shown;
}

/* x in the largest of the `n` units, `step` times each other, of which it has at least one. */
static struct csin_shown show_scaled(double x, double step, const char *const *units, size_t n)
{
    /* What rounds up to a full step belongs to the next unit: 999.96 kB/s is 1 MB/s. */
    double limit = step > 1000 ? step - 0.5 : step - 0.05;
    size_t i = 0;
    if (!isfinite(x))
        return show_not_finite(x);
    for (; i + 1 < n && fabs(x) >= limit; i++)
        x /= step;
    return join(show_short(x == 0 ? 0 : x), units[i]);
}

#define COUNT_OF(array) (sizeof(array) / sizeof *(array))

struct csin_shown csin_show_rate(double rate_Bps)
{
    static const char *const units[] = {"B/s", "kB/s", "MB/s", "GB/s", "TB/s", "PB/s"};
    return show_scaled(rate_Bps, 1000, units, COUNT_OF(units));
}

struct csin_shown csin_show_linerate(double rate_Bps)
{
    static const char *const units[] = {"b/s", "kb/s", "Mb/s", "Gb/s", "Tb/s"};
    return show_scaled(rate_Bps * 8, 1000, units, COUNT_OF(units));
}

struct csin_shown csin_show_size(uint64_t bytes)
{
    static const char *const binary[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
    static const char *const decimal[] = {"B", "kB", "MB", "GB", "TB", "PB"};
    /* A size that was meant in powers of ten has too many zeros for chance: 102.2MB. */
    uint64_t digits = bytes;
    unsigned zeros = 0;
    for (; digits && digits % 10 == 0; digits /= 10)
        zeros++;
    if (zeros >= 3 && digits < 10000 && bytes % 1024 != 0)
        return show_scaled((double)bytes, 1000, decimal, COUNT_OF(decimal));
    return show_scaled((double)bytes, 1024, binary, COUNT_OF(binary));
}

struct csin_shown csin_show_time(double time_s)
{
    static const char *const units[] = {"ns", "us", "ms", "s"};
    double size = fabs(time_s);
    if (!isfinite(time_s))
        return show_not_finite(time_s);
    if (time_s == 0)
        return join(show_short(0), "s");
    if (size >= 999.95 * 60)
        return join(show_short(time_s / 3600), "h");
    if (size >= 999.95)
        return join(show_short(time_s / 60), "min");
    return show_scaled(time_s * 1e9, 1000, units, COUNT_OF(units));
}

struct csin_shown csin_show_power(double power_W)
{
    static const char *const units[] = {"W", "kW", "MW", "GW"};
    return show_scaled(power_W, 1000, units, COUNT_OF(units));
}

struct csin_shown csin_show_speed(double flop_per_s)
{
    static const char *const units[] = {"FLOP/s",  "kFLOP/s", "MFLOP/s", "GFLOP/s",
                                        "TFLOP/s", "PFLOP/s", "EFLOP/s"};
    return show_scaled(flop_per_s, 1000, units, COUNT_OF(units));
}

struct csin_shown csin_show_count(uint64_t n)
{
    struct csin_shown shown;
    char digits[24];
    size_t length = (size_t)snprintf(digits, sizeof digits, "%llu", (unsigned long long)n), j = 0;
    for (size_t i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0)
            shown.s[j++] = ',';
        shown.s[j++] = digits[i];
    }
    shown.s[j] = '\0';
    return shown;
}

struct csin_shown csin_show_fixed(double x, int decimals)
{
    struct csin_shown shown;
    if (!(fabs(x) < 1e15))
        return csin_show_exact(x);
    decimals = decimals < 0 ? 0 : decimals > 15 ? 15 : decimals;
    snprintf(shown.s, sizeof shown.s, "%.*f", decimals, x);
    force_point(shown.s);
    if (shown.s[0] == '-' && !shown.s[strspn(shown.s, "-0.")])
        memmove(shown.s, shown.s + 1, strlen(shown.s));
    return shown;
}

struct csin_shown csin_show_exact(double x)
{
    struct csin_shown shown = {"null"};
    if (!isfinite(x))
        return shown;
    if (fabs(x) < 0x1p53 && x == trunc(x)) {
        snprintf(shown.s, sizeof shown.s, "%.0f", x == 0 ? 0.0 : x);
        return shown;
    }
    for (int digits = DBL_DIG; digits <= DBL_DECIMAL_DIG; digits++) {
        snprintf(shown.s, sizeof shown.s, "%.*g", digits, x);
        force_point(shown.s);
        if (to_double(shown.s) == x)
            break;
    }
    return shown;
}
