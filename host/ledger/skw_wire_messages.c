#include "ledger/skw_wire_messages.h"

#include <stdio.h>
#include <string.h>

static const char names[SKW_WIRE_IDS][5] = {
	[SKW_WIRE_INTR] = "INTR", [SKW_WIRE_GETP] = "GETP", [SKW_WIRE_GIVP] = "GIVP",
	[SKW_WIRE_PING] = "PING", [SKW_WIRE_PONG] = "PONG", [SKW_WIRE_GETB] = "GETB",
	[SKW_WIRE_GIVB] = "GIVB", [SKW_WIRE_ANNB] = "ANNB", [SKW_WIRE_GETT] = "GETT",
	[SKW_WIRE_GIVT] = "GIVT", [SKW_WIRE_ANNT] = "ANNT", [SKW_WIRE_DISC] = "DISC",
};

const char *skw_wire_id_text(enum skw_wire_id id)
{
	return id < SKW_WIRE_IDS ? names[id] : "?";
}

const char *skw_disc_text(enum skw_disc reason)
{
	switch (reason) {
	case SKW_DISC_UNKNOWN:
		return "unknown reason";
	case SKW_DISC_VERSION:
		return "protocol version is not supported";
	case SKW_DISC_INTRO_TIMEOUT:
		return "no introduction in time";
	case SKW_DISC_BLACKLISTED:
		return "blacklisted";
	case SKW_DISC_SELF:
		return "connected to itself";
	case SKW_DISC_TWICE:
		return "connected twice";
	case SKW_DISC_IDLE:
		return "idle";
	case SKW_DISC_NO_INTRO:
		return "first message was no introduction";
	case SKW_DISC_IP_LIMIT:
		return "too many connections from one address";
	case SKW_DISC_UNEXPECTED:
		return "unexpected";
	case SKW_DISC_OUTGOING_LIMIT:
		return "too many outgoing connections";
	case SKW_DISC_PUBKEY:
		return "another network's block key";
	case SKW_DISC_EXTRA:
		return "malformed extra data";
	case SKW_DISC_RECEIVED:
		return "the peer disconnected";
	case SKW_DISC_AGENT:
		return "malformed user agent";
	case SKW_DISC_OPERATOR:
		return "asked for by the operator";
	case SKW_DISC_PEERS_FULL:
		return "peer list is full";
	case SKW_DISC_BURN:
		return "burn factor too low";
	case SKW_DISC_TX_SIZE:
		return "maximum transaction size too low";
	case SKW_DISC_DECIMALS:
		return "too many decimals";
	case SKW_DISC_READ:
		return "the connection ended";
	case SKW_DISC_WRITE:
		return "writing failed";
	case SKW_DISC_MALFORMED:
		return "malformed message";
	case SKW_DISC_SLOW:
		return "the peer does not read";
	case SKW_DISC_FULL:
		return "too many connections";
	}
	return "unknown reason";
}

enum skw_wire_status skw_wire_frame_get(struct skw_wire_frame *frame, const uint8_t *data,
					size_t len, size_t length_max)
{
	struct skw_reader r = skw_reader(data, len);
	uint32_t length = skw_get_u32(&r);

	if (!r.ok)
		return SKW_WIRE_MORE;
	if (length < 4 || length > length_max)
		return SKW_WIRE_LENGTH;
	if (skw_reader_left(&r) < 4)
		return SKW_WIRE_MORE;
	frame->id = SKW_WIRE_IDS;
	for (unsigned id = 0; id < SKW_WIRE_IDS; id++)
		if (memcmp(r.at, names[id], 4) == 0)
			frame->id = (enum skw_wire_id)id;
	if (frame->id == SKW_WIRE_IDS)
		return SKW_WIRE_UNKNOWN;
	frame->body = r.at + 4;
	frame->len = length - 4;
	frame->size = 4 + (size_t)length;
	return len < frame->size ? SKW_WIRE_MORE : SKW_WIRE_OK;
}

static void put_head(struct skw_writer *w, enum skw_wire_id id, size_t body)
{
	skw_put_u32(w, (uint32_t)(4 + body));
	skw_put_bytes(w, (const uint8_t *)names[id], 4);
}

