#include "onion/skw_directory.h"

#include <stdlib.h>
#include <string.h>

enum {
	BURST = 16
}; /* descriptors a node may publish at once before SKW_DIRECTORY_INTERVAL rules */

struct entry {
	struct skw_descriptor d;
	uint64_t pending; /* bit n - 1: peer n is to be told */
	uint64_t tokens, tokens_s;
	size_t len;
	uint8_t bytes[SKW_DESCRIPTOR_MAX];
};

struct skw_directory {
	struct entry *nodes[SKW_DIRECTORY_NODES];
	size_t count;
	uint64_t up, refused; /* peers, as bits */
	size_t turn;          /* where poll goes on */
	struct skw_directory_counters counters;
};

struct skw_directory *skw_directory_new(void)
{
	return calloc(1, sizeof(struct skw_directory));
}

void skw_directory_free(struct skw_directory *dir)
{
	if (dir == NULL)
		return;
	for (size_t i = 0; i < dir->count; i++)
		free(dir->nodes[i]);
	free(dir);
}

static uint64_t bit(uint32_t peer)
{
	return peer >= 1 && peer <= SKW_DIRECTORY_PEERS ? UINT64_C(1) << (peer - 1) : 0;
}

static struct entry *find(const struct skw_directory *dir, const struct skw_node_address *address)
{
	for (size_t i = 0; i < dir->count; i++)
		if (skw_node_address_equal(&dir->nodes[i]->d.address, address))
			return dir->nodes[i];
	return NULL;
}

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

static struct entry *new_entry(struct skw_directory *dir, uint64_t unix_s)
{
	struct entry *e;

	if (dir->count == SKW_DIRECTORY_NODES)
		return NULL;
	e = calloc(1, sizeof(*e));
	if (e == NULL)
		return NULL;
	e->tokens = BURST;
	e->tokens_s = unix_s;
	dir->nodes[dir->count++] = e;
	return e;
}

static enum skw_directory_status take(struct skw_directory *dir, uint32_t from, const uint8_t *data,
				      size_t len, uint64_t unix_s)
{
	struct skw_descriptor d;
	struct entry *e;

	if (!skw_descriptor_verify(&d, data, len)) {
		dir->counters.malformed++;
		return SKW_DIRECTORY_MALFORMED;
	}
	if (d.expires <= unix_s || d.expires - unix_s > SKW_DIRECTORY_LIFE_MAX) {
		dir->counters.expired++;
		return SKW_DIRECTORY_EXPIRED;
	}
	e = find(dir, &d.address);
	if (e != NULL && d.sequence <= e->d.sequence) {
		if (d.sequence == e->d.sequence)
			e->pending &= ~bit(from); /* it has it: no need to tell */
		else
			e->pending |= bit(from); /* it is behind: tell */
		dir->counters.known++;
		return SKW_DIRECTORY_KNOWN;
	}
	if (e != NULL && !may_change(e, unix_s)) {
		dir->counters.too_soon++;
		return SKW_DIRECTORY_TOO_SOON;
	}
	if (e == NULL)
		e = new_entry(dir, unix_s);
	if (e == NULL) {
		dir->counters.full++;
		return SKW_DIRECTORY_FULL;
	}
	e->d = d;
	memcpy(e->bytes, data, len);
	e->len = len;
	e->pending = dir->up & ~bit(from);
	dir->counters.accepted++;
	return SKW_DIRECTORY_OK;
}

enum skw_directory_status skw_directory_publish(struct skw_directory *dir, const uint8_t *data,
						size_t len, uint64_t unix_s)
{
	return take(dir, 0, data, len, unix_s);
}

enum skw_directory_status skw_directory_receive(struct skw_directory *dir, uint32_t peer,
						const uint8_t *data, size_t len, uint64_t unix_s)
{
	return take(dir, peer, data, len, unix_s);
}

void skw_directory_peer_up(struct skw_directory *dir, uint32_t peer)
{
	dir->up |= bit(peer);
	dir->refused &= ~bit(peer);
	for (size_t i = 0; i < dir->count; i++)
		dir->nodes[i]->pending |= bit(peer);
}

void skw_directory_peer_down(struct skw_directory *dir, uint32_t peer)
{
	dir->up &= ~bit(peer);
	for (size_t i = 0; i < dir->count; i++)
		dir->nodes[i]->pending &= ~bit(peer);
}

bool skw_directory_poll(struct skw_directory *dir, struct skw_directory_out *out)
{
	for (size_t i = 0; i < dir->count; i++) {
		struct entry *e = dir->nodes[(dir->turn + i) % dir->count];
		uint64_t ready = e->pending & dir->up & ~dir->refused;

		if (ready == 0)
			continue;
		dir->turn = (dir->turn + i) % dir->count;
		out->peer = (uint32_t)__builtin_ctzll(ready) + 1;
		out->data = e->bytes;
		out->len = e->len;
		e->pending &= ~bit(out->peer);
		dir->counters.sent++;
		return true;
	}
	return false;
}

void skw_directory_refused(struct skw_directory *dir, uint32_t peer)
{
	if (dir->count > 0)
		dir->nodes[dir->turn % dir->count]->pending |= bit(peer) & dir->up;
	dir->refused |= bit(peer);
	dir->counters.sent--;
}

void skw_directory_tick(struct skw_directory *dir, uint64_t unix_s)
{
	dir->refused = 0;
	for (size_t i = 0; i < dir->count;) {
		if (dir->nodes[i]->d.expires > unix_s) {
			i++;
			continue;
		}
		free(dir->nodes[i]);
		dir->nodes[i] = dir->nodes[--dir->count];
	}
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
	const struct entry *e = find(dir, address);

	return e != NULL ? &e->d : NULL;
}

const uint8_t *skw_directory_signed(const struct skw_directory *dir,
				    const struct skw_node_address *address, size_t *len)
{
	const struct entry *e = find(dir, address);

	*len = e != NULL ? e->len : 0;
	return e != NULL ? e->bytes : NULL;
}

const struct skw_directory_counters *skw_directory_counters(const struct skw_directory *dir)
{
	return &dir->counters;
}
