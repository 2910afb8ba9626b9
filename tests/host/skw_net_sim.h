/* skw_net_sim - a few whole nodes in one process, in virtual time, on bad wires. For tests.
 *
 *   node: link - directory - onion - session - one stream of a known pattern each way
 *   wire: delay, jitter (so order is lost), loss, duplication, flipped bits, a rate and a short
 * queue
 *
 * Everything follows from the seed.
 */
#ifndef SKW_NET_SIM_H
#define SKW_NET_SIM_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "link/skw_link.h"
#include "onion/skw_directory.h"
#include "onion/skw_onion.h"
#include "session/skw_session.h"

enum { SIM_NODES = 8, SIM_FRAMES = 8192 };

static const uint64_t SIM_UNIX = 1800000000; /* seconds at virtual time 0 */

struct sim_wire {
	bool up;
	uint64_t delay_us, jitter_us;
	unsigned loss, duplicate, flip; /* per 10000 frames */
	uint64_t ns_per_byte, busy_us;
	uint64_t frames, bytes;
};

struct sim_frame {
	bool used;
	uint64_t due_us;
	unsigned from, to;
	size_t len;
	uint8_t data[SKW_LINK_FRAME_MAX];
};

/* What a relay's owner could write down: everything that its onion was given and gave away. */
struct sim_log {
	uint8_t *data;
	size_t len, max;
};

struct sim_app {
	bool open, accepted, ended, finished, closed, stall;
	bool server;
	uint32_t session, stream, code;
	uint8_t salt_out, salt_in;
	uint64_t to_write, written, read, resets;
	bool wrong;
};

struct sim_node {
	bool alive;
	struct skw_identity identity;
	struct skw_random_stream stream;
	struct skw_random random;
	struct skw_link *link;
	struct skw_directory *dir;
	struct skw_onion *onion;
	struct skw_session *session;
	bool neighbours[SIM_NODES + 1];
	uint32_t peer_of[SIM_NODES]; /* link's number for a node */
	uint64_t sequence, price, lives;
	bool publish_due;
	uint32_t circuit, ended_at; /* ours; the one that ends here */
	bool circuit_up, circuit_down;
	enum skw_onion_reason reason;
	uint64_t metered[SIM_NODES][2][2]; /* peer node, role, sent: bytes */
	uint64_t money[SIM_NODES][2];      /* peer node, role: droplets x bytes per MiB */
	unsigned ups, downs, pay_got;
	size_t pay_len;
	uint8_t pay_last[SKW_LINK_RELIABLE_MAX];
	struct sim_app app;
	struct sim_log log;
	bool tamper;   /* flips a bit in every cell that it relays */
	uint32_t room; /* cells a peer's port takes at a time; 0: any number */
};

struct sim {
	uint64_t now_us;
	struct skw_random_stream stream;
	struct skw_random random;
	struct sim_node nodes[SIM_NODES];
	unsigned count;
	struct sim_wire wires[SIM_NODES][SIM_NODES];
	struct sim_frame *frames;
	unsigned in_flight, most_in_flight;
	/* every frame and cell that any relay saw, for the test of privacy */
	void (*on_cell)(struct sim *sim, unsigned node, bool in, unsigned peer, const uint8_t *cell,
			size_t len);
};

static inline uint8_t sim_pattern(uint8_t salt, uint64_t offset)
{
	return (uint8_t)((offset * 2654435761u + salt * 97u) >> 13 ^ offset);
}

static inline void sim_log_add(struct sim_log *log, const uint8_t *data, size_t len)
{
	if (log->max - log->len < len) {
		log->max = 2 * log->max + len + 65536;
		log->data = realloc(log->data, log->max);
	}
	memcpy(log->data + log->len, data, len);
	log->len += len;
}

/* ---- wires
 * ------------------------------------------------------------------------------------------ */

static inline bool sim_chance(struct sim *sim, unsigned per_10000)
{
	return per_10000 > 0 && skw_random_u32(&sim->random) % 10000 < per_10000;
}

