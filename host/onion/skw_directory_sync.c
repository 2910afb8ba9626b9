/* Two peers find out what each lacks, without telling each other what both have.
 *
 *   A  SUMMARY: a hash for each bucket of what A has -->  B compares with what it has itself
 *      <-- ASK: bucket | what B has of it                 B, for each that differs, four at a time
 *   A  descriptors that B lacks or has older, DONE -->
 *
 * and the same the other way. Both say SUMMARY when the link comes up, and every minute, so that
 * whatever was lost or refused before comes all the same. A bucket is asked of one peer at a time:
 * of several that offer the same, one sends it.
 *
 *   SUMMARY  2 | bits u8, at most 9 | salt 16 | 2^bits x hash u64
 *   ASK      3 | bits u8 | bucket u16 | n x { first 8 bytes of an address | sequence u64 }
 *   DONE     4 | asks u16
 *
 * An ASK's addresses ascend.
 * A node belongs to the bucket that the first `bits` bits of its address name. A bucket's hash is
 * the exclusive or of SipHash-2-4(salt, address | sequence u64) over its nodes; the salt is new
 * each time, so that nobody can make descriptors that cancel out others'.
 */
#include "onion/skw_directory_state.h"

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

_Static_assert(SALT == crypto_shorthash_KEYBYTES, "a salt is a key of SipHash");
_Static_assert(2 + SALT + 8 * BUCKETS <= SAY_MAX, "a summary fits a message");

/* ---- buckets */

static bool has(const struct buckets *b, unsigned bucket)
{
	return b->word[bucket / 64] >> bucket % 64 & 1;
}

static void set(struct buckets *b, unsigned bucket, bool value)
{
	uint64_t bit = UINT64_C(1) << bucket % 64;

	b->word[bucket / 64] = value ? b->word[bucket / 64] | bit : b->word[bucket / 64] & ~bit;
}

static unsigned bucket_of(const struct entry *e, unsigned bits)
{
	unsigned first = (unsigned)e->d.address.bytes[0] << 8 | e->d.address.bytes[1];

	return first >> (16 - bits);
}

static uint64_t hash_of(const struct entry *e, const uint8_t salt[SALT])
{
	uint8_t in[SKW_KEY_LEN + 8];
	struct skw_writer w = skw_writer(in, sizeof(in));
	uint64_t hash;

	skw_put_bytes(&w, e->d.address.bytes, SKW_KEY_LEN);
	skw_put_u64(&w, e->d.sequence);
	crypto_shorthash((uint8_t *)&hash, in, sizeof(in), salt);
	return hash;
}

static void hash_all(const struct skw_directory *dir, unsigned bits, const uint8_t salt[SALT],
		     uint64_t hashes[BUCKETS])
{
	memset(hashes, 0, (sizeof(*hashes) << bits));
	for (size_t i = 0; i < dir->count; i++)
		hashes[bucket_of(dir->nodes[i], bits)] ^= hash_of(dir->nodes[i], salt);
}

static bool differs(const struct skw_directory *dir, const struct sync *s, unsigned bucket)
{
	uint64_t hash = 0;

	for (size_t i = 0; i < dir->count; i++)
		if (bucket_of(dir->nodes[i], s->bits) == bucket)
			hash ^= hash_of(dir->nodes[i], s->salt);
	return hash != s->hashes[bucket];
}

/* ---- peers */

static struct neighbour *of(struct skw_directory *dir, uint32_t peer)
{
	return &dir->neighbours[peer - 1];
}

/* It has all of the bucket: nothing in it need be told. */
static void let_go(struct skw_directory *dir, uint32_t peer, unsigned bucket)
{
	for (size_t i = 0; i < dir->count; i++)
		if (bucket_of(dir->nodes[i], of(dir, peer)->sync->bits) == bucket)
			skw_set_remove(&dir->nodes[i]->held, peer - 1);
}

static void end_sync(struct skw_directory *dir, uint32_t peer)
{
	if (of(dir, peer)->sync == NULL)
		return;
	free(of(dir, peer)->sync);
	of(dir, peer)->sync = NULL;
	for (size_t i = 0; i < dir->count; i++) {
		if (!skw_set_has(&dir->nodes[i]->held, peer - 1))
			continue;
		skw_set_remove(&dir->nodes[i]->held, peer - 1);
		directory_tell(dir, dir->nodes[i], peer);
	}
}