/* ---- the introduction ---- */

static bool is_of(char c, const char *more)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c != '\0' && strchr(more, c) != NULL);
}

static size_t span(const char *text, const char *more)
{
	size_t n = 0;

	while (is_of(text[n], more))
		n++;
	return n;
}

/* A number of a version; no leading zero. 0 if there is none. */
static size_t number(const char *text)
{
	size_t n = strspn(text, "0123456789");

	return n > 1 && text[0] == '0' ? 0 : n;
}

bool skw_wire_agent_valid(const char *agent)
{
	size_t n = span(agent, "-_+");

	if (n == 0 || agent[n] != ':' || strlen(agent) > SKW_WIRE_AGENT_MAX)
		return false;
	agent += n + 1;
	for (unsigned i = 0; i < 3; i++) {
		n = number(agent);
		if (n == 0 || (i < 2 && agent[n] != '.'))
			return false;
		agent += n + (i < 2);
	}
	for (const char *mark = "-+"; *mark != '\0'; mark++) { /* pre-release, build */
		if (*agent != *mark)
			continue;
		n = span(agent + 1, "-.");
		if (n == 0)
			return false;
		agent += 1 + n;
	}
	if (*agent == '\0')
		return true;
	n = *agent == '(' ? span(agent + 1, "-_+;:!$%,.=?~ ") : 0;
	return n > 0 && strcmp(agent + 1 + n, ")") == 0;
}

void skw_wire_intro_put(struct skw_writer *w, const struct skw_wire_intro *intro)
{
	size_t agent = strlen(intro->agent);
	size_t extra = 33 + 4 + 4 + 1 + 4 + agent + (intro->has_genesis ? 32 : 0);

	put_head(w, SKW_WIRE_INTR, 4 + 2 + 4 + 4 + extra);
	skw_put_u32(w, intro->mirror);
	skw_put_u16(w, intro->port);
	skw_put_u32(w, (uint32_t)intro->protocol);
	skw_put_u32(w, (uint32_t)extra);
	skw_put_bytes(w, intro->block_key.b, sizeof(intro->block_key.b));
	skw_put_u32(w, intro->burn_factor);
	skw_put_u32(w, intro->max_tx_size);
	skw_put_u8(w, intro->max_decimals);
	skw_put_u32(w, (uint32_t)agent);
	skw_put_bytes(w, (const uint8_t *)intro->agent, agent);
	if (intro->has_genesis)
		skw_put_bytes(w, intro->genesis.b, sizeof(intro->genesis.b));
}

static enum skw_disc extra_get(struct skw_wire_intro *intro, struct skw_reader *r)
{
	uint32_t agent;
	size_t left;

	skw_get_bytes(r, intro->block_key.b, sizeof(intro->block_key.b));
	intro->burn_factor = skw_get_u32(r);
	intro->max_tx_size = skw_get_u32(r);
	intro->max_decimals = skw_get_u8(r);
	agent = skw_get_u32(r);
	if (!r->ok || agent > skw_reader_left(r) || agent > SKW_WIRE_AGENT_MAX)
		return SKW_DISC_EXTRA;
	skw_get_bytes(r, (uint8_t *)intro->agent, agent);
	intro->agent[agent] = '\0';
	if (strlen(intro->agent) != agent || !skw_wire_agent_valid(intro->agent))
		return SKW_DISC_AGENT;
	left = skw_reader_left(r);
	intro->has_genesis = left > 0;
	if (left > 0 && left < sizeof(intro->genesis.b))
		return SKW_DISC_EXTRA;
	if (left > 0) /* later versions may add more behind it */
		skw_get_bytes(r, intro->genesis.b, sizeof(intro->genesis.b));
	return SKW_DISC_UNKNOWN;
}

