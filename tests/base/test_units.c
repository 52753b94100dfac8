/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/rng.h"
#include "base/units.h"
#include "tests/check.h"

static const struct csin_loc somewhere = {"f", 1, 1};

#define COUNT_OF(array) (sizeof(array) / sizeof *(array))

typedef enum csin_status reader(struct csin_diag *, struct csin_loc, const char *, double *);

/* Expected values are compared to the last bit: the compiler rounds its literals correctly. */
struct good {
    const char *text;
    double want;
};

static void check_good(reader *read, const struct good *cases, size_t n)
{
    struct csin_diag *diag = csin_diag_create();
    for (size_t i = 0; i < n; i++) {
        double got = -1;
        if (read(diag, somewhere, cases[i].text, &got) != CSIN_OK || got != cases[i].want)
            fail_msg("'%s' is read as %.17g, not %.17g", cases[i].text, got, cases[i].want);
    }
    assert_says(&diag, "");
    csin_diag_destroy(diag);
}

struct bad {
    const char *text, *says;
};

static void check_bad(reader *read, const struct bad *cases, size_t n)
{
    struct csin_diag *diag = csin_diag_create();
    for (size_t i = 0; i < n; i++) {
        double got = -1;
        assert_int_equal(read(diag, somewhere, cases[i].text, &got), CSIN_E_INPUT);
        assert_true(got == -1); /* left alone */
        assert_says(&diag, cases[i].says);
    }
    csin_diag_destroy(diag);
}

static void rates_become_bytes_per_second(void **state)
{
    static const struct good cases[] = {
        {"200Gb/s", 25e9},
        {"25GB/s", 25e9},
        {"200 Gb/s", 25e9},
        {"400e9b/s", 50e9},
        {"1b/s", 0.125},
        {"8kb/s", 1000},
        {"1Mb/s", 125000},
        {"1.6Tb/s", 200e9},
        {"1Kib/s", 128},
        {"1Mib/s", 131072},
        {"1Gib/s", 134217728},
        {"1Tib/s", 137438953472.},
        {"1B/s", 1},
        {"1kB/s", 1e3},
        {"1.5MB/s", 1.5e6},
        {"1TB/s", 1e12},
        {"50GiB/s", 53687091200.},
        {"1KiB/s", 1024},
        {"1MiB/s", 1048576},
        {"1TiB/s", 1099511627776.},
        {"1000TB/s", 1e15},
        {"0.1GB/s", 1e8},
        {"1e-9GB/s", 1},
        {"2.5E+1GB/s", 25e9},
        {"0000200Gb/s", 25e9},
        {"11.64GB/s", 11.64e9},
    };
    (void)state;
    check_good(csin_read_rate, cases, COUNT_OF(cases));
}

static void times_become_seconds(void **state)
{
    static const struct good cases[] = {
        {"130ns", 130e-9},
        {"2.8us", 2.8e-6},
        {"2.8\xc2\xb5s", 2.8e-6},
        {"5ms", 5e-3},
        {"2.8 \xce\xbcs", 2.8e-6},
        {"1.5s", 1.5},
        {"10min", 600},
        {"0.7min", 42},
        {"2h", 7200},
        {"0.1h", 360},
        {"0s", 0},
        {"0ns", 0},
        {"1e9s", 1e9},
        {"0.1ns", 0.1e-9},
        {"1.175us", 1.175e-6},
        {"450ns", 450e-9},
        {"1e-400s", 0},
        {"0.3ms", 0.3e-3},
        {"1e3ms", 1},
    };
    (void)state;
    check_good(csin_read_time, cases, COUNT_OF(cases));
}

static void lengths_become_metres_and_powers_watts(void **state)
{
    static const struct good lengths[] = {
        {"600mm", 0.6}, {"44.45mm", 0.04445}, {"2.5 m", 2.5},
        {"30cm", 0.3},  {"1km", 1000},        {"0m", 0},
    };
    static const struct good powers[] = {
        {"404W", 404}, {"0.1W", 0.1}, {"2.5kW", 2500}, {"1.2MW", 1.2e6}, {"500mW", 0.5}, {"0W", 0},
    };
    (void)state;
    check_good(csin_read_length, lengths, COUNT_OF(lengths));
    check_good(csin_read_power, powers, COUNT_OF(powers));
}