static inline void sim_put(struct sim *sim, unsigned from, unsigned to, const uint8_t *data,
			   size_t len, uint64_t due_us)
{
	for (unsigned i = 0; i < SIM_FRAMES; i++) {
		struct sim_frame *f = &sim->frames[i];

		if (f->used)
			continue;
		f->used = true;
		f->due_us = due_us;
		f->from = from;
		f->to = to;
		f->len = len;
		memcpy(f->data, data, len);
		if (++sim->in_flight > sim->most_in_flight)
			sim->most_in_flight = sim->in_flight;
		if (sim_chance(sim, sim->wires[from][to].flip))
			f->data[skw_random_u32(&sim->random) % len] ^=
			    (uint8_t)(1u << skw_random_u32(&sim->random) % 8);
		return;
	}
	abort(); /* the wires hold less than this: the test is wrong */
}

static inline void sim_transmit(struct sim *sim, unsigned from, unsigned to, const uint8_t *data,
				size_t len)
{
	struct sim_wire *w = &sim->wires[from][to];
	unsigned copies = sim_chance(sim, w->duplicate) ? 2 : 1;

	if (!w->up || sim_chance(sim, w->loss))
		return;
	if (w->busy_us < sim->now_us)
		w->busy_us = sim->now_us;
	if (w->busy_us - sim->now_us > 60000)
		return; /* the queue of the wire is full */
	w->busy_us += len * w->ns_per_byte / 1000;
	w->frames++;
	w->bytes += len;
	for (unsigned i = 0; i < copies; i++)
		sim_put(sim, from, to, data, len,
			w->busy_us + w->delay_us +
			    (w->jitter_us ? skw_random_u64(&sim->random) % w->jitter_us : 0));
}

/* ---- the user of a node
 * -------------------------------------------------------------------------------- */

static inline void sim_app_write(struct sim *sim, struct sim_node *n)
{
	struct sim_app *a = &n->app;
	uint8_t chunk[4096];

	while (a->written < a->to_write) {
		size_t len = a->to_write - a->written < sizeof(chunk)
				 ? (size_t)(a->to_write - a->written)
				 : sizeof(chunk);
		size_t took;

		for (size_t i = 0; i < len; i++)
			chunk[i] = sim_pattern(a->salt_out, a->written + i);
		took =
		    skw_session_write(n->session, a->session, a->stream, chunk, len, sim->now_us);
		a->written += took;
		if (took < len)
			return;
	}
	skw_session_finish(n->session, a->session, a->stream, sim->now_us);
}

static inline void sim_app_read(struct sim *sim, struct sim_node *n)
{
	struct sim_app *a = &n->app;
	uint8_t chunk[3000];
	size_t len;

	if (a->stall)
		return;
	do {
		len = skw_session_read(n->session, a->session, a->stream, chunk, sizeof(chunk),
				       &a->ended, sim->now_us);
		for (size_t i = 0; i < len; i++)
			a->wrong |= chunk[i] != sim_pattern(a->salt_in, a->read + i);
		a->read += len;
	} while (len == sizeof(chunk));
}

static inline void sim_app_opened(struct sim *sim, struct sim_node *n,
				  const struct skw_session_out *out)
{
	if (strcmp(out->name, "files") != 0) {
		skw_session_reset(n->session, out->session, out->stream, SKW_SESSION_NO_SERVICE,
				  sim->now_us);
		return;
	}
	n->app.server = n->app.open = true;
	n->app.session = out->session;
	n->app.stream = out->stream;
	skw_session_accept(n->session, out->session, out->stream, sim->now_us);
	sim_app_write(sim, n);
}

static inline void sim_session_event(struct sim *sim, struct sim_node *n,
				     const struct skw_session_out *out)
{
	switch (out->event) {
	case SKW_SESSION_SEND:
		if (skw_onion_send(n->onion, out->path, out->data, out->len, sim->now_us) ==
		    SKW_ONION_FULL)
			abort(); /* the session was told how much room there is */
		break;
	case SKW_SESSION_ESTABLISHED:
		break;
	case SKW_SESSION_CLOSED:
		n->app.closed = true;
		n->app.code = out->code;
		break;
	case SKW_SESSION_OPENED:
		sim_app_opened(sim, n, out);
		break;
	case SKW_SESSION_ACCEPTED:
		n->app.accepted = true;
		sim_app_write(sim, n);
		break;
	case SKW_SESSION_READABLE:
		sim_app_read(sim, n);
		break;
	case SKW_SESSION_WRITABLE:
		sim_app_write(sim, n);
		break;
	case SKW_SESSION_RESET:
		n->app.resets++;
		n->app.code = out->code;
		break;
	case SKW_SESSION_DATAGRAM:
		break;
	case SKW_SESSION_FINISHED:
		n->app.finished = true;
		break;
	}
}

