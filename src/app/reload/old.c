/*
 * old.c: processes before us that the command line names (-sf, -st).
 */
#include <signal.h>

#include "app_int.h"

static void tell(const struct hf_pids *pids, int number)
{
    for (unsigned i = 0; i < pids->n; i++)
        (void)!kill(pids->list[i], number); /* one that has ended needs no signal */
}

void app_tell_old_processes(const struct hf_args *args)
{
    tell(&args->old_pids, SIGUSR1);
    tell(&args->terminated_pids, SIGTERM);
}
