#include "onion/skw_directory_state.h"

#include <stdlib.h>
#include <string.h>

enum {
	BURST = 16
}; /* descriptors a node may publish at once before SKW_DIRECTORY_INTERVAL rules */

struct skw_directory *skw_directory_new(const struct skw_random *random)
{
	struct skw_directory *dir = calloc(1, sizeof(*dir));

	if (dir == NULL)
		return NULL;
	dir->random = *random;
	dir->soonest_s = UINT64_MAX;
	return dir;
}

static void free_entry(struct entry *e)
{
	free(e->bytes);
	free(e);
}

void skw_directory_free(struct skw_directory *dir)
{
	if (dir == NULL)
		return;
	for (uint32_t peer = 1; peer <= SKW_DIRECTORY_PEERS; peer++)
		sync_peer_down(dir, peer);
	for (size_t i = 0; i < dir->count; i++)
		free_entry(dir->nodes[i]);
	free(dir->nodes);
	free(dir->pending);
	for (enum key which = BY_ADDRESS; which < KEYS; which++)
		free(dir->table[which]);
	free(dir);
}

static bool is_peer(uint32_t peer)
{
	return peer >= 1 && peer <= SKW_DIRECTORY_PEERS;
}

/* ---- Two tables: open addressing, linear. Keys are as good as their hash; who grinds keys for one
 * row makes looking up linear, which is bearable. ---- */

static size_t row_of(const struct skw_directory *dir, const uint8_t key[SKW_KEY_LEN])
{
	uint64_t word;

	memcpy(&word, key, sizeof(word));
	return (size_t)(word * UINT64_C(0x9e3779b97f4a7c15) >> 32) & dir->mask;
}

static const uint8_t *key_of(const struct entry *e, enum key which)
{
	return which == BY_ADDRESS ? e->d.address.bytes : e->d.sign_public;
}

static void enter(struct skw_directory *dir, const struct entry *e)
{
	for (enum key which = BY_ADDRESS; which < KEYS; which++) {
		size_t row = row_of(dir, key_of(e, which));

		while (dir->table[which][row] != 0)
			row = (row + 1) & dir->mask;
		dir->table[which][row] = (uint32_t)e->at + 1;
	}
}

/* Makes the tables anew: after growth, and after entries have left. */
static void enter_all(struct skw_directory *dir)
{
	for (enum key which = BY_ADDRESS; which < KEYS; which++)
		memset(dir->table[which], 0, (dir->mask + 1) * sizeof(*dir->table[which]));
	for (size_t i = 0; i < dir->count; i++)
		enter(dir, dir->nodes[i]);
}

static bool grow(struct skw_directory *dir)
{
	size_t room = dir->room > 0 ? 2 * dir->room : 64;
	struct skw_set *pending;
	struct entry **nodes;

	if (dir->count < dir->room)
		return true;
	nodes = realloc(dir->nodes, room * sizeof(*nodes));
	if (nodes == NULL)
		return false;
	dir->nodes = nodes;
	pending = realloc(dir->pending, room * sizeof(*pending));
	if (pending == NULL)
		return false;
	dir->pending = pending;
	for (enum key which = BY_ADDRESS; which < KEYS; which++) {
		uint32_t *table = realloc(dir->table[which], 2 * room * sizeof(*table));

		if (table == NULL)
			return false;
		dir->table[which] = table;
	}
	dir->room = room;
	dir->mask = 2 * room - 1;
	enter_all(dir);
	return true;
}

static struct entry *find(const struct skw_directory *dir, enum key which,
			  const uint8_t key[SKW_KEY_LEN])
{
	if (dir->count == 0)
		return NULL;
	for (size_t row = row_of(dir, key); dir->table[which][row] != 0;
	     row = (row + 1) & dir->mask) {
		struct entry *e = dir->nodes[dir->table[which][row] - 1];

		if (memcmp(key_of(e, which), key, SKW_KEY_LEN) == 0)
			return e;
	}
	return NULL;
}

/* ---- Who is to be told of what ---- */

void directory_tell(struct skw_directory *dir, struct entry *e, uint32_t peer)
{
	if (!is_peer(peer) || !skw_set_has(&dir->up, peer - 1) ||
	    skw_set_has(&dir->pending[e->at], peer - 1))
		return;
	skw_set_add(&dir->pending[e->at], peer - 1);
	dir->waiting[peer - 1]++;
}

static void tell_not(struct skw_directory *dir, struct entry *e, uint32_t peer)
{
	if (!is_peer(peer))
		return;
	skw_set_remove(&e->held, peer - 1);
	if (!skw_set_has(&dir->pending[e->at], peer - 1))
		return;
	skw_set_remove(&dir->pending[e->at], peer - 1);
	dir->waiting[peer - 1]--;
}

/* An answer to what we asked for is held back from those whom we have still to ask: they may well
 * have it too. */
