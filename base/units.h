/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Numbers with units: the only parser and the only formatter of numbers. Inside csin one unit per
 * dimension: bytes (uint64_t), seconds and bytes per second (double). Text always carries a unit.
 *
 *     rate   200Gb/s  25GB/s  50GiB/s      Gb is 1e9 bits, GB is 1e9 bytes, GiB is 2^30 bytes
 *     size   186MiB  4096B  1.5GB
 *     time   130ns  2.8us  5ms  1.5s  10min
 *     length 600mm  44.45mm  2.5m
 *     power  404W  2.5kW  1.2MW
 *     work   15.5GFLOP                     a multiplication and an addition are 2 FLOP
 *     speed  312TFLOP/s
 *
 * Neither the parser nor the formatter depends on the locale. */
#ifndef CSIN_BASE_UNITS_H
#define CSIN_BASE_UNITS_H

#include <stdint.h>

#include "base/diag.h"

/* Each reads the whole of `text`: digits [. digits] [e [+ or -] digits], and a unit where there are
 * units; white space may stand between the two. Stores the double nearest to what was written and
 * returns CSIN_OK, or reports what is wrong at `loc`, leaves *ret alone and returns CSIN_E_INPUT.
 */

/* bytes/s, > 0, at most 1e15 */
enum csin_status csin_read_rate(struct csin_diag *, struct csin_loc, const char *text,
                                double *ret_Bps);
/* bytes, a whole number after conversion, at most 2^60; 0 allowed */
enum csin_status csin_read_size(struct csin_diag *, struct csin_loc, const char *text,
                                uint64_t *ret_bytes);
/* seconds, >= 0, at most 1e9 */
enum csin_status csin_read_time(struct csin_diag *, struct csin_loc, const char *text,
                                double *ret_s);
/* metres, >= 0, at most 1e6 */
enum csin_status csin_read_length(struct csin_diag *, struct csin_loc, const char *text,
                                  double *ret_m);
/* watts, >= 0, at most 1e12 */
enum csin_status csin_read_power(struct csin_diag *, struct csin_loc, const char *text,
                                 double *ret_W);
/* FLOP (floating-point operations), >= 0, at most 1e21 */
enum csin_status csin_read_work(struct csin_diag *, struct csin_loc, const char *text,
                                double *ret_flop);
/* FLOP/s, > 0, at most 1e18 */
enum csin_status csin_read_speed(struct csin_diag *, struct csin_loc, const char *text,
                                 double *ret_flop_per_s);
/* a whole number in min..max */
enum csin_status csin_read_count(struct csin_diag *, struct csin_loc, const char *text,
                                 uint64_t min, uint64_t max, uint64_t *ret);
/* a plain decimal number in min..max, such as an oversubscription of 2.5 */
enum csin_status csin_read_ratio(struct csin_diag *, struct csin_loc, const char *text, double min,
                                 double max, double *ret);

/* A short text made for one expression: csin_show_rate(x).s. Four significant digits at most, with
 * the prefix that puts 1 to 999 (sizes: 1023) before the unit. What is not finite shows as inf or
 * nan. */
struct csin_shown {
    char s[40];
};
struct csin_shown csin_show_rate(double rate_Bps);     /* 25 GB/s: bytes, as throughput is told */
struct csin_shown csin_show_linerate(double rate_Bps); /* 200 Gb/s: bits, as ports are sold */
struct csin_shown csin_show_size(uint64_t bytes);      /* 186 MiB; 102.2 MB where it was meant so */
struct csin_shown csin_show_time(double time_s);       /* 8.412 ms */
struct csin_shown csin_show_power(double power_W);     /* 49.29 kW */
struct csin_shown csin_show_speed(double flop_per_s);  /* 142.3 TFLOP/s */
struct csin_shown csin_show_count(uint64_t n);         /* 12,345 */
/* Fixed number of decimals (0..15), always with a point; from 1e15 on, and for what is not finite,
 * as csin_show_exact. No minus sign before a zero. */
struct csin_shown csin_show_fixed(double x, int decimals);
/* The shortest of 15, 16 or 17 digits that reads back as the same double (-0 as 0), whole numbers
 * below 2^53 without exponent; 'null' for what is not finite. */
struct csin_shown csin_show_exact(double x);

#endif
