/* skw_session - end to end: Noise IK inside circuits, and reliable streams over it.
 *
 *   SOCKS5, services --open, write, read--> [ session ] --SEND--> skw_onion_send (path = circuit)
 *            <--OPENED, READABLE, WRITABLE, ...-- [ session ] <--receive-- SKW_ONION_DATA
 *
 * One object holds all sessions of a node, those it made (client) and those made to it (server).
 * A session goes over one path (circuit) or many at once: `add_path`, and the server follows the
 * client. Each path has its own packet numbers, round trip, loss detection (RFC 9002) and window
 * (skw_bbr); streams are put together from all of them. A path that falls silent costs its share
 * and one timeout; it is tried again until it answers or is taken away. A session outlives all its
 * paths: when the last circuit dies, build another and add it.
 * Keys are replaced by time and bytes under traffic, by new ones that do not follow from them.
 * Streams are flow controlled: a reader that does not read stops the writer, and no more than
 * SKW_SESSION_CREDIT bytes wait per session. Datagrams may be lost or dropped, never repeated.
 *
 * Poll until false after each call that takes `now_us`, but for skw_session_receive, of which a
 * batch may come before it; an output lives until the next call.
 */
#ifndef SKW_SESSION_H
#define SKW_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "keys/skw_identity.h"
#include "onion/skw_cell.h"

#define SKW_SESSION_PACKET_MAX SKW_CELL_FULL_DATA
#define SKW_SESSION_NAME_MAX 255u
#define SKW_SESSION_STREAMS 64u /* that each end may have opened at a time */
#define SKW_SESSION_PATHS 32u
#define SKW_SESSION_STREAM_CREDIT 8388608u /* at most; a stream begins with 65536 and earns it */
#define SKW_SESSION_CREDIT 16777216u
#define SKW_SESSION_DATAGRAM_MAX 1350u

/* Codes of refuse, reset and close travel to the other end; these are known to both. */
enum skw_session_code {
	SKW_SESSION_DONE = 0,
	SKW_SESSION_NO_SERVICE = 1,  /* no such name here */
	SKW_SESSION_UNREACHABLE = 2, /* the service does not answer */
	SKW_SESSION_FORBIDDEN = 3,   /* policy */
	SKW_SESSION_CONNECTION = 4,  /* the connection behind the stream broke */
	SKW_SESSION_TOO_MANY = 5,
	SKW_SESSION_PROTOCOL = 6, /* the other end broke the rules */
	SKW_SESSION_TIMEOUT = 7,
};

enum skw_session_status {
	SKW_SESSION_OK,
	SKW_SESSION_FULL,    /* table or queue full */
	SKW_SESSION_UNKNOWN, /* no such session or stream */
	SKW_SESSION_INVALID, /* name empty or too long, or not in this state */
	SKW_SESSION_DROPPED, /* receive: not authentic or malformed; counted */
};

/* On several paths a datagram may keep its place in its flow, and waits for it. */
enum skw_session_order {
	SKW_SESSION_LOOSE,   /* never: the quickest path is its own */
	SKW_SESSION_FOLLOWS, /* if one that is ordered went shortly before */
	SKW_SESSION_ORDERED,
};

struct skw_session_config {
	const struct skw_identity *identity; /* outlives it */
	struct skw_random random;
	/* Zero takes the default. */
	uint32_t sessions_max;   /* 256 */
	uint64_t handshake_us;   /* first retry, doubling: 2 s; given up after 6 tries */
	uint64_t dead_us;        /* silence while data waits that closes a session: 120 s */
	uint64_t rekey_us;       /* keys that were used this long are replaced: 120 s */
	uint64_t rekey_bytes;    /* or this much: 1 GiB */
	uint64_t rekey_pause_us; /* and at most this often: 1 s */
	uint64_t idle_us;        /* a server forgets a session without traffic: 600 s */
};

enum skw_session_event {
	SKW_SESSION_SEND,        /* `data` into circuit `path` */
	SKW_SESSION_ESTABLISHED, /* `address` is proven to be the other end */
	SKW_SESSION_CLOSED,      /* `code`; session and streams are dead */
	SKW_SESSION_OPENED,      /* the other end opened `stream` to `name`: accept or refuse it */
	SKW_SESSION_ACCEPTED,
	SKW_SESSION_READABLE, /* data or the end of it: read */
	SKW_SESSION_WRITABLE, /* after a short write: there is room again */
	SKW_SESSION_RESET, /* `code`: refused or broken off by the other end; the stream is dead */
	SKW_SESSION_DATAGRAM, /* `data` came */
	SKW_SESSION_FINISHED, /* both directions are complete, read and acknowledged; it is dead */
};

struct skw_session_out {
	enum skw_session_event event;
	uint32_t path;    /* SEND */
	uint32_t session; /* all but SEND */
	uint32_t stream;
	uint32_t code;
	struct skw_node_address address;     /* ESTABLISHED */
	char name[SKW_SESSION_NAME_MAX + 1]; /* OPENED */
	const uint8_t *data;
	size_t len;
};