static void work_becomes_flop_and_speeds_flop_a_second(void **state)
{
    static const struct good work[] = {{"15.5GFLOP", 15.5e9}, {"0FLOP", 0}, {"1 PFLOP", 1e15}};
    static const struct good speeds[] = {{"312TFLOP/s", 312e12}, {"0.5PFLOP/s", 0.5e15}};
    (void)state;
    check_good(csin_read_work, work, COUNT_OF(work));
    check_good(csin_read_speed, speeds, COUNT_OF(speeds));
}

static enum csin_status read_ratio(struct csin_diag *diag, struct csin_loc loc, const char *text,
                                   double *ret)
{
    return csin_read_ratio(diag, loc, text, 0.5, 1000, ret);
}

static void ratios_are_plain_decimals(void **state)
{
    static const struct good good[] = {{"2.5", 2.5}, {"0.5", 0.5}, {"1000", 1000}, {"1e2", 100}};
    static const struct bad bad[] = {
        {"0.4", "f:1:1: error: '0.4' is too small [CSIN-114]\n"
                "f:1:1: note: write a number from 0.5 to 1000\n"},
        {"1001", "f:1:1: error: '1001' is too large [CSIN-114]\n"
                 "f:1:1: note: write a number from 0.5 to 1000\n"},
        {"2:1", "f:1:1: error: '2:1' is not a number [CSIN-114]\n"
                "f:1:1: note: write a plain decimal, such as 2.5\n"},
        {"2,5", "f:1:1: error: '2,5' is not a number [CSIN-114]\n"
                "f:1:1: note: write a plain decimal, such as 2.5\n"},
        {"-1", "f:1:1: error: '-1' is negative [CSIN-116]\n"},
    };
    (void)state;
    check_good(read_ratio, good, COUNT_OF(good));
    check_bad(read_ratio, bad, COUNT_OF(bad));
}

static void wrong_rates_are_refused_with_a_remedy(void **state)
{
#define UNIT "f:1:1: note: write a unit, such as 400Gb/s or 50GB/s\n"
    static const struct bad cases[] = {
        {"200", "f:1:1: error: '200' is not a bandwidth [CSIN-112]\n" UNIT},
        {"", "f:1:1: error: '' is not a bandwidth [CSIN-112]\n" UNIT},
        {"fast", "f:1:1: error: 'fast' is not a bandwidth [CSIN-112]\n" UNIT},
        {"Gb/s", "f:1:1: error: 'Gb/s' is not a bandwidth [CSIN-112]\n" UNIT},
        {"0x10GB/s", "f:1:1: error: '0x10GB/s' is not a bandwidth [CSIN-112]\n" UNIT},
        {"infGB/s", "f:1:1: error: 'infGB/s' is not a bandwidth [CSIN-112]\n" UNIT},
        {"nan", "f:1:1: error: 'nan' is not a bandwidth [CSIN-112]\n" UNIT},
        {"+5GB/s", "f:1:1: error: '+5GB/s' is not a bandwidth [CSIN-112]\n" UNIT},
        {".5GB/s", "f:1:1: error: '.5GB/s' is not a bandwidth [CSIN-112]\n" UNIT},
        {"5.GB/s", "f:1:1: error: '5.GB/s' is not a bandwidth [CSIN-112]\n" UNIT},
        {"2,5GB/s", "f:1:1: error: '2,5GB/s' is not a bandwidth [CSIN-112]\n" UNIT},
        {"5GB/s ", "f:1:1: error: '5GB/s ' is not a bandwidth [CSIN-112]\n" UNIT},
        {" 5GB/s", "f:1:1: error: ' 5GB/s' is not a bandwidth [CSIN-112]\n" UNIT},
        {"5eGB/s", "f:1:1: error: '5eGB/s' is not a bandwidth [CSIN-112]\n" UNIT},
        {"5GB", "f:1:1: error: '5GB' is not a bandwidth [CSIN-112]\n" UNIT},
        {"400Gbps", "f:1:1: error: '400Gbps' is not a bandwidth [CSIN-112]\n"
                    "f:1:1: note: write Gb/s\n"},
        {"5KB/s", "f:1:1: error: '5KB/s' is not a bandwidth [CSIN-112]\n"
                  "f:1:1: note: write kB/s (1000 bytes) or KiB/s (1024 bytes)\n"},
        {"-5GB/s", "f:1:1: error: '-5GB/s' is negative [CSIN-116]\n"},
        {"-0GB/s", "f:1:1: error: '-0GB/s' is negative [CSIN-116]\n"},
        {"0GB/s", "f:1:1: error: '0GB/s' is zero [CSIN-116]\n"
                  "f:1:1: note: a bandwidth is greater than zero\n"},
        {"1e-999GB/s", "f:1:1: error: '1e-999GB/s' is zero [CSIN-116]\n"
                       "f:1:1: note: a bandwidth is greater than zero\n"},
        {"1001TB/s", "f:1:1: error: '1001TB/s' is too large [CSIN-116]\n"
                     "f:1:1: note: at most 1000TB/s\n"},
        {"1e99999999999999999999B/s", "f:1:1: error: '1e99999999999999999999B/s' is too large "
                                      "[CSIN-116]\nf:1:1: note: at most 1000TB/s\n"},
        {"1\x1b[31mGB/s", "f:1:1: error: '1\\x1b[31mGB/s' is not a bandwidth [CSIN-112]\n" UNIT},
        {"1111111111222222222233333333334444444444555",
         "f:1:1: error: '1111111111222222222233333333334444444444...' is not a bandwidth "
         "[CSIN-112]\n" UNIT},
    };
    (void)state;
    check_bad(csin_read_rate, cases, COUNT_OF(cases));
#undef UNIT
}

