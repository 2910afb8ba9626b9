/* skw_reliable - messages that must arrive, over a link that loses: once each, in order.
 *
 *   push -> [fragments, window of 32] -> poll ))) link ((( accept -> [window] -> take -> message
 *                    ^------ on_ack <---- ack <------------------'
 *
 * A message is cut into fragments, numbered across messages. The ack tells the first number missing
 * and a bitmap of the 32 from there. Timeouts follow the measured round trip (RFC 6298), never from
 * a fragment sent twice. Memory is taken per fragment and bounded per direction.
 */
#ifndef SKW_RELIABLE_H
#define SKW_RELIABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SKW_RELIABLE_WINDOW 32u
#define SKW_RELIABLE_SLOTS 512u /* fragments queued */
#define SKW_RELIABLE_HEADER 6u  /* number u32, type u8, flags u8 */
#define SKW_RELIABLE_FRAGMENT 1416u

struct skw_reliable_fragment {
	uint8_t *data;
	uint16_t len;
	uint8_t type;
	bool last;
	bool acked;
	uint8_t sends;
	uint64_t sent_us;
};

struct skw_reliable {
	size_t max_queued, max_message;
	uint64_t first_timeout_us;
	/* sender */
	struct skw_reliable_fragment tx[SKW_RELIABLE_SLOTS];
	uint32_t tx_start, tx_end;
	size_t queued;
	uint64_t srtt_us, rttvar_us;
	unsigned backoff;
	uint64_t retransmits;
	/* receiver */
	struct skw_reliable_fragment rx[SKW_RELIABLE_WINDOW];
	uint32_t rx_start;
	bool ack_due;
	uint8_t *message;
	size_t message_len;
	bool overlong;
};

enum skw_reliable_status {
	SKW_RELIABLE_OK,
	SKW_RELIABLE_FULL,
	SKW_RELIABLE_TOO_LONG,
	SKW_RELIABLE_MALFORMED, /* the other end broke the protocol */
};

void skw_reliable_init(struct skw_reliable *r, size_t max_queued, size_t max_message,
		       uint64_t first_timeout_us);
/* Drops what is queued and starts at number 0 again; also frees all memory. */
void skw_reliable_reset(struct skw_reliable *r);

enum skw_reliable_status skw_reliable_push(struct skw_reliable *r, uint8_t type,
					   const uint8_t *data, size_t len, size_t fragment_max);
/* Writes the next fragment due, header first; false if none is. `max` >= the longest fragment. */
bool skw_reliable_poll(struct skw_reliable *r, uint64_t now_us, uint8_t *out, size_t max,
		       size_t *len);
enum skw_reliable_status skw_reliable_accept(struct skw_reliable *r, const uint8_t *in, size_t len);
/* The next whole message, valid until the next call; false if there is none. */
bool skw_reliable_take(struct skw_reliable *r, uint8_t *type, const uint8_t **data, size_t *len);

/* The ack to send if ack_due: first number missing, bit i for that + i. */
void skw_reliable_ack(struct skw_reliable *r, uint32_t *start, uint32_t *held);
enum skw_reliable_status skw_reliable_on_ack(struct skw_reliable *r, uint32_t start, uint32_t held,
					     uint64_t now_us);

/* When poll has something to say again. */
uint64_t skw_reliable_next_timer(const struct skw_reliable *r);

#endif
