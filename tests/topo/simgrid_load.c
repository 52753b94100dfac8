/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Loads a platform into SimGrid and sends messages over it, each alone:
 *
 *     simgrid_load [--cfg=...] PLATFORM.xml BYTES FROM TO [FROM TO...]
 *
 * prints the number of hosts and links that SimGrid found, and the seconds of each message.
 * tests/topo/export_check.py compares them. */
#include <simgrid/actor.h>
#include <simgrid/engine.h>
#include <simgrid/host.h>
#include <simgrid/link.h>
#include <simgrid/mailbox.h>
#include <stdio.h>
#include <stdlib.h>

static void send(int argc, char **argv)
{
    sg_mailbox_t mailbox = sg_mailbox_by_name(argv[1]);
    double start_s;
    (void)argc;
    for (int i = 0; i < 2; i++) { /* once more, with the route known */
        start_s = simgrid_get_clock();
        sg_mailbox_put(mailbox, argv, atol(argv[0]));
    }
    printf("%.17g\n", simgrid_get_clock() - start_s);
}

static void receive(int argc, char **argv)
{
    (void)argc;
    for (int i = 0; i < 2; i++)
        sg_mailbox_get(sg_mailbox_by_name(argv[1]));
}

int main(int argc, char **argv)
{
    simgrid_init(&argc, argv);
    if (argc < 5)
        return 2;
    simgrid_load_platform(argv[1]);
    printf("%zu %zu\n", sg_host_count(), sg_link_count());
    fflush(stdout);
    for (int i = 3; i + 1 < argc; i += 2) {
        char name[32], *with[3] = {argv[2], name, NULL};
        snprintf(name, sizeof name, "message%d", i);
        sg_actor_create("sender", sg_host_by_name(argv[i]), send, 2, with);
        sg_actor_create("receiver", sg_host_by_name(argv[i + 1]), receive, 2, with);
        simgrid_run();
    }
    return 0;
}