static void wrong_times_are_refused_with_a_remedy(void **state)
{
    static const struct bad cases[] = {
        {"5", "f:1:1: error: '5' is not a time [CSIN-113]\n"
              "f:1:1: note: write a unit, such as 130ns, 2.8us, 5ms, 1.5s, 10min or 2h\n"},
        {"5m", "f:1:1: error: '5m' is not a time [CSIN-113]\nf:1:1: note: write ms or min\n"},
        {"5 sec", "f:1:1: error: '5 sec' is not a time [CSIN-113]\nf:1:1: note: write s\n"},
        {"-1s", "f:1:1: error: '-1s' is negative [CSIN-116]\n"},
        {"2e9s", "f:1:1: error: '2e9s' is too large [CSIN-116]\nf:1:1: note: at most 1e9s\n"},
    };
    (void)state;
    check_bad(csin_read_time, cases, COUNT_OF(cases));
}

static void wrong_work_and_speeds_are_refused_with_a_remedy(void **state)
{
    static const struct bad work[] = {
        {"5", "f:1:1: error: '5' is not an amount of work [CSIN-900]\n"
              "f:1:1: note: write a unit, such as 15.5GFLOP\n"},
        {"4GMAC", "f:1:1: error: '4GMAC' is not an amount of work [CSIN-900]\n"
                  "f:1:1: note: write GFLOP: a multiplication and an addition are 2 FLOP\n"},
        {"2e6PFLOP",
         "f:1:1: error: '2e6PFLOP' is too large [CSIN-116]\nf:1:1: note: at most 1e6PFLOP\n"},
    };
    static const struct bad speeds[] = {
        {"312TFLOPS", "f:1:1: error: '312TFLOPS' is not a computing speed [CSIN-901]\n"
                      "f:1:1: note: write TFLOP/s\n"},
        {"0TFLOP/s", "f:1:1: error: '0TFLOP/s' is zero [CSIN-116]\n"
                     "f:1:1: note: a computing speed is greater than zero\n"},
    };
    (void)state;
    check_bad(csin_read_work, work, COUNT_OF(work));
    check_bad(csin_read_speed, speeds, COUNT_OF(speeds));
}