/* ---- a node: the main loop of the daemon
 * ------------------------------------------------------------------ */

static inline unsigned sim_node_of_peer(const struct sim_node *n, uint32_t peer)
{
	for (unsigned i = 0; i < SIM_NODES; i++)
		if (n->peer_of[i] == peer)
			return i;
	return SIM_NODES;
}

static inline void sim_publish(struct sim *sim, struct sim_node *n)
{
	struct skw_descriptor d = {
		.sequence = ++n->sequence,
		.expires = SIM_UNIX + sim->now_us / 1000000 + 3600,
	};
	uint8_t out[SKW_DESCRIPTOR_MAX];
	size_t len;

	for (unsigned i = 0; i < sim->count; i++) {
		if (!n->neighbours[i])
			continue;
		d.links[d.link_count++] = (struct skw_descriptor_link) {
			.to = sim->nodes[i].identity.address,
			.capacity_kbps = 1000,
			.price_per_mib = n->price,
		};
	}
	len = skw_descriptor_sign(&d, &n->identity, out);
	if (skw_directory_publish(n->dir, out, len, SIM_UNIX + sim->now_us / 1000000) ==
	    SKW_DIRECTORY_MALFORMED)
		abort();
}

static inline void sim_onion(struct sim *sim, struct sim_node *n)
{
	unsigned self = (unsigned)(n - sim->nodes);
	struct skw_onion_out out;

	while (skw_onion_poll(n->onion, &out)) {
		unsigned peer = sim_node_of_peer(n, out.peer);
		uint8_t cell[SKW_CELL_FULL];

		switch (out.event) {
		case SKW_ONION_SEND:
			memcpy(cell, out.data, out.len);
			if (n->tamper && !out.reliable)
				cell[40] ^= 1;
			if (sim->on_cell != NULL)
				sim->on_cell(sim, self, false, peer, cell, out.len);
			skw_link_send(n->link, out.peer,
				      out.reliable ? SKW_LINK_CIRCUIT : SKW_LINK_CELL, cell,
				      out.len, sim->now_us);
			break;
		case SKW_ONION_DATA:
			n->ended_at = out.circuit;
			skw_session_receive(n->session, out.circuit, out.data, out.len,
					    sim->now_us);
			break;
		case SKW_ONION_METER:
			n->metered[peer][out.meter.role][out.meter.sent] += out.meter.bytes;
			n->money[peer][out.meter.role] += out.meter.bytes * out.meter.price_per_mib;
			break;
		case SKW_ONION_CIRCUIT_UP:
			n->circuit_up = true;
			break;
		case SKW_ONION_CIRCUIT_DOWN:
			if (out.circuit == n->circuit) {
				n->circuit_up = false;
				n->circuit_down = true;
				n->reason = out.reason;
			}
			skw_session_path_down(n->session, out.circuit, sim->now_us);
			break;
		}
	}
}

static inline void sim_message(struct sim *sim, struct sim_node *n, const struct skw_link_out *out)
{
	unsigned self = (unsigned)(n - sim->nodes), peer = sim_node_of_peer(n, out->peer);

	switch (out->type) {
	case SKW_LINK_CELL:
	case SKW_LINK_CIRCUIT:
		if (sim->on_cell != NULL)
			sim->on_cell(sim, self, true, peer, out->data, out->len);
		skw_onion_receive(n->onion, out->peer, out->data, out->len, sim->now_us);
		sim_onion(sim, n);
		break;
	case SKW_LINK_DIRECTORY:
		skw_directory_receive(n->dir, out->peer, out->data, out->len,
				      SIM_UNIX + sim->now_us / 1000000);
		break;
	case SKW_LINK_PAY:
		n->pay_got++;
		n->pay_len = out->len;
		memcpy(n->pay_last, out->data, out->len);
		break;
	case SKW_LINK_CONTROL:
		break;
	}
}