struct skw_session_info {
	uint32_t session;
	struct skw_node_address address;
	bool client, established;
	uint32_t paths, path; /* how many; the quickest, 0 if none */
	uint32_t streams;
	uint32_t rekeys;
	uint64_t rtt_us;                     /* of the quickest */
	uint64_t cwnd, in_flight;            /* of all */
	uint64_t bytes_sent, bytes_received; /* of streams, once each */
	uint64_t packets_sent, packets_received, packets_lost;
	uint64_t datagrams_sent, datagrams_received, datagrams_dropped;
};

struct skw_session_path_info {
	uint32_t session, path;
	bool silent;                                        /* does not answer; probed */
	uint64_t rtt_us, min_rtt_us, cwnd, in_flight, rate; /* bytes a second */
	uint64_t packets_sent, packets_received, packets_lost;
};

struct skw_session_counters {
	uint64_t forged, malformed, replayed, refused;
};

struct skw_session;

struct skw_session *skw_session_new(const struct skw_session_config *config);
void skw_session_free(struct skw_session *s);

/* Client: a session to the node at the end of `path`. Streams may be opened at once; they wait. */
enum skw_session_status skw_session_connect(struct skw_session *s, uint32_t path,
					    const struct skw_node_address *to, uint64_t now_us,
					    uint32_t *session);
void skw_session_close(struct skw_session *s, uint32_t session, uint32_t code, uint64_t now_us);

/* The path (circuit) has died: what was on it goes over the others. A session without any holds
 * its breath. */
void skw_session_path_down(struct skw_session *s, uint32_t path, uint64_t now_us);
/* Client: one more path to the same node. Before the session is established there is but one, and
 * this replaces it. SKW_SESSION_FULL: SKW_SESSION_PATHS are in use. */
enum skw_session_status skw_session_add_path(struct skw_session *s, uint32_t session, uint32_t path,
					     uint64_t now_us);
/* Client: uses it no more and tells the server so over another; then its circuit may go. */
enum skw_session_status skw_session_remove_path(struct skw_session *s, uint32_t session,
						uint32_t path, uint64_t now_us);
/* Client: nothing new is sent over it; when the last of it is acknowledged the server is told to
 * use it no more. What is under way still arrives. Remove it some seconds later. */
void skw_session_retire_path(struct skw_session *s, uint32_t session, uint32_t path,
			     uint64_t now_us);
/* Asks every path that was silent from this end for `idle_us` for a sign of life: so a dead one is
 * found although nothing is sent, and the other end does not forget a session that is idle. */
void skw_session_ping(struct skw_session *s, uint32_t session, uint64_t idle_us, uint64_t now_us);
/* Client: add_path, and all others are removed. */
enum skw_session_status skw_session_move(struct skw_session *s, uint32_t session, uint32_t path,
					 uint64_t now_us);
/* How many packets the path takes now (skw_onion_room): each SEND takes one. At first unbounded. */
void skw_session_set_room(struct skw_session *s, uint32_t path, uint32_t packets);

/* SKW_ONION_DATA. SKW_SESSION_OK or _DROPPED. */
enum skw_session_status skw_session_receive(struct skw_session *s, uint32_t path,
					    const uint8_t *data, size_t len, uint64_t now_us);

enum skw_session_status skw_session_open(struct skw_session *s, uint32_t session, const char *name,
					 uint64_t now_us, uint32_t *stream);
enum skw_session_status skw_session_accept(struct skw_session *s, uint32_t session, uint32_t stream,
					   uint64_t now_us);
/* Refuses or breaks off, both directions; the stream is dead for the caller at once. */
enum skw_session_status skw_session_reset(struct skw_session *s, uint32_t session, uint32_t stream,
					  uint32_t code, uint64_t now_us);

/* Takes as many bytes as there is room for and returns how many; WRITABLE follows a short write. */
size_t skw_session_write(struct skw_session *s, uint32_t session, uint32_t stream,
			 const uint8_t *data, size_t len, uint64_t now_us);
/* How many bytes write would take at least. */
size_t skw_session_stream_room(const struct skw_session *s, uint32_t session, uint32_t stream);
/* No more will be written. */
void skw_session_finish(struct skw_session *s, uint32_t session, uint32_t stream, uint64_t now_us);
/* Returns how many bytes were read; *end tells that no more will come. Call until it returns less
 * than `max`. */
size_t skw_session_read(struct skw_session *s, uint32_t session, uint32_t stream, uint8_t *data,
			size_t max, bool *end, uint64_t now_us);

/* Unreliable, after the streams' control and before their data. Flows (by a hash) take turns, and
 * who seldom sends goes first; what waits too long is dropped. SKW_SESSION_FULL: it is dropped at
 * once. */
enum skw_session_status skw_session_send_datagram(struct skw_session *s, uint32_t session,
						  uint32_t flow, enum skw_session_order order,
						  const uint8_t *data, size_t len, uint64_t now_us);

bool skw_session_poll(struct skw_session *s, struct skw_session_out *out);
uint64_t skw_session_next_timer(const struct skw_session *s);
void skw_session_tick(struct skw_session *s, uint64_t now_us);

bool skw_session_next(const struct skw_session *s, uint32_t *cursor, struct skw_session_info *info);
/* Walks the paths of all sessions: start with *cursor = 0. For `skywave circuits` and set_room. */
bool skw_session_next_path(const struct skw_session *s, uint32_t *cursor,
			   struct skw_session_path_info *info);
const struct skw_session_counters *skw_session_counters(const struct skw_session *s);
const char *skw_session_code_text(uint32_t code);

#endif