static void wrong_lengths_and_powers_are_refused_with_a_remedy(void **state)
{
    static const struct bad lengths[] = {
        {"5", "f:1:1: error: '5' is not a length [CSIN-690]\n"
              "f:1:1: note: write a unit, such as 600mm or 2.5m\n"},
        {"2U", "f:1:1: error: '2U' is not a length [CSIN-690]\n"
               "f:1:1: note: write the height in mm: a rack unit is 44.45mm\n"},
        {"-1m", "f:1:1: error: '-1m' is negative [CSIN-116]\n"},
        {"1001km", "f:1:1: error: '1001km' is too large [CSIN-116]\nf:1:1: note: at most 1000km\n"},
    };
    static const struct bad powers[] = {
        {"5", "f:1:1: error: '5' is not a power [CSIN-691]\n"
              "f:1:1: note: write a unit, such as 404W or 2.5kW\n"},
        {"5kw", "f:1:1: error: '5kw' is not a power [CSIN-691]\nf:1:1: note: write kW\n"},
        {"2e6MW", "f:1:1: error: '2e6MW' is too large [CSIN-116]\nf:1:1: note: at most 1e6MW\n"},
    };
    (void)state;
    check_bad(csin_read_length, lengths, COUNT_OF(lengths));
    check_bad(csin_read_power, powers, COUNT_OF(powers));
}

static void sizes_are_whole_bytes(void **state)
{
    static const struct {
        const char *text;
        uint64_t want;
    } cases[] = {
        {"0B", 0},
        {"4096B", 4096},
        {"186MiB", 195035136},
        {"1.5GB", 1500000000},
        {"1kB", 1000},
        {"1 MB", 1000000},
        {"1TB", 1000000000000},
        {"1PB", 1000000000000000},
        {"1KiB", 1024},
        {"0.5KiB", 512},
        {"1.25GiB", 1342177280},
        {"1TiB", UINT64_C(1) << 40},
        {"1024PiB", UINT64_C(1) << 60},
        {"1152921504606846975B", (UINT64_C(1) << 60) - 1}, /* no double holds it */
        {"1.00000000000GB", 1000000000},
        {"0.000000001GB", 1},
        {"123456789.123456789GB", 123456789123456789},
        {"00000000000000000000000000001B", 1},
        {"1e3B", 1000},
        {"5000e-3kB", 5000},
        {"0e99999B", 0},
        {"0.000000000000000000000000000000e40B", 0},
        {"0.00000095367431640625MiB", 1},
    };
    struct csin_diag *diag = csin_diag_create();
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        uint64_t got = 77;
        if (csin_read_size(diag, somewhere, cases[i].text, &got) != CSIN_OK || got != cases[i].want)
            fail_msg("'%s' is read as %llu", cases[i].text, (unsigned long long)got);
    }
    assert_says(&diag, "");
    csin_diag_destroy(diag);
}

static void wrong_sizes_are_refused_with_a_remedy(void **state)
{
#define UNIT "f:1:1: note: write a unit, such as 4096B, 1.5GB or 186MiB\n"
#define MOST "f:1:1: note: at most 1024PiB\n"
    static const struct bad cases[] = {
        {"4096", "f:1:1: error: '4096' is not a size [CSIN-111]\n" UNIT},
        {"1GB/s", "f:1:1: error: '1GB/s' is not a size [CSIN-111]\n" UNIT},
        {"5KB", "f:1:1: error: '5KB' is not a size [CSIN-111]\n"
                "f:1:1: note: write kB (1000 bytes) or KiB (1024 bytes)\n"},
        {"5Gb", "f:1:1: error: '5Gb' is not a size [CSIN-111]\n"
                "f:1:1: note: a size is in bytes: write GB or GiB\n"},
        {"-1B", "f:1:1: error: '-1B' is negative [CSIN-116]\n"},
        {"0.5B", "f:1:1: error: '0.5B' is not a whole number of bytes [CSIN-111]\n"
                 "f:1:1: note: the nearest is 0B\n"},
        {"186.3MiB", "f:1:1: error: '186.3MiB' is not a whole number of bytes [CSIN-111]\n"
                     "f:1:1: note: the nearest is 195349709B\n"},
        {"1.00000000000000000000000001GB",
         "f:1:1: error: '1.00000000000000000000000001GB' is not a whole number of bytes "
         "[CSIN-111]\nf:1:1: note: the nearest is 1000000000B\n"},
        {"1025PiB", "f:1:1: error: '1025PiB' is too large [CSIN-116]\n" MOST},
        {"1152921504606846977B",
         "f:1:1: error: '1152921504606846977B' is too large [CSIN-116]\n" MOST},
        {"18446744073709551616B",
         "f:1:1: error: '18446744073709551616B' is too large [CSIN-116]\n" MOST},
        {"1e30.B", "f:1:1: error: '1e30.B' is not a size [CSIN-111]\n" UNIT},
        {"1e30B", "f:1:1: error: '1e30B' is too large [CSIN-116]\n" MOST},
        {"9e18TiB", "f:1:1: error: '9e18TiB' is too large [CSIN-116]\n" MOST},
    };
    struct csin_diag *diag = csin_diag_create();
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        uint64_t got = 77;
        assert_int_equal(csin_read_size(diag, somewhere, cases[i].text, &got), CSIN_E_INPUT);
        assert_int_equal(got, 77);
        assert_says(&diag, cases[i].says);
    }
    csin_diag_destroy(diag);