static inline void sim_link_event(struct sim *sim, struct sim_node *n,
				  const struct skw_link_out *out)
{
	unsigned self = (unsigned)(n - sim->nodes);

	switch (out->event) {
	case SKW_LINK_SEND:
		sim_transmit(sim, self, out->to.addr[0], out->data, out->len);
		break;
	case SKW_LINK_MESSAGE:
		sim_message(sim, n, out);
		break;
	case SKW_LINK_PEER_UP:
	case SKW_LINK_PEER_DOWN:
		for (unsigned i = 0; i < sim->count; i++)
			if (skw_node_address_equal(&out->address,
						   &sim->nodes[i].identity.address)) {
				n->peer_of[i] = out->peer;
				n->neighbours[i] = out->event == SKW_LINK_PEER_UP;
			}
		n->publish_due = true;
		if (out->event == SKW_LINK_PEER_UP) {
			n->ups++;
			skw_onion_peer_up(n->onion, out->peer, &out->address, sim->now_us);
			if (n->room > 0)
				skw_onion_set_room(n->onion, out->peer, n->room);
			skw_directory_peer_up(n->dir, out->peer);
		} else {
			n->downs++;
			skw_onion_peer_down(n->onion, out->peer, sim->now_us);
			skw_directory_peer_down(n->dir, out->peer);
		}
		sim_onion(sim, n);
		break;
	}
}

static inline bool sim_session(struct sim *sim, struct sim_node *n)
{
	uint32_t paths[2] = { n->circuit, n->ended_at };
	struct skw_session_out out;
	bool any = false;

	for (;;) {
		for (unsigned i = 0; i < 2; i++)
			if (paths[i] != 0)
				skw_session_set_room(n->session, paths[i],
						     skw_onion_room(n->onion, paths[i]));
		if (!skw_session_poll(n->session, &out))
			return any;
		any = true;
		sim_session_event(sim, n, &out);
		sim_onion(sim, n);
	}
}

static inline void sim_pump(struct sim *sim, struct sim_node *n)
{
	struct skw_link_out link_out;
	struct skw_directory_out dir_out;
	bool again = true;

	while (again) {
		again = false;
		while (skw_link_poll(n->link, &link_out)) {
			sim_link_event(sim, n, &link_out);
			again = true;
		}
		if (n->publish_due) {
			n->publish_due = false;
			sim_publish(sim, n);
		}
		while (skw_directory_poll(n->dir, &dir_out)) {
			if (skw_link_send(n->link, dir_out.peer, SKW_LINK_DIRECTORY, dir_out.data,
					  dir_out.len, sim->now_us) != SKW_LINK_OK)
				skw_directory_refused(n->dir, dir_out.peer);
			else
				again = true;
		}
		sim_onion(sim, n);
		if (sim_session(sim, n))
			again = true;
		sim_onion(sim, n);
	}
}

/* ---- life and time
 * -------------------------------------------------------------------------------------------- */

static inline void sim_start(struct sim *sim, unsigned i)
{
	struct sim_node *n = &sim->nodes[i];
	struct skw_link_config link = {
		.identity = &n->identity,
		.random = skw_random_seeded(&n->stream, 1000 + i + 100 * n->lives++),
		.stamp = SIM_UNIX * 1000000 + sim->now_us,
		.accept_unknown = true,
	};
	struct skw_onion_config onion = {
		.identity = &n->identity,
		.random = link.random,
		.price_per_mib = n->price,
	};
	struct skw_session_config session = {
		.identity = &n->identity,
		.random = link.random,
		.sessions_max = 8,
	};

	n->random = link.random;
	n->link = skw_link_new(&link, sim->now_us);
	n->dir = skw_directory_new(&n->random);
	n->onion = skw_onion_new(&onion);
	n->session = skw_session_new(&session);
	n->sequence = SIM_UNIX * 1000000 + sim->now_us;
	n->alive = true;
	memset(n->neighbours, 0, sizeof(n->neighbours));
	memset(n->peer_of, 0, sizeof(n->peer_of));
}

static inline void sim_kill(struct sim *sim, unsigned i)
{
	struct sim_node *n = &sim->nodes[i];

	(void)sim;
	skw_link_free(n->link);
	skw_directory_free(n->dir);
	skw_onion_free(n->onion);
	skw_session_free(n->session);
	n->alive = false;
}

static inline void sim_new(struct sim *sim, unsigned count, uint64_t seed)
{
	memset(sim, 0, sizeof(*sim));
	sim->frames = calloc(SIM_FRAMES, sizeof(*sim->frames));
	sim->random = skw_random_seeded(&sim->stream, seed);
	sim->count = count;
	sim->now_us = 1000000;
	for (unsigned i = 0; i < count; i++) {
		skw_identity_generate(&sim->nodes[i].identity, &sim->random);
		sim->nodes[i].price = 100;
		sim_start(sim, i);
	}
}

