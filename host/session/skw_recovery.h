/* skw_recovery - round trip, timeout and window of one path, after RFC 9002 (NewReno).
 *
 * Sizes are bytes of packets. What was sent and what is lost is the session's to know.
 */
#ifndef SKW_RECOVERY_H
#define SKW_RECOVERY_H

#include <stdbool.h>
#include <stdint.h>

#define SKW_RECOVERY_ACK_DELAY_US 25000u /* the longest an ack is held back */

struct skw_recovery {
	uint64_t srtt_us, rttvar_us, min_rtt_us, latest_rtt_us; /* srtt 0: no sample yet */
	uint64_t cwnd, ssthresh, in_flight;
	uint64_t recovery_us; /* packets sent before this were answered for already */
	unsigned pto_count;
};

void skw_recovery_init(struct skw_recovery *r);
void skw_recovery_sample(struct skw_recovery *r, uint64_t rtt_us, uint64_t ack_delay_us);
/* Until when an unacknowledged packet is not taken for lost (section 6.1.2). */
uint64_t skw_recovery_loss_delay(const struct skw_recovery *r);
/* The probe timeout (section 6.2), with backoff. */
uint64_t skw_recovery_pto(const struct skw_recovery *r);
void skw_recovery_on_acked(struct skw_recovery *r, uint64_t sent_us, uint64_t size);
void skw_recovery_on_lost(struct skw_recovery *r, uint64_t sent_us, uint64_t now_us);
void skw_recovery_on_pto(struct skw_recovery *r);

#endif
