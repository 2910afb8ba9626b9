#include "session/skw_recovery.h"

#include <string.h>

enum { RTT_START_US = 1000000, GRANULARITY_US = 1000, PTO_MAX_US = 60000000 };
enum { ACK_DELAY_MIN_US = 1000 };

void skw_recovery_init(struct skw_recovery *r)
{
	memset(r, 0, sizeof(*r));
}

/* Section 5.3. */
void skw_recovery_sample(struct skw_recovery *r, uint64_t rtt_us, uint64_t ack_delay_us)
{
	uint64_t err;

	if (rtt_us == 0)
		rtt_us = 1;
	r->latest_rtt_us = rtt_us;
	if (r->srtt_us == 0) {
		r->min_rtt_us = r->srtt_us = rtt_us;
		r->rttvar_us = rtt_us / 2;
		return;
	}
	if (rtt_us < r->min_rtt_us)
		r->min_rtt_us = rtt_us;
	if (ack_delay_us > SKW_RECOVERY_ACK_DELAY_US)
		ack_delay_us = SKW_RECOVERY_ACK_DELAY_US;
	if (rtt_us >= r->min_rtt_us + ack_delay_us)
		rtt_us -= ack_delay_us;
	err = rtt_us > r->srtt_us ? rtt_us - r->srtt_us : r->srtt_us - rtt_us;
	r->rttvar_us = (3 * r->rttvar_us + err) / 4;
	r->srtt_us = (7 * r->srtt_us + rtt_us) / 8;
}

uint64_t skw_recovery_loss_delay(const struct skw_recovery *r)
{
	uint64_t rtt = r->srtt_us > r->latest_rtt_us ? r->srtt_us : r->latest_rtt_us;

	rtt = rtt > 0 ? rtt + rtt / 8 : RTT_START_US;
	return rtt > GRANULARITY_US ? rtt : GRANULARITY_US;
}

uint64_t skw_recovery_pto(const struct skw_recovery *r)
{
	uint64_t var = 4 * r->rttvar_us > GRANULARITY_US ? 4 * r->rttvar_us : GRANULARITY_US;
	uint64_t pto =
	    r->srtt_us > 0 ? r->srtt_us + var + SKW_RECOVERY_ACK_DELAY_US : 2 * RTT_START_US;

	pto <<= r->pto_count < 6 ? r->pto_count : 6;
	return pto < PTO_MAX_US ? pto : PTO_MAX_US;
}

/* A quarter of a round trip: the sender's window allows for that much. */
uint64_t skw_recovery_ack_delay(const struct skw_recovery *r)
{
	uint64_t delay = r->srtt_us / 4;

	if (r->srtt_us == 0 || delay > SKW_RECOVERY_ACK_DELAY_US)
		return SKW_RECOVERY_ACK_DELAY_US;
	return delay > ACK_DELAY_MIN_US ? delay : ACK_DELAY_MIN_US;
}