static inline void sim_free(struct sim *sim)
{
	for (unsigned i = 0; i < sim->count; i++) {
		if (sim->nodes[i].alive)
			sim_kill(sim, i);
		free(sim->nodes[i].log.data);
	}
	free(sim->frames);
}

static inline void sim_call(struct sim *sim, unsigned a, unsigned b)
{
	struct skw_link_endpoint at = { .port = 0, .len = 1, .addr = { (uint8_t)b } };
	uint32_t peer;

	skw_link_add_peer(sim->nodes[a].link, &sim->nodes[b].identity.address, &at, sim->now_us,
			  &peer);
	sim_pump(sim, &sim->nodes[a]);
}

/* A wire both ways; each end calls the other. */
static inline void sim_join(struct sim *sim, unsigned a, unsigned b, const struct sim_wire *wire)
{
	sim->wires[a][b] = sim->wires[b][a] = *wire;
	sim->wires[a][b].up = sim->wires[b][a].up = true;
	sim_call(sim, a, b);
	sim_call(sim, b, a);
}

static inline void sim_deliver(struct sim *sim, struct sim_frame *f)
{
	struct sim_node *n = &sim->nodes[f->to];
	struct skw_link_endpoint from = { .port = 0, .len = 1, .addr = { (uint8_t)f->from } };

	f->used = false;
	sim->in_flight--;
	if (!n->alive)
		return;
	skw_link_receive(n->link, &from, f->data, f->len, sim->now_us);
	sim_pump(sim, n);
}

static inline uint64_t sim_node_timer(const struct sim_node *n)
{
	uint64_t t = skw_link_next_timer(n->link), u = skw_onion_next_timer(n->onion),
		 v = skw_session_next_timer(n->session);

	t = u < t ? u : t;
	return v < t ? v : t;
}

/* One event: the earliest frame or timer. Time always moves on, by a microsecond at least for
 * timers. */
static inline bool sim_step(struct sim *sim, uint64_t until_us)
{
	struct sim_frame *f = NULL;
	struct sim_node *due = NULL;
	uint64_t at = until_us;

	for (unsigned i = 0, left = sim->in_flight; i < SIM_FRAMES && left > 0; i++) {
		if (!sim->frames[i].used)
			continue;
		left--;
		if (sim->frames[i].due_us < at) {
			f = &sim->frames[i];
			at = f->due_us;
		}
	}
	for (unsigned i = 0; i < sim->count; i++) {
		uint64_t t = sim->nodes[i].alive ? sim_node_timer(&sim->nodes[i]) : UINT64_MAX;

		if (t <= sim->now_us)
			t = sim->now_us + 1;
		if (t < at) {
			due = &sim->nodes[i];
			at = t;
		}
	}
	sim->now_us = at > sim->now_us ? at : sim->now_us;
	if (due != NULL) {
		skw_link_tick(due->link, sim->now_us);
		skw_onion_tick(due->onion, sim->now_us);
		skw_session_tick(due->session, sim->now_us);
		skw_directory_tick(due->dir, SIM_UNIX + sim->now_us / 1000000);
		sim_pump(sim, due);
	} else if (f != NULL) {
		sim_deliver(sim, f);
	}
	return due != NULL || f != NULL;
}

static inline void sim_run(struct sim *sim, uint64_t us)
{
	uint64_t until = sim->now_us + us;

	while (sim_step(sim, until))
		;
}

/* Runs until `done` says so; false after `us`. */
static inline bool sim_until(struct sim *sim, uint64_t us, bool (*done)(struct sim *sim))
{
	uint64_t until = sim->now_us + us;

	while (!done(sim))
		if (!sim_step(sim, until))
			return done(sim);
	return true;
}

/* Builds a circuit by the directory of `from`. */
static inline bool sim_build(struct sim *sim, unsigned from, unsigned to, int relays)
{
	struct sim_node *n = &sim->nodes[from];
	struct skw_path_request request = {
		.from = n->identity.address,
		.to = sim->nodes[to].identity.address,
		.relays = relays,
		.seed = 1,
	};
	struct skw_path path;

	if (!skw_path_find(n->dir, &request, &path))
		return false;
	n->circuit_up = n->circuit_down = false;
	if (skw_onion_build(n->onion, path.hops, path.offer, path.count, sim->now_us,
			    &n->circuit) != SKW_ONION_OK)
		return false;
	sim_pump(sim, n);
	return true;
}

#endif
