#include "cli/skw_cli_pcap.h"

#include <math.h>

#include "wire/skw_cursor.h"

enum {
	LINK_RADIOTAP = 127,
	RADIOTAP = 24, /* bytes before each frame */
	HAS_FCS = 0x10,
	BAD_FCS = 0x40,
	OFDM = 0x0040,
	BAND_2GHZ = 0x0080,
	BAND_5GHZ = 0x0100,
	HALF = 0x4000,
	QUARTER = 0x8000,
};

static const uint32_t MAGIC_NS = 0xA1B23C4DU;
/* bits: 0 TSFT, 1 flags, 2 rate, 3 channel, 5 signal in dBm, 6 noise in dBm */
static const uint32_t PRESENT = 0x6F;

static void put_le16(struct skw_writer *w, unsigned v)
{
	skw_put_u16(w, (uint16_t)v);
}

static bool save(struct skw_cli_pcap *p, const struct skw_writer *w)
{
	size_t len = skw_writer_len(w);

	return fwrite(w->start, 1, len, p->file) == len;
}

bool skw_cli_pcap_open(struct skw_cli_pcap *p, const char *path)
{
	uint8_t head[24];
	struct skw_writer w = skw_writer(head, sizeof(head));

	p->file = fopen(path, "wb");
	if (p->file == NULL)
		return false;
	skw_put_u32(&w, MAGIC_NS);
	put_le16(&w, 2);
	put_le16(&w, 4);
	skw_put_u32(&w, 0);
	skw_put_u32(&w, 0);
	skw_put_u32(&w, RADIOTAP + SKW_PSDU_MAX);
	skw_put_u32(&w, LINK_RADIOTAP);
	return save(p, &w) && fflush(p->file) == 0;
}

static int8_t dbm(double v)
{
	return (int8_t)lrint(fmin(fmax(v, -128), 127));
}

static unsigned channel_flags(const struct skw_cli_pcap *p)
{
	unsigned flags = OFDM | (p->frequency_hz < 4e9 ? BAND_2GHZ : BAND_5GHZ);

	if (p->bandwidth_mhz == 10)
		flags |= HALF;
	if (p->bandwidth_mhz == 5)
		flags |= QUARTER;
	return flags;
}

bool skw_cli_pcap_write(struct skw_cli_pcap *p, const struct skw_frame_rx *f, const uint8_t *psdu,
			long long time_ns)
{
	uint64_t ns = time_ns > 0 ? (uint64_t)time_ns : 0;
	double signal = f->rssi_cdb / 100.0 + p->full_scale_dbm;
	uint8_t head[16 + RADIOTAP];
	struct skw_writer w = skw_writer(head, sizeof(head));

	skw_put_u32(&w, (uint32_t)(ns / 1000000000));
	skw_put_u32(&w, (uint32_t)(ns % 1000000000));
	skw_put_u32(&w, RADIOTAP + f->length);
	skw_put_u32(&w, RADIOTAP + f->length);
	put_le16(&w, 0); /* version 0 */
	put_le16(&w, RADIOTAP);
	skw_put_u32(&w, PRESENT);
	skw_put_u64(&w, ns / 1000);
	skw_put_u8(&w, f->fcs_ok ? HAS_FCS : HAS_FCS | BAD_FCS);
	skw_put_u8(&w, (uint8_t)(2 * f->rate_mbps * p->bandwidth_mhz / 20)); /* in 500 kb/s */
	put_le16(&w, (unsigned)lrint(p->frequency_hz / 1e6));
	put_le16(&w, channel_flags(p));
	skw_put_u8(&w, (uint8_t)dbm(signal));
	skw_put_u8(&w, (uint8_t)dbm(signal - f->snr_cdb / 100.0));
	return w.ok && save(p, &w) && fwrite(psdu, 1, f->length, p->file) == f->length &&
	       fflush(p->file) == 0;
}

bool skw_cli_pcap_close(struct skw_cli_pcap *p)
{
	FILE *file = p->file;

	p->file = NULL;
	return file == NULL || fclose(file) == 0;
}
