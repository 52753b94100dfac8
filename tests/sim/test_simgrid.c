/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The SimGrid engine's child: one that dies takes nothing with it. (What it computes: test_flows.)
 */
#include "tests/sim/world.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* The engine calls this from the parent when its child has just been started: kills that child. */
static void kill_the_child(void *arg, uint64_t done, uint64_t total, double now_s)
{
    (void)total;
    (void)now_s;
    if (done > 0)
        return;
    char path[64];
    long child = 0;
    snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
    FILE *children = fopen(path, "r");
    if (children) {
        if (fscanf(children, "%ld", &child) == 1)
            kill((pid_t)child, *(int *)arg);
        fclose(children);
    }
}

/* Long enough to be killed on the way. */
static void fill(struct world *w)
{
    for (uint32_t i = 0; i < 300000; i++) {
        world_transfer(w, i % 16, (i + 1) % 16, 1000 + i % 13);
        csin_schedule_after(&w->s, i < 16 ? CSIN_NONE : i - 16);
    }
}

static void a_child_that_crashes_is_an_error_and_no_more(void **state)
{
    (void)state;
    struct world w;
    int number = SIGABRT;
    char line[64], text[8] = "";
    snprintf(line, sizeof line, "/proc/self/task/%d/children", (int)getpid());
    if (access(line, R_OK) != 0)
        skip();
    world_open(&w, &csin_engine_simgrid, "leaf:2 spine:2 host:8 200Gb/s latency:1us");
    fill(&w);
    w.run.progress = kill_the_child;
    w.run.progress_arg = &number;
    FILE *ours = tmpfile(); /* holds what the child must not flush */
    fputs("once", ours);
    world_fail(&w, "csin: error: the SimGrid engine crashed: signal 6 (Aborted) [CSIN-320]\n");
    rewind(ours);
    assert_int_equal(fread(text, 1, sizeof text, ours), 4);
    fclose(ours);
    number = SIGKILL;
    world_fail(&w, "csin: error: the SimGrid engine crashed: signal 9 (Killed) [CSIN-320]\n"
                   "csin: note: the kernel kills processes when memory runs out\n");
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* nobody is left behind */
    world_close(&w);
}

static void a_child_without_memory_says_so(void **state)
{
    (void)state;
    if (SANITIZED)
        skip(); /* the sanitizer maps terabytes */
    struct world w;
    struct rlimit old, low;
    world_open(&w, &csin_engine_simgrid, "leaf:2 spine:2 host:8 200Gb/s latency:1us");
    for (uint32_t i = 0; i < 400000; i++) /* 600 MB of flows in flight */
        world_transfer(&w, i % 16, (i + 1) % 16, 1000 + i % 13);
    getrlimit(RLIMIT_AS, &old);
    low = old;
    low.rlim_cur = 400u << 20;
    setrlimit(RLIMIT_AS, &low);
    world_seal(&w);
    enum csin_status status = w.engine->run(&w.run, w.diag, &w.got);
    setrlimit(RLIMIT_AS, &old);
    assert_int_equal(status, CSIN_E_FAILED);
    char *text = check_diag_text(w.diag);
    assert_non_null(strstr(text, "memory"));
    free(text);
    world_close(&w);
}

CHECK_MAIN(cmocka_unit_test(a_child_that_crashes_is_an_error_and_no_more),
           cmocka_unit_test(a_child_without_memory_says_so))
