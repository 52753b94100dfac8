/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * From one measured step to the efficiency of computing, with the simulator in the loop. The time
 * of a step grows with the time of computing, piece by piece in straight lines: the secant finds
 * where it is the measured one. */
#include <math.h>

#include "base/units.h"
#include "sim/training.h"

#define MAX_TRIES 60
#define TOLERANCE 1e-9

struct trial {
    const struct csin_scenario *sc;
    struct csin_training training; /* a copy, with the efficiency that is tried */
    uint32_t *hosts;
    struct csin_diag *diag;
    enum csin_status status;
};

/* The time of a step with computing slowed down by `slow`, relative to the peak; 0 after a reported
 * failure. */
static double step_time(struct trial *trial, double slow)
{
    struct csin_schedule s;
    struct csin_run_result result;
    double time_s = 0;
    trial->training.efficiency = slow > 0 ? 1 / slow : HUGE_VAL;
    csin_schedule_init(&s, trial->sc->fabric->n_hosts, 1);
    s.inside = &trial->sc->inside;
    uint32_t begin = csin_schedule_delay(&s, 0);
    uint32_t end = csin_training_schedule(&s, &trial->training, trial->hosts,
                                          trial->training.measured_hosts, begin,
                                          csin_rng_init(0, 0), NULL);
    csin_schedule_span(&s, (struct csin_span){.n = s.n_ops, .begin = begin, .end = end});
    trial->status = csin_schedule_check(&s, trial->diag);
    if (trial->status == CSIN_OK) {
        struct csin_run run = {.fabric = trial->sc->fabric,
                               .routes = trial->sc->routes,
                               .schedule = &s,
                               .horizon_s = HUGE_VAL};
        trial->status = csin_engine_fluid.run(&run, trial->diag, &result);
    }
    if (trial->status == CSIN_OK) {
        time_s = result.finish_s[end];
        csin_run_result_finish(&result);
    }
    csin_schedule_finish(&s);
    return time_s;
}

/* Compute hosts in the fabric's order. */
static enum csin_status pick_hosts(struct trial *trial)
{
    const struct csin_fabric *f = trial->sc->fabric;
    uint32_t n = 0, want = trial->training.measured_hosts;
    trial->hosts = csin_arena_alloc(trial->sc->arena, want, sizeof *trial->hosts);
    if (!trial->hosts)
        return csin_no_memory(trial->diag);
    for (uint32_t h = 0; h < f->n_hosts && n < want; h++)
        if (f->hosts[h].role == CSIN_COMPUTE)
            trial->hosts[n++] = h;
    if (n == want)
        return CSIN_OK;
    return csin_error(trial->diag, CSIN_E_INPUT, 905, trial->training.measured_loc,
                      "measured on %s hosts; the fabric has %s compute hosts",
                      csin_show_count(want).s, csin_show_count(n).s);
}

/* The slowdown at which the step takes the measured time: between low, where it takes less, and
 * high, where it takes at least that. */
static double find(struct trial *trial, double low, double low_s, double high, double high_s)
{
    double want_s = trial->training.measured_s, slow = high;
    for (unsigned i = 0; i < MAX_TRIES && high_s - want_s > TOLERANCE * want_s; i++) {
        slow = low + (high - low) * (want_s - low_s) / (high_s - low_s);
        if (i % 4 == 3) /* a bend near one end makes secants crawl */
            slow = low + (high - low) / 2;
        double now_s = step_time(trial, slow);
        if (trial->status != CSIN_OK || fabs(now_s - want_s) <= TOLERANCE * want_s)
            return slow;
        if (now_s < want_s) {
            low = slow;
            low_s = now_s;
        } else {
            high = slow;
            high_s = now_s;
        }
    }
    return slow;
}

enum csin_status csin_training_calibrate(const struct csin_scenario *sc,
                                         struct csin_training *training, struct csin_diag *diag)
{
    struct csin_training_layout l;
    struct trial trial = {.sc = sc, .training = *training, .diag = diag};
    if (training->measured_s <= 0 || training->efficiency > 0)
        return CSIN_OK;
    trial.training.variation = 0;
    trial.training.efficiency = 1;
    enum csin_status status = pick_hosts(&trial);
    if (status == CSIN_OK)
        status = csin_training_lay_out(&trial.training, training->measured_hosts, diag, &l);
    if (status != CSIN_OK)
        return status;
    double high = training->measured_s / l.compute_s; /* computing alone takes as long */
    csin_training_layout_finish(&l);
    double idle_s = step_time(&trial, 0);
    if (trial.status != CSIN_OK)
        return trial.status;
    if (idle_s >= training->measured_s) {
        csin_error(diag, CSIN_E_INPUT, 910, training->measured_loc,
                   "the measured step takes %s; what it sends takes %s without any computing",
                   csin_show_time(training->measured_s).s, csin_show_time(idle_s).s);
        csin_note(diag, training->measured_loc,
                  "look at the degrees of parallelism, the precision and the algorithm");
        return CSIN_E_INPUT;
    }
    double high_s = step_time(&trial, high);
    double slow = trial.status == CSIN_OK ? find(&trial, 0, idle_s, high, high_s) : 1;
    if (trial.status != CSIN_OK)
        return trial.status;
    training->efficiency = 1 / slow;
    if (slow < 1)
        csin_warning(diag, 911, training->measured_loc,
                     "the measured step needs %s times the peak of its GPUs",
                     csin_show_fixed(1 / slow, 2).s);
    return CSIN_OK;
}