#undef UNIT
#undef MOST
}

static void counts_are_whole_numbers_within_bounds(void **state)
{
    static const struct bad bad[] = {
        {"0", "f:1:1: error: '0' is too small [CSIN-110]\n"
              "f:1:1: note: write a whole number from 1 to 4096\n"},
        {"4097", "f:1:1: error: '4097' is too large [CSIN-110]\n"
                 "f:1:1: note: write a whole number from 1 to 4096\n"},
        {"99999999999999999999999999", "f:1:1: error: '99999999999999999999999999' is too large "
                                       "[CSIN-110]\n"
                                       "f:1:1: note: write a whole number from 1 to 4096\n"},
        {"2.5", "f:1:1: error: '2.5' is not a whole number [CSIN-110]\n"
                "f:1:1: note: write digits alone, such as 40\n"},
        {"12 ", "f:1:1: error: '12 ' is not a whole number [CSIN-110]\n"
                "f:1:1: note: write digits alone, such as 40\n"},
        {"1,000", "f:1:1: error: '1,000' is not a whole number [CSIN-110]\n"
                  "f:1:1: note: write digits alone, such as 40\n"},
        {"0x10", "f:1:1: error: '0x10' is not a whole number [CSIN-110]\n"
                 "f:1:1: note: write digits alone, such as 40\n"},
        {"-3", "f:1:1: error: '-3' is negative [CSIN-116]\n"},
    };
    struct csin_diag *diag = csin_diag_create();
    uint64_t got = 77;
    (void)state;
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        assert_int_equal(csin_read_count(diag, somewhere, bad[i].text, 1, 4096, &got),
                         CSIN_E_INPUT);
        assert_int_equal(got, 77);
        assert_says(&diag, bad[i].says);
    }
    assert_int_equal(csin_read_count(diag, somewhere, "4096", 1, 4096, &got), CSIN_OK);
    assert_int_equal(got, 4096);
    assert_int_equal(csin_read_count(diag, somewhere, "1e3", 1, 4096, &got), CSIN_OK);
    assert_int_equal(got, 1000);
    assert_int_equal(csin_read_count(diag, somewhere, "2.0", 1, 4096, &got), CSIN_OK);
    assert_int_equal(got, 2);
    assert_int_equal(csin_read_count(diag, somewhere, "18446744073709551615", 0, UINT64_MAX, &got),
                     CSIN_OK);
    assert_true(got == UINT64_MAX);
    assert_says(&diag, "");
    csin_diag_destroy(diag);
}

struct shown_case {
    double x;
    const char *want;
};

static void check_shown(struct csin_shown (*show)(double), const struct shown_case *cases, size_t n)
{
    for (size_t i = 0; i < n; i++)
        assert_string_equal(show(cases[i].x).s, cases[i].want);
}

static void rates_are_shown_with_the_prefix_that_fits(void **state)
{
    static const struct shown_case rates[] = {
        {25e9, "25 GB/s"},      {0, "0 B/s"},
        {1, "1 B/s"},           {999, "999 B/s"},
        {999.94, "999.9 B/s"},  {999.96, "1 kB/s"},
        {1000, "1 kB/s"},       {12345678, "12.35 MB/s"},
        {1e15, "1 PB/s"},       {1e20, "100000 PB/s"},
        {0.0001, "0.0001 B/s"}, {9.9996e9, "10 GB/s"},
        {99.996e9, "100 GB/s"}, {INFINITY, "inf"},
        {NAN, "nan"},           {9.66e9, "9.66 GB/s"},
        {-5e9, "-5 GB/s"},
    };
    static const struct shown_case lines[] = {
        {25e9, "200 Gb/s"}, {200e9, "1.6 Tb/s"}, {0.125, "1 b/s"}, {INFINITY, "inf"}};
    (void)state;
    check_shown(csin_show_rate, rates, COUNT_OF(rates));
    check_shown(csin_show_linerate, lines, COUNT_OF(lines));
}