enum skw_wire_status skw_wire_intro_get(struct skw_wire_intro *intro, enum skw_disc *fault,
					const struct skw_wire_frame *frame)
{
	struct skw_reader r = skw_reader(frame->body, frame->len), extra;
	uint32_t len = 0;

	*intro = (struct skw_wire_intro) { .mirror = skw_get_u32(&r) };
	intro->port = skw_get_u16(&r);
	intro->protocol = (int32_t)skw_get_u32(&r);
	*fault = SKW_DISC_EXTRA;
	if (!r.ok)
		return SKW_WIRE_BODY;
	if (skw_reader_done(&r)) /* no extra part at all: a version from before the key was sent */
		return SKW_WIRE_OK;
	len = skw_get_u32(&r);
	if (!r.ok || skw_reader_left(&r) != len)
		return SKW_WIRE_BODY;
	extra = skw_reader(r.at, len);
	*fault = extra_get(intro, &extra);
	return SKW_WIRE_OK;
}

/* ---- peers ---- */

bool skw_wire_peer_equal(struct skw_wire_peer a, struct skw_wire_peer b)
{
	return a.ip == b.ip && a.port == b.port;
}

void skw_wire_peer_print(char out[SKW_WIRE_PEER_TEXT], struct skw_wire_peer peer)
{
	snprintf(out, SKW_WIRE_PEER_TEXT, "%u.%u.%u.%u:%u", peer.ip >> 24, peer.ip >> 16 & 255,
		 peer.ip >> 8 & 255, peer.ip & 255, peer.port);
}

bool skw_wire_peer_parse(struct skw_wire_peer *peer, const char *text)
{
	unsigned part[5];

	for (unsigned i = 0; i < 5; i++) {
		size_t n = strspn(text, "0123456789");

		if (n == 0 || n > (i < 4 ? 3u : 5u))
			return false;
		part[i] = 0;
		for (; n > 0; n--)
			part[i] = part[i] * 10 + (unsigned)(*text++ - '0');
		if (part[i] > (i < 4 ? 255u : 65535u) || *text != "...:"[i < 4 ? i : 4])
			return false;
		text += i < 4;
	}
	peer->ip = part[0] << 24 | part[1] << 16 | part[2] << 8 | part[3];
	peer->port = (uint16_t)part[4];
	return true;
}

void skw_wire_peers_put(struct skw_writer *w, const struct skw_wire_peer *peers, size_t count)
{
	put_head(w, SKW_WIRE_GIVP, 4 + 6 * count);
	skw_put_u32(w, (uint32_t)count);
	for (size_t i = 0; i < count; i++) {
		skw_put_u32(w, peers[i].ip);
		skw_put_u16(w, peers[i].port);
	}
}

enum skw_wire_status skw_wire_peers_get(struct skw_reader *r, uint32_t *count,
					const struct skw_wire_frame *frame)
{
	*r = skw_reader(frame->body, frame->len);
	*count = skw_get_u32(r);
	return r->ok && *count <= SKW_WIRE_PEERS_MAX && skw_reader_left(r) == 6 * (size_t)*count
		   ? SKW_WIRE_OK
		   : SKW_WIRE_BODY;
}

struct skw_wire_peer skw_wire_peer_get(struct skw_reader *r)
{
	struct skw_wire_peer peer = { .ip = skw_get_u32(r) };

	peer.port = skw_get_u16(r);
	return peer;
}

/* ---- the rest ---- */

void skw_wire_empty_put(struct skw_writer *w, enum skw_wire_id id)
{
	put_head(w, id, 0);
}

void skw_wire_get_blocks_put(struct skw_writer *w, uint64_t last, uint64_t count)
{
	put_head(w, SKW_WIRE_GETB, 16);
	skw_put_u64(w, last);
	skw_put_u64(w, count);
}

void skw_wire_announce_put(struct skw_writer *w, uint64_t seq)
{
	put_head(w, SKW_WIRE_ANNB, 8);
	skw_put_u64(w, seq);
}

void skw_wire_hashes_put(struct skw_writer *w, enum skw_wire_id id, const struct skw_sha256 *hashes,
			 size_t count)
{
	put_head(w, id, 4 + 32 * count);
	skw_put_u32(w, (uint32_t)count);
	for (size_t i = 0; i < count; i++)
		skw_put_bytes(w, hashes[i].b, sizeof(hashes[i].b));
}

