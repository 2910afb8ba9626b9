/* rooms: wire keys
 *
 * skw_set against an array of flags. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "keys/skw_random.h"
#include "wire/skw_set.h"

static void it_is_a_set(void **state)
{
	struct skw_random_stream stream;
	struct skw_random rnd = skw_random_seeded(&stream, 5);
	bool model[2][SKW_SET_MAX] = { { false } };
	struct skw_set s[2] = { { { 0 } } };

	(void)state;
	for (unsigned step = 0; step < 20000; step++) {
		uint32_t x = skw_random_u32(&rnd), n = x % SKW_SET_MAX, w = x >> 16 & 1;
		uint32_t from = (x >> 17) % (SKW_SET_MAX + 2), next;
		struct skw_set both, only;

		model[w][n] = x >> 30;
		if (x >> 30)
			skw_set_add(&s[w], n);
		else
			skw_set_remove(&s[w], n);
		if (step % 3000 == 2999) { /* few and none are members too */
			memset(model[w], 0, sizeof(model[w]));
			s[w] = (struct skw_set) { { 0 } };
		}
		both = skw_set_and(s[0], &s[1]);
		only = skw_set_without(s[0], &s[1]);
		for (uint32_t i = 0; i < SKW_SET_MAX; i++) {
			assert_int_equal(skw_set_has(&s[w], i), model[w][i]);
			assert_int_equal(skw_set_has(&both, i), model[0][i] && model[1][i]);
			assert_int_equal(skw_set_has(&only, i), model[0][i] && !model[1][i]);
		}
		for (next = from; next < SKW_SET_MAX && !model[w][next];)
			next++;
		assert_int_equal(skw_set_next(&s[w], from),
				 next < SKW_SET_MAX ? next : SKW_SET_MAX);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(it_is_a_set) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
