/* Pools: objects come zeroed, ids outlive them and never name a successor. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "haftp/base/pool.h"

struct thing {
    char bytes[41]; /* not a multiple of any alignment */
};

static void test_objects_are_zeroed_and_aligned(void **state)
{
    (void)state;
    static const struct thing zero;
    struct hf_pool *pool = hf_pool_new(sizeof(struct thing), 3);
    struct thing *thing[10];
    for (unsigned round = 0; round < 2; round++) {
        for (unsigned i = 0; i < 10; i++) {
            thing[i] = hf_pool_get(pool);
            assert_int_equal((uintptr_t)thing[i] % _Alignof(max_align_t), 0);
            assert_memory_equal(thing[i], &zero, sizeof zero);
            memset(thing[i], 0xff, sizeof *thing[i]);
        }
        assert_int_equal(hf_pool_used(pool), 10);
        for (unsigned i = 0; i < 10; i++)
            hf_pool_put(pool, thing[i]);
    }
    hf_pool_free(pool);
}

static void test_id_finds_the_living_only(void **state)
{
    (void)state;
    struct hf_pool *pool = hf_pool_new(sizeof(struct thing), 4);
    assert_null(hf_pool_find(pool, 0));
    assert_null(hf_pool_find(pool, UINT64_MAX));
    void *first = hf_pool_get(pool);
    hf_id first_id = hf_pool_id(pool, first);
    assert_true(first_id != 0);
    assert_ptr_equal(hf_pool_find(pool, first_id), first);
    hf_pool_put(pool, first);
    assert_null(hf_pool_find(pool, first_id));
    void *second = hf_pool_get(pool); /* the same slot */
    assert_ptr_equal(second, first);
    assert_null(hf_pool_find(pool, first_id));
    assert_ptr_equal(hf_pool_find(pool, hf_pool_id(pool, second)), second);
    assert_null(hf_pool_find(pool, hf_pool_id(pool, second) + 1)); /* never handed out */
    hf_pool_put(pool, second);
    hf_pool_free(pool);
}

static void test_many_across_slabs(void **state)
{
    (void)state;
    enum { N = 5000 };
    static void *object[N];
    static hf_id id[N];
    struct hf_pool *pool = hf_pool_new(1, 64);
    srand(3);
    for (unsigned step = 0; step < 50000; step++) {
        unsigned i = (unsigned)rand() % N;
        if (object[i]) {
            assert_ptr_equal(hf_pool_find(pool, id[i]), object[i]);
            hf_pool_put(pool, object[i]);
            object[i] = NULL;
            assert_null(hf_pool_find(pool, id[i]));
        } else {
            assert_null(id[i] ? hf_pool_find(pool, id[i]) : NULL);
            object[i] = hf_pool_get(pool);
            id[i] = hf_pool_id(pool, object[i]);
        }
    }
    for (unsigned i = 0; i < N; i++)
        if (object[i])
            hf_pool_put(pool, object[i]);
    assert_int_equal(hf_pool_used(pool), 0);
    hf_pool_free(pool);
    hf_pool_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_objects_are_zeroed_and_aligned),
        cmocka_unit_test(test_id_finds_the_living_only),
        cmocka_unit_test(test_many_across_slabs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
