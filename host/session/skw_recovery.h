/* skw_recovery - round trip and timeouts of one path, after RFC 9002. The window is skw_bbr's.
 */
#ifndef SKW_RECOVERY_H
#define SKW_RECOVERY_H

#include <stdbool.h>
#include <stdint.h>

#define SKW_RECOVERY_ACK_DELAY_US 25000u /* the longest an acknowledgement is held back */

struct skw_recovery {
	uint64_t srtt_us, rttvar_us, min_rtt_us, latest_rtt_us; /* srtt 0: no sample yet */
	unsigned pto_count;
};

void skw_recovery_init(struct skw_recovery *r);
void skw_recovery_sample(struct skw_recovery *r, uint64_t rtt_us, uint64_t ack_delay_us);
/* Until when an unacknowledged packet is not taken for lost (section 6.1.2). */
uint64_t skw_recovery_loss_delay(const struct skw_recovery *r);
/* The probe timeout (section 6.2), with backoff. */
uint64_t skw_recovery_pto(const struct skw_recovery *r);
/* How long an acknowledgement is held back on this path. */
uint64_t skw_recovery_ack_delay(const struct skw_recovery *r);

#endif
