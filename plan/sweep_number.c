/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "plan/sweep_number.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct csin_number csin_number_read(const char *text)
{
    static const struct {
        enum csin_measure_of of;
        enum csin_status (*read)(struct csin_diag *, struct csin_loc, const char *, double *);
    } readers[] = {{CSIN_OF_RATE, csin_read_rate},
                   {CSIN_OF_TIME, csin_read_time},
                   {CSIN_OF_LENGTH, csin_read_length},
                   {CSIN_OF_POWER, csin_read_power}};
    struct csin_loc none = {0};
    uint64_t n;
    double x;
    if (!strchr("0123456789+-.", *text) || !*text)
        return (struct csin_number){CSIN_OF_NOTHING, 0};
    if (!strpbrk(text, ".e") &&
        csin_read_count(NULL, none, text, 0, 1000000000000000u, &n) == CSIN_OK)
        return (struct csin_number){CSIN_OF_COUNT, (double)n};
    if (csin_read_ratio(NULL, none, text, 0, 1e300, &x) == CSIN_OK)
        return (struct csin_number){CSIN_OF_RATIO, x};
    if (csin_read_size(NULL, none, text, &n) == CSIN_OK)
        return (struct csin_number){CSIN_OF_SIZE, (double)n};
    for (size_t i = 0; i < sizeof readers / sizeof *readers; i++)
        if (readers[i].read(NULL, none, text, &x) == CSIN_OK)
            return (struct csin_number){readers[i].of, x};
    return (struct csin_number){CSIN_OF_NOTHING, 0};
}

static struct csin_shown with_unit(double x, const char *unit)
{
    struct csin_shown shown, digits = csin_show_exact(x);
    snprintf(shown.s, sizeof shown.s, "%.26s%s", digits.s, unit);
    return shown;
}

static double six_digits(double x)
{
    double scale = x > 0 ? pow(10, 5 - floor(log10(x))) : 1;
    return x > 0 && isfinite(scale) && scale > 0 ? round(x * scale) / scale : x;
}

static struct csin_shown write_size(double bytes)
{
    static const struct {
        double size;
        const char *unit;
    } units[] = {{1LL << 30, "GiB"}, {1 << 20, "MiB"}, {1 << 10, "KiB"}};
    bytes = round(bytes);
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (bytes > 0 && fmod(bytes, units[i].size) == 0) /* exact: both are whole */
            return with_unit(bytes / units[i].size, units[i].unit);
    return with_unit(bytes, "B");
}

struct csin_shown csin_number_write(struct csin_number number)
{
    double x = number.x;
    switch (number.of) {
    case CSIN_OF_COUNT:
        return csin_show_exact(round(x));
    case CSIN_OF_SIZE:
        return write_size(x);
    case CSIN_OF_RATE:
        return with_unit(six_digits(x * 8 / 1e9), "Gb/s");
    case CSIN_OF_TIME:
        return x > 0 && x < 1e-3 ? with_unit(six_digits(x * 1e6), "us")
               : x < 1           ? with_unit(six_digits(x * 1e3), "ms")
                                 : with_unit(six_digits(x), "s");
    case CSIN_OF_LENGTH:
        return with_unit(six_digits(x), "m");
    case CSIN_OF_POWER:
        return with_unit(six_digits(x), "W");
    default:
        return csin_show_exact(six_digits(x));
    }
}

struct csin_shown csin_number_show(struct csin_number number)
{
    switch (number.of) {
    case CSIN_OF_COUNT:
        return csin_show_count((uint64_t)number.x);
    case CSIN_OF_SIZE:
        return csin_show_size((uint64_t)number.x);
    case CSIN_OF_RATE:
        return csin_show_linerate(number.x);
    case CSIN_OF_TIME:
        return csin_show_time(number.x);
    case CSIN_OF_LENGTH:
        return with_unit(six_digits(number.x), " m");
    case CSIN_OF_POWER:
        return csin_show_power(number.x);
    default:
        return csin_show_exact(six_digits(number.x));
    }
}
