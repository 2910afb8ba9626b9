/* rooms: wire keys session
 *
 * What is reported missing, when, and what the other end makes of it; paths and packets by hand. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "session/skw_session_state.h"

enum { FIRST = 3, SECOND = 4 }; /* numbers of the paths */

static struct one *one;
static uint8_t bytes[SKW_SESSION_PACKET_MAX];

static int fresh(void **state)
{
	(void)state;
	one = calloc(1, sizeof(*one));
	assert_non_null(one);
	assert_non_null(path_new(one, 1, FIRST));
	assert_non_null(path_new(one, 2, SECOND));
	return 0;
}

static int clean_up(void **state)
{
	(void)state;
	while (one->path_count > 0)
		path_free(one, 0);
	free(one);
	return 0;
}

static void come(unsigned path, uint64_t from, uint64_t to)
{
	struct path *p = one->paths[path];

	for (uint64_t n = from; n < to; n++) {
		skw_ranges_add(&p->received, n, n + 1);
		missing_note(one, p, n);
	}
}

/* The next report: 0 if there is none, else how many. */
static unsigned reported(uint16_t path, uint64_t *first)
{
	struct skw_writer w = skw_writer(bytes, 13);
	struct skw_reader r = skw_reader(bytes, 13);
	uint64_t number;

	missing_write(one, &w);
	assert_true(w.ok);
	if (skw_writer_len(&w) == 0)
		return 0;
	assert_int_equal(skw_get_u8(&r), 14);
	assert_int_equal(skw_get_u16(&r), 10);
	number = skw_get_u64(&r);
	assert_int_equal(number >> 48, path);
	*first = number & 0xffffffffffff;
	return skw_get_u16(&r);
}

static void what_is_overtaken_is_reported_once(void **state)
{
	uint64_t first;

	(void)state;
	come(0, 0, 5);
	assert_int_equal(reported(FIRST, &first), 0);
	come(0, 6, 7);
	assert_int_equal(reported(FIRST, &first), 1);
	assert_int_equal(first, 5);
	come(0, 7, 9);
	assert_int_equal(reported(FIRST, &first), 0);
	come(0, 40, 41);
	assert_int_equal(reported(FIRST, &first), 31);
	assert_int_equal(first, 9);
	come(1, 2, 3); /* a path of its own; its first two */
	assert_int_equal(reported(SECOND, &first), 2);
	assert_int_equal(first, 0);
	assert_int_equal(reported(SECOND, &first), 0);
}

/* A path that brings packets in another order than they left in is given time: for one more packet
 * after the first that was late, then twice as many, 64 at most. */
static void what_was_only_late_is_waited_for(void **state)
{
	uint64_t first, n = 0;

	(void)state;
	for (unsigned wait = 1; wait <= 64; wait *= 2) {
		for (unsigned i = 0; i < 2; i++) { /* `wait` later ones tell of it, one fewer not */
			uint64_t gap = n + 100;

			come(0, n, gap);
			come(0, gap + 1, gap + wait);
			assert_int_equal(reported(FIRST, &first), 0);
			come(0, gap + wait, gap + wait + 1);
			assert_int_equal(reported(FIRST, &first), 1);
			assert_int_equal(first, gap);
			n = gap + wait + 1;
			if (i == 1)
				come(0, gap, gap + 1);
		}
	}
	assert_int_equal(one->paths[0]->overtaken, 64);
	assert_int_equal(one->paths[1]->overtaken, 1);
}

/* With holes in what was waited for, and an end that is not there yet. */
static void each_hole_is_reported(void **state)
{
	uint64_t first;

	(void)state;
	one->paths[0]->overtaken = 8;
	come(0, 0, 2);
	come(0, 4, 5);
	come(0, 7, 8);
	assert_int_equal(reported(FIRST, &first), 0);
	come(0, 15, 16); /* so far, the last that has to be here is number 7 */
	assert_int_equal(reported(FIRST, &first), 2);
	assert_int_equal(first, 5);
	assert_int_equal(reported(FIRST, &first), 2);
	assert_int_equal(first, 2);
	assert_int_equal(reported(FIRST, &first), 0);
	come(0, 18, 19); /* and now 10 */
	assert_int_equal(reported(FIRST, &first), 3);
	assert_int_equal(first, 8);
}

static void there_is_an_end_to_reports(void **state)
{
	struct skw_writer w;
	uint64_t first;

	(void)state;
	for (uint64_t n = 1; n < 40; n += 2)
		come(0, n, n + 1);
	assert_int_equal(one->missing_count, 8);
	w = skw_writer(bytes, 5 * 13 + 12);
	missing_write(one, &w);
	assert_int_equal(skw_writer_len(&w), 5 * 13);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(reported(FIRST, &first), 1);
	come(0, 40 + 70000, 40 + 70001); /* longer than a report can say */
	assert_int_equal(reported(FIRST, &first), 0);
	come(0, 40 + 70002, 40 + 70003);
	assert_int_equal(reported(FIRST, &first), 1);
}

