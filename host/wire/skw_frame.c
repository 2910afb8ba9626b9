#include "wire/skw_frame.h"

#include "wire/skw_cursor.h"

enum { FLAG_FCS_OK = 1, FLAG_APPEND_FCS = 2 };

bool skw_frame_rate_valid(uint8_t rate_mbps)
{
	switch (rate_mbps) {
	case 6:
	case 9:
	case 12:
	case 18:
	case 24:
	case 36:
	case 48:
	case 54:
		return true;
	default:
		return false;
	}
}

void skw_frame_tx_put(uint8_t out[SKW_FRAME_TX_DESC], const struct skw_frame_tx *f)
{
	struct skw_writer w = skw_writer(out, SKW_FRAME_TX_DESC);

	skw_put_u8(&w, SKW_FRAME_VERSION);
	skw_put_u8(&w, f->rate_mbps);
	skw_put_u16(&w, f->length);
	skw_put_u8(&w, f->append_fcs ? FLAG_APPEND_FCS : 0);
	skw_put_u8(&w, f->seed);
	skw_put_u16(&w, (uint16_t)f->power_cdb);
	skw_put_u32(&w, f->tag);
	skw_put_u32(&w, 0);
}

bool skw_frame_tx_get(struct skw_frame_tx *f, const uint8_t in[SKW_FRAME_TX_DESC])
{
	struct skw_reader r = skw_reader(in, SKW_FRAME_TX_DESC);
	uint8_t version = skw_get_u8(&r);
	uint8_t flags;

	f->rate_mbps = skw_get_u8(&r);
	f->length = skw_get_u16(&r);
	flags = skw_get_u8(&r);
	f->append_fcs = flags & FLAG_APPEND_FCS;
	f->seed = skw_get_u8(&r);
	f->power_cdb = (int16_t)skw_get_u16(&r);
	f->tag = skw_get_u32(&r);
	return version == SKW_FRAME_VERSION && skw_frame_rate_valid(f->rate_mbps) &&
	       f->length >= (f->append_fcs ? SKW_FCS_LEN + 1u : 1u) && f->length <= SKW_PSDU_MAX &&
	       f->seed < 128 && f->power_cdb <= 0;
}

void skw_frame_rx_put(uint8_t out[SKW_FRAME_RX_DESC], const struct skw_frame_rx *f)
{
	struct skw_writer w = skw_writer(out, SKW_FRAME_RX_DESC);

	skw_put_u8(&w, SKW_FRAME_VERSION);
	skw_put_u8(&w, f->rate_mbps);
	skw_put_u16(&w, f->length);
	skw_put_u8(&w, f->fcs_ok ? FLAG_FCS_OK : 0);
	skw_put_u8(&w, 0);
	skw_put_u16(&w, (uint16_t)f->rssi_cdb);
	skw_put_u16(&w, (uint16_t)f->snr_cdb);
	skw_put_u16(&w, 0);
	skw_put_u32(&w, (uint32_t)f->cfo_hz);
	skw_put_u64(&w, f->time);
}

bool skw_frame_rx_get(struct skw_frame_rx *f, const uint8_t in[SKW_FRAME_RX_DESC])
{
	struct skw_reader r = skw_reader(in, SKW_FRAME_RX_DESC);
	uint8_t version = skw_get_u8(&r);

	f->rate_mbps = skw_get_u8(&r);
	f->length = skw_get_u16(&r);
	f->fcs_ok = skw_get_u8(&r) & FLAG_FCS_OK;
	skw_get_u8(&r);
	f->rssi_cdb = (int16_t)skw_get_u16(&r);
	f->snr_cdb = (int16_t)skw_get_u16(&r);
	skw_get_u16(&r);
	f->cfo_hz = (int32_t)skw_get_u32(&r);
	f->time = skw_get_u64(&r);
	return version == SKW_FRAME_VERSION && skw_frame_rate_valid(f->rate_mbps) &&
	       f->length >= 1 && f->length <= SKW_PSDU_MAX;
}