void sync_peer_up(struct skw_directory *dir, uint32_t peer)
{
	end_sync(dir, peer);
	*of(dir, peer) = (struct neighbour) { .summary_due = true };
	skw_set_add(&dir->talking, peer - 1);
}

void sync_peer_down(struct skw_directory *dir, uint32_t peer)
{
	end_sync(dir, peer);
	*of(dir, peer) = (struct neighbour) { 0 };
	skw_set_remove(&dir->talking, peer - 1);
}

bool sync_asked(const struct skw_directory *dir, uint32_t peer)
{
	const struct sync *s =
	    peer >= 1 && peer <= SKW_DIRECTORY_PEERS ? dir->neighbours[peer - 1].sync : NULL;

	return s != NULL && s->asked_count > 0;
}

void sync_heard(struct skw_directory *dir, uint32_t peer)
{
	if (of(dir, peer)->sync != NULL)
		of(dir, peer)->sync->heard_s = dir->now_s;
}

void sync_tick(struct skw_directory *dir)
{
	for (uint32_t n = skw_set_next(&dir->up, 0); n < SKW_SET_MAX;
	     n = skw_set_next(&dir->up, n + 1)) {
		struct neighbour *nb = &dir->neighbours[n];

		if (nb->sync != NULL && dir->now_s - nb->sync->heard_s >= SYNC_PATIENCE_S)
			end_sync(dir, n + 1);
		if (dir->now_s - nb->summary_s >= SUMMARY_EVERY_S)
			nb->summary_due = true;
		if (nb->summary_due || nb->sync != NULL || nb->owed > 0)
			skw_set_add(&dir->talking, n);
		else
			skw_set_remove(&dir->talking, n);
	}
}

/* ---- in */

static enum skw_directory_status malformed(struct skw_directory *dir)
{
	dir->counters.malformed++;
	return SKW_DIRECTORY_MALFORMED;
}

static enum skw_directory_status on_summary(struct skw_directory *dir, uint32_t peer,
					    struct skw_reader *r)
{
	struct neighbour *nb = of(dir, peer);
	uint8_t bits = skw_get_u8(r);
	uint64_t own[BUCKETS];
	bool any = false;
	struct sync *s;

	if (bits > SUMMARY_BITS || skw_reader_left(r) < SALT + ((size_t)8 << bits))
		return malformed(dir);
	if (nb->sync != NULL || (nb->looked && dir->now_s - nb->looked_s < SUMMARY_LEAST_S)) {
		dir->counters.too_soon++;
		return SKW_DIRECTORY_TOO_SOON;
	}
	nb->looked = true;
	nb->looked_s = dir->now_s;
	s = calloc(1, sizeof(*s));
	if (s == NULL)
		return SKW_DIRECTORY_FULL;
	s->bits = bits;
	s->heard_s = dir->now_s;
	skw_get_bytes(r, s->salt, SALT);
	hash_all(dir, bits, s->salt, own);
	for (unsigned b = 0; b < 1u << bits; b++) {
		s->hashes[b] = skw_get_u64(r);
		set(&s->todo, b, s->hashes[b] != own[b]);
		any |= s->hashes[b] != own[b];
	}
	if (any) {
		nb->sync = s;
		skw_set_add(&dir->talking, peer - 1);
	} else {
		free(s);
	}
	return SKW_DIRECTORY_TALK;
}

/* Is it newer than what the peer says it has? Its items ascend. */
static bool is_news(const struct entry *e, const uint8_t *items, size_t count)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int order = memcmp(items + mid * ITEM, e->d.address.bytes, PREFIX);
		struct skw_reader r = skw_reader(items + mid * ITEM + PREFIX, 8);

		if (order == 0)
			return e->d.sequence > skw_get_u64(&r);
		if (order < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return true;
}

