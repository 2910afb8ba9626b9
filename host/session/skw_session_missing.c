/* What did not come, reported by whoever misses it, over the quickest path there is.
 *
 *   10 11 .. 13  ->  "12 of that path is missing"  ->  what 12 held goes again, over the quickest
 *
 * An acknowledgement says so too, but on the path it is about, and after three more packets: of a
 * path of 50 ms what was lost is here again after 155 ms, where another brings it after 65, and
 * what is ordered waits for it. A path counts and judges its losses as ever; this only repairs. Who
 * reports what was late and not lost waits for more later packets next time.
 */
#include "session/skw_session_state.h"

enum { OVERTAKEN_MAX = 64, COUNT_MAX = UINT16_MAX };

static void add(struct one *one, const struct path *path, uint64_t from, uint64_t to)
{
	if (to - from > COUNT_MAX || one->missing_count == MISSING_MAX)
		return; /* acknowledgements will say it */
	one->missing[one->missing_count++] = (struct missing) {
		.first = (uint64_t)path->id << PATH_SHIFT | from,
		.count = (uint16_t)(to - from),
	};
}

void missing_note(struct one *one, struct path *path, uint64_t count)
{
	const struct skw_ranges *have = &path->received;
	uint64_t at = path->missed_to, to = count + 1;

	if (count < at) {
		path->overtaken =
		    2 * path->overtaken < OVERTAKEN_MAX ? 2 * path->overtaken : OVERTAKEN_MAX;
		return;
	}
	if (to < at + path->overtaken)
		return;
	to -= path->overtaken;
	path->missed_to = to;
	if (one->path_count < 2)
		return;
	for (unsigned i = 0; i < have->count && at < to; i++) {
		const struct skw_range *r = &have->at[i];

		if (r->to <= at)
			continue;
		if (r->from > at)
			add(one, path, at, r->from < to ? r->from : to);
		at = r->to;
	}
	if (at < to)
		add(one, path, at, to);
}

void missing_write(struct one *one, struct skw_writer *w)
{
	while (one->missing_count > 0 && (size_t)(w->end - w->at) >= MISSING_SIZE) {
		const struct missing *m = &one->missing[--one->missing_count];

		skw_put_u8(w, FRAME_MISSING);
		skw_put_u16(w, MISSING_SIZE - 3);
		skw_put_u64(w, m->first);
		skw_put_u16(w, m->count);
	}
}

void missing_on_frame(struct one *one, struct skw_reader *r)
{
	uint64_t first = skw_get_u64(r), n = first & COUNT_MASK;
	uint64_t to = n + skw_get_u16(r);
	struct path *path = path_by_id(one, (uint16_t)(first >> PATH_SHIFT));

	if (!r->ok || path == NULL)
		return; /* of a path that is gone */
	if (to > path->number) {
		r->ok = false; /* of a packet never sent */
		return;
	}
	for (n = n > path->oldest ? n : path->oldest; n < to; n++) {
		struct sent *p = sent_at(path, n);

		if (p == NULL || p->told)
			continue;
		p->missed = true;
		session_tell_lost(one, p);
	}
}