static void powers_are_shown_with_the_prefix_that_fits(void **state)
{
    static const struct shown_case cases[] = {
        {404, "404 W"}, {49288, "49.29 kW"}, {3.25e6, "3.25 MW"}, {0.1, "0.1 W"}, {0, "0 W"},
    };
    (void)state;
    check_shown(csin_show_power, cases, COUNT_OF(cases));
}

static void times_are_shown_with_the_unit_that_fits(void **state)
{
    static const struct shown_case cases[] = {
        {8.412e-3, "8.412 ms"}, {0, "0 s"},          {130e-9, "130 ns"}, {2.8e-6, "2.8 us"},
        {1e-12, "0.001 ns"},    {1e-15, "1e-06 ns"}, {1.5, "1.5 s"},     {90, "90 s"},
        {999.9, "999.9 s"},     {1000, "16.67 min"}, {7200, "120 min"},  {86400, "24 h"},
        {1e9, "277778 h"},      {-0.002, "-2 ms"},   {INFINITY, "inf"},  {-INFINITY, "-inf"},
        {0.99999, "1 s"},
    };
    (void)state;
    check_shown(csin_show_time, cases, COUNT_OF(cases));
}

static void sizes_and_counts_are_shown(void **state)
{
    (void)state;
    assert_string_equal(csin_show_size(195035136).s, "186 MiB");
    assert_string_equal(csin_show_size(0).s, "0 B");
    assert_string_equal(csin_show_size(1023).s, "1023 B");
    assert_string_equal(csin_show_size(1024).s, "1 KiB");
    assert_string_equal(csin_show_size(1500).s, "1.465 KiB");
    assert_string_equal(csin_show_size(102200000).s, "102.2 MB"); /* as it was meant */
    assert_string_equal(csin_show_size(64000).s, "64 kB");
    assert_string_equal(csin_show_size(100000000).s, "100 MB");
    assert_string_equal(csin_show_size((1 << 20) - 1).s, "1 MiB");
    assert_string_equal(csin_show_size(UINT64_C(1) << 60).s, "1024 PiB");
    assert_string_equal(csin_show_size(UINT64_MAX).s, "16384 PiB");
    assert_string_equal(csin_show_count(0).s, "0");
    assert_string_equal(csin_show_count(999).s, "999");
    assert_string_equal(csin_show_count(12345).s, "12,345");
    assert_string_equal(csin_show_count(UINT64_MAX).s, "18,446,744,073,709,551,615");
}

static void fixed_decimals_are_shown(void **state)
{
    (void)state;
    assert_string_equal(csin_show_fixed(0.6571, 3).s, "0.657");
    assert_string_equal(csin_show_fixed(2, 2).s, "2.00");
    assert_string_equal(csin_show_fixed(-0.001, 2).s, "0.00");
    assert_string_equal(csin_show_fixed(-1.005, 1).s, "-1.0");
    assert_string_equal(csin_show_fixed(1234.5, 0).s, "1234");
    assert_string_equal(csin_show_fixed(1e300, 2).s, "1e+300");
    assert_string_equal(csin_show_fixed(-999999999999999., 99).s,
                        "-999999999999999.000000000000000");
    assert_string_equal(csin_show_fixed(NAN, 2).s, "null");
}

static void exact_numbers_are_short(void **state)
{
    static const struct shown_case cases[] = {
        {0.1, "0.1"},
        {1. / 3, "0.3333333333333333"},
        {0.1 + 0.2, "0.30000000000000004"},
        {130e-9, "1.3e-07"},
        {25e9, "25000000000"},
        {9007199254740991., "9007199254740991"},
        {9007199254740992., "9007199254740992"},
        {1e22, "1e+22"},
        {-0.0, "0"},
        {-5, "-5"},
        {5e-324, "4.94065645841247e-324"},
        {1.7976931348623157e308, "1.7976931348623157e+308"},
        {INFINITY, "null"},
        {NAN, "null"},
    };
    (void)state;
    check_shown(csin_show_exact, cases, COUNT_OF(cases));
}