static void tell_all(struct skw_directory *dir, struct entry *e, bool answer)
{
	for (uint32_t n = skw_set_next(&dir->up, 0); n < SKW_SET_MAX;
	     n = skw_set_next(&dir->up, n + 1))
		if (answer && dir->neighbours[n].sync != NULL)
			skw_set_add(&e->held, n);
		else
			directory_tell(dir, e, n + 1);
}

static void tell_nobody(struct skw_directory *dir, struct entry *e)
{
	for (uint32_t n = skw_set_next(&dir->pending[e->at], 0); n < SKW_SET_MAX;
	     n = skw_set_next(&dir->pending[e->at], n + 1))
		tell_not(dir, e, n + 1);
}

/* ---- Taking ---- */

/* One token buys one new descriptor; a token comes every SKW_DIRECTORY_INTERVAL. */
static bool may_change(struct entry *e, uint64_t unix_s)
{
	uint64_t elapsed = unix_s > e->tokens_s ? unix_s - e->tokens_s : 0;
	uint64_t earned = elapsed / SKW_DIRECTORY_INTERVAL;

	e->tokens = e->tokens + earned < BURST ? e->tokens + earned : BURST;
	e->tokens_s += earned * SKW_DIRECTORY_INTERVAL;
	if (e->tokens == 0)
		return false;
	e->tokens--;
	return true;
}

/* An entry of the size that `d` needs, in the place of `old` or, if that is NULL, at the end. */
static struct entry *put_entry(struct skw_directory *dir, struct entry *old,
			       const struct skw_descriptor *d, const uint8_t *data, size_t len)
{
	size_t size = offsetof(struct entry, d) + offsetof(struct skw_descriptor, links) +
		      d->link_count * sizeof(d->links[0]);
	size_t others = dir->taken - (old != NULL ? old->taken : 0);
	struct entry *e = calloc(1, size);
	uint8_t *bytes = malloc(len);

	if (others + size + len > SKW_DIRECTORY_BYTES || e == NULL || bytes == NULL ||
	    (old == NULL && !grow(dir))) {
		free(e);
		free(bytes);
		return NULL;
	}
	memcpy(bytes, data, len);
	e->bytes = bytes;
	e->len = len;
	e->taken = size + len;
	dir->taken = others + e->taken;
	memcpy(&e->d, d, size - offsetof(struct entry, d));
	e->at = old != NULL ? old->at : dir->count++;
	dir->nodes[e->at] = e;
	if (d->expires < dir->soonest_s)
		dir->soonest_s = d->expires;
	if (old == NULL) {
		dir->pending[e->at] = (struct skw_set) { 0 };
		enter(dir, e);
	} else {
		e->held = old->held;
		e->tokens = old->tokens;
		e->tokens_s = old->tokens_s;
		free_entry(old);
	}
	return e;
}

static enum skw_directory_status known(struct skw_directory *dir, struct entry *e, uint32_t from,
				       uint64_t sequence)
{
	if (sequence == e->d.sequence)
		tell_not(dir, e, from); /* it has it */
	else
		directory_tell(dir, e, from); /* it is behind */
	dir->counters.known++;
	return SKW_DIRECTORY_KNOWN;
}

static enum skw_directory_status take_new(struct skw_directory *dir, uint32_t from, struct entry *e,
					  const struct skw_descriptor *d, const uint8_t *data,
					  size_t len, uint64_t unix_s)
{
	bool first = e == NULL;

	if (!first && !may_change(e, unix_s)) {
		dir->counters.too_soon++;
		return SKW_DIRECTORY_TOO_SOON;
	}
	if (!first || dir->count < SKW_DIRECTORY_NODES)
		e = put_entry(dir, e, d, data, len);
	if (e == NULL) {
		dir->counters.full++;
		return SKW_DIRECTORY_FULL;
	}
	if (first) {
		e->tokens = BURST;
		e->tokens_s = unix_s;
	}
	tell_all(dir, e, sync_asked(dir, from));
	tell_not(dir, e, from);
	dir->turn = e->at; /* news before what is old */
	dir->counters.accepted++;
	return SKW_DIRECTORY_OK;
}

static enum skw_directory_status take(struct skw_directory *dir, uint32_t from, const uint8_t *data,
				      size_t len, uint64_t unix_s)
{
	uint8_t signer[SKW_KEY_LEN];
	struct skw_descriptor d;
	struct entry *e = NULL;
	uint64_t sequence;

	/* Most of what floods in is known: that needs no look at the signature, since nothing is
	 * taken from it, and a neighbour that lies about it fools itself alone. */
	if (skw_descriptor_peek(signer, &sequence, data, len))
		e = find(dir, BY_SIGNER, signer);
	if (e != NULL && sequence <= e->d.sequence)
		return known(dir, e, from, sequence);
	if (!skw_descriptor_verify(&d, data, len)) {
		dir->counters.malformed++;
		return SKW_DIRECTORY_MALFORMED;
	}
	if (d.expires <= unix_s || d.expires - unix_s > SKW_DIRECTORY_LIFE_MAX) {
		dir->counters.expired++;
		return SKW_DIRECTORY_EXPIRED;
	}
	return take_new(dir, from, e, &d, data, len, unix_s);
}