static bool ascend(const uint8_t *items, size_t count)
{
	for (size_t i = 1; i < count; i++)
		if (memcmp(items + (i - 1) * ITEM, items + i * ITEM, PREFIX) >= 0)
			return false;
	return true;
}

static enum skw_directory_status on_ask(struct skw_directory *dir, uint32_t peer,
					struct skw_reader *r)
{
	struct neighbour *nb = of(dir, peer);
	uint8_t bits = skw_get_u8(r);
	uint16_t bucket = skw_get_u16(r);
	size_t count = skw_reader_left(r) / ITEM;
	const uint8_t *items = r->at;

	if (!r->ok || bits != nb->bits || bucket >> bits != 0 || !has(&nb->open, bucket) ||
	    !ascend(items, count))
		return malformed(dir);
	set(&nb->open, bucket, false);
	for (size_t i = 0; i < dir->count; i++)
		if (bucket_of(dir->nodes[i], bits) == bucket &&
		    is_news(dir->nodes[i], items, count))
			directory_tell(dir, dir->nodes[i], peer);
	nb->owed++;
	skw_set_add(&dir->talking, peer - 1);
	return SKW_DIRECTORY_TALK;
}

static enum skw_directory_status on_done(struct skw_directory *dir, uint32_t peer,
					 struct skw_reader *r)
{
	struct sync *s = of(dir, peer)->sync;
	uint16_t asks = skw_get_u16(r);

	if (!r->ok || s == NULL || asks > s->asked_count)
		return malformed(dir);
	/* In the order in which they were asked. */
	s->asked_count -= asks;
	memmove(s->asked, s->asked + asks, s->asked_count * sizeof(*s->asked));
	s->heard_s = dir->now_s;
	return SKW_DIRECTORY_TALK;
}

enum skw_directory_status sync_receive(struct skw_directory *dir, uint32_t peer,
				       const uint8_t *data, size_t len)
{
	struct skw_reader r = skw_reader(data, len);

	switch (skw_get_u8(&r)) {
	case SAY_SUMMARY:
		return on_summary(dir, peer, &r);
	case SAY_ASK:
		return on_ask(dir, peer, &r);
	case SAY_DONE:
		return on_done(dir, peer, &r);
	default: /* of a later version */
		return malformed(dir);
	}
}

/* ---- out */

static void give(struct skw_directory *dir, uint32_t peer, uint8_t what, uint16_t value, size_t len,
		 struct skw_directory_out *out)
{
	dir->last = what;
	dir->last_value = value;
	*out = (struct skw_directory_out) { .peer = peer, .data = dir->say, .len = len };
}

static void say_summary(struct skw_directory *dir, uint32_t peer, struct skw_directory_out *out)
{
	struct skw_writer w = skw_writer(dir->say, sizeof(dir->say));
	struct neighbour *nb = of(dir, peer);
	uint8_t salt[SALT], bits = 0;
	uint64_t own[BUCKETS];

	while (bits < SUMMARY_BITS && dir->count >> bits > BUCKET_NODES)
		bits++;
	skw_random_bytes(&dir->random, salt, SALT);
	hash_all(dir, bits, salt, own);
	skw_put_u8(&w, SAY_SUMMARY);
	skw_put_u8(&w, bits);
	skw_put_bytes(&w, salt, SALT);
	for (unsigned b = 0; b < 1u << bits; b++)
		skw_put_u64(&w, own[b]);
	nb->summary_due = false;
	nb->summary_s = dir->now_s;
	nb->bits = bits;
	memset(&nb->open, 0, sizeof(nb->open));
	for (unsigned b = 0; b < 1u << bits; b++)
		set(&nb->open, b, true);
	give(dir, peer, SAY_SUMMARY, 0, skw_writer_len(&w), out);
}

static int by_prefix(const void *a, const void *b)
{
	return memcmp(a, b, PREFIX);
}