static void exact_numbers_read_back_the_same(void **state)
{
    struct csin_rng rng = csin_rng_init(1, 0);
    locale_t c = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    (void)state;
    for (int i = 0; i < 100000; i++) {
        uint64_t bits = csin_rng_next(&rng);
        double x, back;
        memcpy(&x, &bits, sizeof x);
        if (!isfinite(x))
            continue;
        back = strtod_l(csin_show_exact(x).s, NULL, c);
        assert_true(back == x);
    }
    freelocale(c);
}

static void what_is_shown_reads_back_to_four_digits(void **state)
{
    struct csin_rng rng = csin_rng_init(2, 0);
    struct csin_diag *diag = csin_diag_create();
    (void)state;
    for (int i = 0; i < 10000; i++) {
        double x = exp((double)csin_rng_below(&rng, 10000) / 10000 * 34), got;
        assert_int_equal(csin_read_rate(diag, somewhere, csin_show_rate(x).s, &got), CSIN_OK);
        assert_close(got, x, 6e-4);
        assert_int_equal(csin_read_rate(diag, somewhere, csin_show_linerate(x).s, &got), CSIN_OK);
        assert_close(got, x, 6e-4);
        x = exp((double)csin_rng_below(&rng, 10000) / 10000 * 40 - 20);
        assert_int_equal(csin_read_time(diag, somewhere, csin_show_time(x).s, &got), CSIN_OK);
        assert_close(got, x, 6e-4);
    }
    csin_diag_destroy(diag);
}

/* The table tests above run under the user's locale; this one looks for a comma of its own accord.
 */
static void a_locale_with_decimal_commas_changes_nothing(void **state)
{
    static const char *const locales[] = {"fr_FR.UTF-8", "de_DE.UTF-8", "ps_AF.UTF-8", "ps_AF"};
    struct csin_diag *diag = csin_diag_create();
    char *before = strdup(setlocale(LC_ALL, NULL));
    double got = 0;
    (void)state;
    for (size_t i = 0; i < COUNT_OF(locales) && !setlocale(LC_ALL, locales[i]); i++)
        ;
    assert_string_equal(csin_show_rate(1.5e9).s, "1.5 GB/s");
    assert_string_equal(csin_show_exact(0.25).s, "0.25");
    assert_string_equal(csin_show_fixed(0.25, 2).s, "0.25");
    assert_int_equal(csin_read_time(diag, somewhere, "1.5min", &got), CSIN_OK);
    assert_true(got == 90);
    assert_int_equal(csin_read_time(diag, somewhere, "1,5s", &got), CSIN_E_INPUT);
    setlocale(LC_ALL, before);
    free(before);
    csin_diag_destroy(diag);
}

CHECK_MAIN(cmocka_unit_test(rates_become_bytes_per_second), cmocka_unit_test(times_become_seconds),
           cmocka_unit_test(lengths_become_metres_and_powers_watts),
           cmocka_unit_test(work_becomes_flop_and_speeds_flop_a_second),
           cmocka_unit_test(wrong_work_and_speeds_are_refused_with_a_remedy),
           cmocka_unit_test(wrong_lengths_and_powers_are_refused_with_a_remedy),
           cmocka_unit_test(powers_are_shown_with_the_prefix_that_fits),
           cmocka_unit_test(ratios_are_plain_decimals),
           cmocka_unit_test(wrong_rates_are_refused_with_a_remedy),
           cmocka_unit_test(wrong_times_are_refused_with_a_remedy),
           cmocka_unit_test(sizes_are_whole_bytes),
           cmocka_unit_test(wrong_sizes_are_refused_with_a_remedy),
           cmocka_unit_test(counts_are_whole_numbers_within_bounds),
           cmocka_unit_test(rates_are_shown_with_the_prefix_that_fits),
           cmocka_unit_test(times_are_shown_with_the_unit_that_fits),
           cmocka_unit_test(sizes_and_counts_are_shown), cmocka_unit_test(fixed_decimals_are_shown),
           cmocka_unit_test(exact_numbers_are_short),
           cmocka_unit_test(exact_numbers_read_back_the_same),
           cmocka_unit_test(what_is_shown_reads_back_to_four_digits),
           cmocka_unit_test(a_locale_with_decimal_commas_changes_nothing))
