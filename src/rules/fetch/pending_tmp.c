/*
 * pending_tmp.c: counters that the state floor is about to keep.
 */
#include "../rules_int.h"

#define NOT_YET(id)                                                                                \
    FETCH(id)                                                                                      \
    {                                                                                              \
        (void)call, (void)eval, (void)out;                                                         \
        return HF_FALSE;                                                                           \
    }
NOT_YET(connslots)
NOT_YET(fe_sess_rate)
NOT_YET(be_sess_rate)
NOT_YET(srv_sess_rate)
NOT_YET(prio_class)
NOT_YET(prio_offset)

CONV(in_table)
{
    (void)call, (void)eval, (void)sample;
    return false;
}