static size_t say_ask(struct skw_directory *dir, const struct sync *s, uint16_t bucket)
{
	struct skw_writer w = skw_writer(dir->say, sizeof(dir->say));
	uint8_t *items;

	skw_put_u8(&w, SAY_ASK);
	skw_put_u8(&w, s->bits);
	skw_put_u16(&w, bucket);
	items = w.at;
	for (size_t i = 0; i < dir->count && (size_t)(w.end - w.at) >= ITEM; i++) {
		const struct entry *e = dir->nodes[i];

		if (bucket_of(e, s->bits) != bucket)
			continue;
		skw_put_bytes(&w, e->d.address.bytes, PREFIX);
		skw_put_u64(&w, e->d.sequence);
	}
	qsort(items, (size_t)(w.at - items) / ITEM, ITEM, by_prefix);
	return skw_writer_len(&w);
}

/* By anybody at all: two that offer the same need not both send it. */
static bool is_asked(const struct skw_directory *dir, unsigned bits, uint16_t bucket)
{
	for (uint32_t n = skw_set_next(&dir->talking, 0); n < SKW_SET_MAX;
	     n = skw_set_next(&dir->talking, n + 1)) {
		const struct sync *s = dir->neighbours[n].sync;

		for (unsigned i = 0; s != NULL && s->bits == bits && i < s->asked_count; i++)
			if (s->asked[i] == bucket)
				return true;
	}
	return false;
}

/* The next bucket to ask for; those that became equal meanwhile are left out. -1: none now. */
static int next_bucket(struct skw_directory *dir, uint32_t peer)
{
	struct sync *s = of(dir, peer)->sync;

	for (unsigned b = 0; b < 1u << s->bits; b++) {
		if (!has(&s->todo, b) || is_asked(dir, s->bits, (uint16_t)b))
			continue;
		set(&s->todo, b, false);
		if (differs(dir, s, b))
			return (int)b;
		let_go(dir, peer, b);
	}
	return -1;
}

static bool is_over(const struct sync *s)
{
	uint64_t left = s->asked_count;

	for (unsigned i = 0; i < BUCKETS / 64; i++)
		left |= s->todo.word[i];
	return left == 0;
}

static bool poll_ask(struct skw_directory *dir, uint32_t peer, struct skw_directory_out *out)
{
	struct sync *s = of(dir, peer)->sync;
	int bucket = s != NULL && s->asked_count < ASKS ? next_bucket(dir, peer) : -1;

	if (s != NULL && bucket < 0 && is_over(s))
		end_sync(dir, peer);
	if (bucket < 0)
		return false;
	if (s->asked_count == 0)
		s->heard_s = dir->now_s;
	s->asked[s->asked_count++] = (uint16_t)bucket;
	give(dir, peer, SAY_ASK, (uint16_t)bucket, say_ask(dir, s, (uint16_t)bucket), out);
	return true;
}

/* When all that was asked for has left: whoever is ready here has no descriptor waiting. */
static bool poll_done(struct skw_directory *dir, uint32_t peer, struct skw_directory_out *out)
{
	struct skw_writer w = skw_writer(dir->say, sizeof(dir->say));
	struct neighbour *nb = of(dir, peer);

	if (nb->owed == 0)
		return false;
	skw_put_u8(&w, SAY_DONE);
	skw_put_u16(&w, nb->owed);
	give(dir, peer, SAY_DONE, nb->owed, skw_writer_len(&w), out);
	nb->owed = 0;
	return true;
}

bool sync_poll(struct skw_directory *dir, const struct skw_set *ready,
	       struct skw_directory_out *out)
{
	struct skw_set some = skw_set_and(dir->talking, ready);

	for (uint32_t n = skw_set_next(&some, 0); n < SKW_SET_MAX; n = skw_set_next(&some, n + 1)) {
		if (dir->neighbours[n].summary_due) {
			say_summary(dir, n + 1, out);
			return true;
		}
		if (poll_done(dir, n + 1, out) || poll_ask(dir, n + 1, out))
			return true;
	}
	return false;
}

void sync_refused(struct skw_directory *dir, uint32_t peer)
{
	struct neighbour *nb = of(dir, peer);

	if (dir->last == SAY_SUMMARY)
		nb->summary_due = true;
	if (dir->last == SAY_DONE)
		nb->owed = dir->last_value;
	if (dir->last == SAY_ASK && nb->sync != NULL) {
		nb->sync->asked_count--;
		set(&nb->sync->todo, dir->last_value, true);
	}
}