/* Where there is no other path, acknowledgements are as quick. */
static void a_single_path_reports_nothing(void **state)
{
	uint64_t first;

	(void)state;
	path_free(one, 1);
	come(0, 0, 1);
	come(0, 5, 6);
	assert_int_equal(reported(FIRST, &first), 0);
	assert_non_null(path_new(one, 2, SECOND));
	come(0, 6, 7); /* old news */
	assert_int_equal(reported(FIRST, &first), 0);
}

/* A report that nobody hears is none. */
static void reports_leave_no_path_that_is_silent_or_retired(void **state)
{
	struct skw_session *s = calloc(1, sizeof(*s));
	const struct allowed nothing = { 0 };
	struct path *p = one->paths[0];

	(void)state;
	assert_non_null(s);
	one->established = one->rekey.current.send.keyed = true;
	p->need_ping = false;
	assert_int_equal(session_write_packet(s, one, p, &nothing), 0);
	come(1, 0, 1);
	come(1, 9, 10);
	p->silent = true;
	assert_int_equal(session_write_packet(s, one, p, &nothing), 0);
	p->silent = false;
	p->retiring = true;
	assert_int_equal(session_write_packet(s, one, p, &nothing), 0);
	p->retiring = false;
	assert_int_equal(session_write_packet(s, one, p, &nothing), 13 + 13 + 16);
	assert_int_equal(session_write_packet(s, one, p, &nothing), 0);
	free(s);
}

/* Not one that is silent, nor one that is used no more, while there is another. */
static void the_quickest_path_is_one_that_is_used(void **state)
{
	struct path *third = path_new(one, 3, 5);

	(void)state;
	assert_non_null(third);
	assert_non_null(path_quickest(one)); /* nothing is known yet */
	third->recovery.srtt_us = 30000;
	assert_ptr_equal(path_quickest(one), third); /* what is not known is not quick */
	one->paths[0]->recovery.srtt_us = 20000;
	one->paths[1]->recovery.srtt_us = 10000;
	assert_ptr_equal(path_quickest(one), one->paths[1]);
	one->paths[1]->silent = true;
	assert_ptr_equal(path_quickest(one), one->paths[0]);
	one->paths[0]->retiring = true;
	assert_ptr_equal(path_quickest(one), third);
	third->silent = true;
	assert_ptr_equal(path_quickest(one), one->paths[1]); /* none is used: the quickest of all */
}

/* ---- at the sender */

static bool hear(uint16_t path, uint64_t first, uint16_t count, size_t len)
{
	struct skw_writer w = skw_writer(bytes, sizeof(bytes));
	struct skw_reader r = skw_reader(bytes, len);

	skw_put_u64(&w, (uint64_t)path << 48 | first);
	skw_put_u16(&w, count);
	missing_on_frame(one, &r);
	return r.ok;
}

static void send(struct path *p, unsigned count)
{
	while (count-- > 0) {
		struct sent *place = sent_place(p);

		*place = (struct sent) { .open = true, .number = p->number };
		p->number++;
	}
}

static unsigned told(const struct path *p)
{
	unsigned n = 0;

	for (uint64_t i = 0; i < p->number; i++) {
		const struct sent *x = sent_at(p, i);

		n += x != NULL && x->told;
		assert_true(x == NULL || x->told == x->missed);
	}
	return n;
}

static void what_is_missing_goes_again_once(void **state)
{
	struct path *p = one->paths[1];

	(void)state;
	send(p, 20);
	p->oldest = 3;
	assert_true(hear(SECOND, 5, 2, 10));
	assert_int_equal(told(p), 2);
	assert_true(sent_at(p, 5)->told && sent_at(p, 6)->told);
	sent_at(p, 7)->told = true; /* it goes already: that was no loss of the path */
	sent_at(p, 8)->open = false;
	assert_true(hear(SECOND, 7, 3, 10));
	assert_false(sent_at(p, 7)->missed);
	assert_true(sent_at(p, 9)->missed);
	sent_at(p, 7)->missed = true;
	assert_true(hear(SECOND, 0, 20, 10));
	assert_int_equal(told(p), 20 - 3 - 1);
}

static void nonsense_is_refused(void **state)
{
	struct path *p = one->paths[1];

	(void)state;
	send(p, 20);
	assert_false(hear(SECOND, 19, 2, 10)); /* never sent */
	assert_false(hear(SECOND, 20, 1, 10));
	assert_false(hear(SECOND, 0xffffffffffff, 65535, 10));
	assert_false(hear(SECOND, 0, 1, 9));
	assert_true(hear(77, 500, 9, 10)); /* of a path that is gone */
	assert_true(hear(SECOND, 3, 0, 10));
	assert_int_equal(told(p), 0);
	assert_true(hear(SECOND, 19, 1, 10));
	assert_int_equal(told(p), 1);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, fresh, clean_up)
	const struct CMUnitTest tests[] = {
		CASE(what_is_overtaken_is_reported_once),
		CASE(what_was_only_late_is_waited_for),
		CASE(each_hole_is_reported),
		CASE(there_is_an_end_to_reports),
		CASE(a_single_path_reports_nothing),
		CASE(reports_leave_no_path_that_is_silent_or_retired),
		CASE(the_quickest_path_is_one_that_is_used),
		CASE(what_is_missing_goes_again_once),
		CASE(nonsense_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
