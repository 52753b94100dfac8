/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>

#include "base/rng.h"
#include "plan/colour.h"
#include "tests/check.h"

#define MOST 64u

/* Every vertex of a side has every colour as often as it must, or once more. */
static void assert_even(const uint32_t *of, const uint32_t *colour, uint32_t n_edges, uint32_t n,
                        uint32_t n_colours)
{
    for (uint32_t v = 0; v < n; v++) {
        uint32_t degree = 0, times[MOST] = {0};
        for (uint32_t e = 0; e < n_edges; e++)
            if (of[e] == v) {
                degree++;
                assert_true(colour[e] < n_colours);
                times[colour[e]]++;
            }
        for (uint32_t c = 0; c < n_colours; c++)
            assert_in_range(times[c], degree / n_colours, (degree + n_colours - 1) / n_colours);
    }
}

static void a_thousand_random_multigraphs_are_coloured_evenly(void **state)
{
    (void)state;
    uint32_t left[400], right[400], colour[400];
    for (uint64_t seed = 1; seed <= 1000; seed++) {
        struct csin_rng rng = csin_rng_init(seed, 0);
        uint32_t n_left = 1 + (uint32_t)csin_rng_below(&rng, 20);
        uint32_t n_right = 1 + (uint32_t)csin_rng_below(&rng, 20);
        uint32_t n_colours = 1 + (uint32_t)csin_rng_below(&rng, MOST);
        uint32_t n = (uint32_t)csin_rng_below(&rng, 400);
        for (uint32_t e = 0; e < n; e++) {
            left[e] = (uint32_t)csin_rng_below(&rng, n_left);
            right[e] = (uint32_t)csin_rng_below(&rng, n_right);
        }
        assert_true(csin_colour_edges(left, right, n, n_left, n_right, n_colours, colour));
        assert_even(left, colour, n, n_left, n_colours);
        assert_even(right, colour, n, n_right, n_colours);
    }
}

/* A permutation of 800 hosts on 40 leaves over 20 spines: one flow on each uplink, as König says.
 */
static void a_permutation_of_a_full_zone_has_one_flow_on_each_uplink(void **state)
{
    (void)state;
    uint32_t left[800], right[800], colour[800];
    struct csin_rng rng = csin_rng_init(7, 0);
    for (uint32_t h = 0; h < 800; h++) {
        left[h] = h / 20;
        uint32_t other = (uint32_t)csin_rng_below(&rng, h + 1u);
        right[h] = right[other];
        right[other] = h / 20;
        if (other == h)
            right[h] = h / 20;
    }
    assert_true(csin_colour_edges(left, right, 800, 40, 40, 20, colour));
    assert_even(left, colour, 800, 40, 20);
    assert_even(right, colour, 800, 40, 20);
}

static void nothing_needs_no_colour(void **state)
{
    (void)state;
    uint32_t colour = 5;
    assert_true(csin_colour_edges(NULL, NULL, 0, 0, 0, 3, &colour));
    assert_int_equal(colour, 5);
}

CHECK_MAIN(cmocka_unit_test(a_thousand_random_multigraphs_are_coloured_evenly),
           cmocka_unit_test(a_permutation_of_a_full_zone_has_one_flow_on_each_uplink),
           cmocka_unit_test(nothing_needs_no_colour))
