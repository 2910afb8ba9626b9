/* rooms: wire
 *
 * skw_frame: both descriptors of a frame stream. What decodes holds only values in range, and its
 * encoding decodes to the same again. */

#include "skw_fuzz.h"
#include "wire/skw_frame.h"

static void transmit(const uint8_t in[SKW_FRAME_TX_DESC])
{
	uint8_t again[SKW_FRAME_TX_DESC], third[SKW_FRAME_TX_DESC];
	struct skw_frame_tx f, g;

	if (!skw_frame_tx_get(&f, in))
		return;
	FUZZ_CHECK(skw_frame_rate_valid(f.rate_mbps));
	FUZZ_CHECK(f.length >= 1 && f.length <= SKW_PSDU_MAX && f.seed <= 127);
	skw_frame_tx_put(again, &f);
	FUZZ_CHECK(skw_frame_tx_get(&g, again));
	skw_frame_tx_put(third, &g);
	FUZZ_CHECK(memcmp(again, third, sizeof(again)) == 0);
	FUZZ_CHECK(f.rate_mbps == g.rate_mbps && f.length == g.length && f.seed == g.seed &&
		   f.append_fcs == g.append_fcs && f.power_cdb == g.power_cdb && f.tag == g.tag);
}

static void receive(const uint8_t in[SKW_FRAME_RX_DESC])
{
	uint8_t again[SKW_FRAME_RX_DESC];
	struct skw_frame_rx f, g;

	if (!skw_frame_rx_get(&f, in))
		return;
	FUZZ_CHECK(skw_frame_rate_valid(f.rate_mbps));
	FUZZ_CHECK(f.length >= 1 && f.length <= SKW_PSDU_MAX);
	skw_frame_rx_put(again, &f);
	FUZZ_CHECK(skw_frame_rx_get(&g, again));
	FUZZ_CHECK(f.rate_mbps == g.rate_mbps && f.length == g.length && f.fcs_ok == g.fcs_ok &&
		   f.rssi_cdb == g.rssi_cdb && f.snr_cdb == g.snr_cdb && f.cfo_hz == g.cfo_hz &&
		   f.time == g.time);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy = fuzz_copy(data, size);

	if (size == SKW_FRAME_TX_DESC)
		transmit(copy);
	if (size == SKW_FRAME_RX_DESC)
		receive(copy);
	free(copy);
	return 0;
}

static void seeds(void)
{
	struct skw_frame_tx tx = { .rate_mbps = 24, .length = 100, .append_fcs = true, .tag = 7 };
	struct skw_frame_rx rx = { .rate_mbps = 54, .length = 4095, .fcs_ok = true, .time = 9 };
	uint8_t a[SKW_FRAME_TX_DESC], b[SKW_FRAME_RX_DESC];

	skw_frame_tx_put(a, &tx);
	skw_frame_rx_put(b, &rx);
	fuzz_seed("transmit", a, sizeof(a));
	fuzz_seed("receive", b, sizeof(b));
}

FUZZ_START(seeds)
