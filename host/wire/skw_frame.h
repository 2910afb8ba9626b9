/* skw_frame - the descriptors of a SoapySDR frame stream (docs/frame-stream.md).
 *
 * One writeStream call carries a transmit descriptor and a PSDU, one readStream call a receive
 * descriptor and a PSDU. Time travels beside them, in the call's timeNs.
 */
#ifndef SKW_FRAME_H
#define SKW_FRAME_H

#include <stdbool.h>
#include <stdint.h>

#define SKW_FRAME_VERSION 1u
#define SKW_FRAME_TX_DESC 16u /* bytes */
#define SKW_FRAME_RX_DESC 24u /* bytes */
#define SKW_PSDU_MAX 4095u    /* bytes, FCS included */
#define SKW_FCS_LEN 4u

struct skw_frame_tx {
	uint8_t rate_mbps; /* 6, 9, 12, 18, 24, 36, 48 or 54, as on a 20 MHz channel */
	uint16_t length;   /* PSDU bytes with FCS, 1..SKW_PSDU_MAX */
	bool append_fcs;   /* the device computes the last four bytes */
	uint8_t seed;      /* scrambler seed 1..127; 0: the device chooses */
	int16_t power_cdb; /* relative to full scale, 1/100 dB, <= 0 */
	uint32_t tag;
};

struct skw_frame_rx {
	uint8_t rate_mbps;
	uint16_t length; /* PSDU bytes with FCS */
	bool fcs_ok;
	int16_t rssi_cdb; /* 1/100 dBFS */
	int16_t snr_cdb;  /* 1/100 dB over the sampled band */
	int32_t cfo_hz;
	uint64_t time; /* device time in samples, first sample of the preamble */
};

/* True for the eight rates of clause 17 (table 17-4 of IEEE 802.11-2020). */
bool skw_frame_rate_valid(uint8_t rate_mbps);

/* Coding never fails; decoding refuses a wrong version, rate, length or seed. */
void skw_frame_tx_put(uint8_t out[SKW_FRAME_TX_DESC], const struct skw_frame_tx *f);
bool skw_frame_tx_get(struct skw_frame_tx *f, const uint8_t in[SKW_FRAME_TX_DESC]);
void skw_frame_rx_put(uint8_t out[SKW_FRAME_RX_DESC], const struct skw_frame_rx *f);
bool skw_frame_rx_get(struct skw_frame_rx *f, const uint8_t in[SKW_FRAME_RX_DESC]);

#endif