void skw_wire_disc_put(struct skw_writer *w, enum skw_disc reason)
{
	put_head(w, SKW_WIRE_DISC, 6);
	skw_put_u16(w, (uint16_t)reason);
	skw_put_u32(w, 0); /* reserved */
}

void skw_wire_list_begin(struct skw_wire_list *list, struct skw_writer *w, enum skw_wire_id id)
{
	list->start = skw_writer_len(w);
	list->count = 0;
	put_head(w, id, 0);
	skw_put_u32(w, 0);
}

void skw_wire_list_end(const struct skw_wire_list *list, struct skw_writer *w)
{
	size_t end = skw_writer_len(w);
	struct skw_writer head = skw_writer(w->start + list->start, SKW_WIRE_HEAD + 4);

	if (!w->ok)
		return;
	skw_put_u32(&head, (uint32_t)(end - list->start - 4));
	head.at += 4;
	skw_put_u32(&head, list->count);
}

enum skw_wire_status skw_wire_empty_get(const struct skw_wire_frame *frame)
{
	return frame->len == 0 ? SKW_WIRE_OK : SKW_WIRE_BODY;
}

enum skw_wire_status skw_wire_get_blocks_get(uint64_t *last, uint64_t *count,
					     const struct skw_wire_frame *frame)
{
	struct skw_reader r = skw_reader(frame->body, frame->len);

	*last = skw_get_u64(&r);
	*count = skw_get_u64(&r);
	return skw_reader_done(&r) ? SKW_WIRE_OK : SKW_WIRE_BODY;
}

enum skw_wire_status skw_wire_announce_get(uint64_t *seq, const struct skw_wire_frame *frame)
{
	struct skw_reader r = skw_reader(frame->body, frame->len);

	*seq = skw_get_u64(&r);
	return skw_reader_done(&r) ? SKW_WIRE_OK : SKW_WIRE_BODY;
}

enum skw_wire_status skw_wire_disc_get(uint16_t *reason, const struct skw_wire_frame *frame)
{
	struct skw_reader r = skw_reader(frame->body, frame->len);
	uint32_t reserved;

	*reason = skw_get_u16(&r);
	reserved = skw_get_u32(&r);
	return r.ok && skw_reader_left(&r) == reserved ? SKW_WIRE_OK : SKW_WIRE_BODY;
}

enum skw_wire_status skw_wire_hashes_get(struct skw_reader *r, uint32_t *count,
					 const struct skw_wire_frame *frame)
{
	*r = skw_reader(frame->body, frame->len);
	*count = skw_get_u32(r);
	return r->ok && *count <= SKW_WIRE_HASHES_MAX && skw_reader_left(r) == 32 * (size_t)*count
		   ? SKW_WIRE_OK
		   : SKW_WIRE_BODY;
}

enum skw_wire_status skw_wire_blocks_get(struct skw_reader *r, uint32_t *count,
					 const struct skw_wire_frame *frame)
{
	struct skw_reader walk = skw_reader(frame->body, frame->len);
	struct skw_block block;

	*count = skw_get_u32(&walk);
	*r = walk;
	if (!walk.ok || *count > SKW_WIRE_BLOCKS_MAX)
		return SKW_WIRE_BODY;
	for (uint32_t i = 0; i < *count; i++)
		if (skw_block_get(&block, &walk) != SKW_CODEC_OK)
			return SKW_WIRE_BODY;
	return skw_reader_done(&walk) ? SKW_WIRE_OK : SKW_WIRE_BODY;
}

enum skw_wire_status skw_wire_txs_get(struct skw_reader *r, uint32_t *count,
				      const struct skw_wire_frame *frame)
{
	struct skw_reader walk = skw_reader(frame->body, frame->len);
	struct skw_tx tx;

	*count = skw_get_u32(&walk);
	*r = walk;
	if (!walk.ok || *count > SKW_WIRE_TXS_MAX)
		return SKW_WIRE_BODY;
	for (uint32_t i = 0; i < *count; i++)
		if (skw_tx_get(&tx, &walk) != SKW_CODEC_OK)
			return SKW_WIRE_BODY;
	return skw_reader_done(&walk) ? SKW_WIRE_OK : SKW_WIRE_BODY;
}