enum skw_directory_status skw_directory_publish(struct skw_directory *dir, const uint8_t *data,
						size_t len, uint64_t unix_s)
{
	dir->now_s = unix_s;
	return take(dir, 0, data, len, unix_s);
}

enum skw_directory_status skw_directory_receive(struct skw_directory *dir, uint32_t peer,
						const uint8_t *data, size_t len, uint64_t unix_s)
{
	dir->now_s = unix_s;
	if (is_peer(peer) && skw_set_has(&dir->up, peer - 1)) {
		if (len > 0 && data[0] != SAY_DESCRIPTOR)
			return sync_receive(dir, peer, data, len);
		sync_heard(dir, peer);
	}
	return take(dir, peer, data, len, unix_s);
}

void skw_directory_peer_up(struct skw_directory *dir, uint32_t peer)
{
	if (!is_peer(peer))
		return;
	skw_set_add(&dir->up, peer - 1);
	skw_set_remove(&dir->refused, peer - 1);
	sync_peer_up(dir, peer);
}

void skw_directory_peer_down(struct skw_directory *dir, uint32_t peer)
{
	if (!is_peer(peer))
		return;
	skw_set_remove(&dir->up, peer - 1);
	sync_peer_down(dir, peer);
	for (size_t i = 0; i < dir->count; i++)
		tell_not(dir, dir->nodes[i], peer);
}

static bool anybody_waits(const struct skw_directory *dir)
{
	struct skw_set free = skw_set_without(dir->up, &dir->refused);

	for (uint32_t n = skw_set_next(&free, 0); n < SKW_SET_MAX; n = skw_set_next(&free, n + 1))
		if (dir->waiting[n] > 0)
			return true;
	return false;
}

bool skw_directory_poll(struct skw_directory *dir, struct skw_directory_out *out)
{
	struct skw_set free = skw_set_without(dir->up, &dir->refused);

	if (!anybody_waits(dir))
		return sync_poll(dir, &free, out);
	dir->last = SAY_DESCRIPTOR;
	for (size_t i = 0, at = dir->turn % dir->count; i < dir->count;
	     i++, at = at + 1 < dir->count ? at + 1 : 0) {
		struct skw_set ready = skw_set_and(dir->pending[at], &free);
		uint32_t first = skw_set_next(&ready, 0);
		struct entry *e;

		if (first == SKW_SET_MAX)
			continue;
		e = dir->nodes[at];
		dir->turn = at;
		out->peer = first + 1;
		out->data = e->bytes;
		out->len = e->len;
		tell_not(dir, e, out->peer);
		dir->counters.sent++;
		return true;
	}
	return false;
}

void skw_directory_refused(struct skw_directory *dir, uint32_t peer)
{
	if (!is_peer(peer))
		return;
	if (dir->last != SAY_DESCRIPTOR)
		sync_refused(dir, peer);
	else if (dir->count > 0)
		directory_tell(dir, dir->nodes[dir->turn % dir->count], peer);
	skw_set_add(&dir->refused, peer - 1);
	dir->counters.sent--;
}

static void expire(struct skw_directory *dir, uint64_t unix_s)
{
	size_t before = dir->count;

	if (unix_s < dir->soonest_s)
		return;
	dir->soonest_s = UINT64_MAX;
	for (size_t i = 0; i < dir->count;) {
		struct entry *e = dir->nodes[i];

		if (e->d.expires > unix_s) {
			if (e->d.expires < dir->soonest_s)
				dir->soonest_s = e->d.expires;
			i++;
			continue;
		}
		tell_nobody(dir, e);
		dir->taken -= e->taken;
		free_entry(e);
		dir->nodes[i] = dir->nodes[--dir->count];
		dir->pending[i] = dir->pending[dir->count];
		if (i < dir->count)
			dir->nodes[i]->at = i;
	}
	if (dir->count < before)
		enter_all(dir);
}

void skw_directory_tick(struct skw_directory *dir, uint64_t unix_s)
{
	dir->now_s = unix_s;
	dir->refused = (struct skw_set) { 0 };
	expire(dir, unix_s);
	sync_tick(dir);
}

size_t skw_directory_count(const struct skw_directory *dir)
{
	return dir->count;
}

const struct skw_descriptor *skw_directory_at(const struct skw_directory *dir, size_t index)
{
	return index < dir->count ? &dir->nodes[index]->d : NULL;
}

const struct skw_descriptor *skw_directory_find(const struct skw_directory *dir,
						const struct skw_node_address *address)
{
	const struct entry *e = find(dir, BY_ADDRESS, address->bytes);

	return e != NULL ? &e->d : NULL;
}

const uint8_t *skw_directory_signed(const struct skw_directory *dir,
				    const struct skw_node_address *address, size_t *len)
{
	const struct entry *e = find(dir, BY_ADDRESS, address->bytes);

	*len = e != NULL ? e->len : 0;
	return e != NULL ? e->bytes : NULL;
}

const struct skw_directory_counters *skw_directory_counters(const struct skw_directory *dir)
{
	return &dir->counters;
}
