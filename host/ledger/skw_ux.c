#include "ledger/skw_ux.h"

enum { BODY = 32 + SKW_ADDRESS_LEN + 8 + 8, HEAD = 8 + 8 };

struct skw_ux skw_ux_of(const struct skw_block_header *header, const struct skw_sha256 *txid,
			const struct skw_tx_output *out)
{
	struct skw_ux ux = {
		.address = out->address,
		.coins = out->coins,
		.hours = out->hours,
		.time = header->time,
		.seq = header->seq,
	};

	if (header->seq > 0)
		ux.src_tx = *txid;
	return ux;
}

static void put(uint8_t out[BODY + HEAD], const struct skw_ux *ux)
{
	struct skw_writer w = skw_writer(out, BODY + HEAD);

	skw_put_bytes(&w, ux->src_tx.b, sizeof(ux->src_tx.b));
	skw_put_bytes(&w, ux->address.b, sizeof(ux->address.b));
	skw_put_u64(&w, ux->coins.n);
	skw_put_u64(&w, ux->hours.n);
	skw_put_u64(&w, ux->time);
	skw_put_u64(&w, ux->seq);
}

void skw_ux_id(struct skw_sha256 *uxid, const struct skw_ux *ux)
{
	uint8_t bytes[BODY + HEAD];

	put(bytes, ux);
	skw_sha256_of(uxid, bytes, BODY);
}

void skw_ux_snapshot(struct skw_sha256 *hash, const struct skw_ux *ux)
{
	uint8_t bytes[BODY + HEAD];

	put(bytes, ux);
	skw_sha256_of(hash, bytes, BODY + HEAD);
}

/* Whole coins and the rest are multiplied apart, as the original does: where its products do
 * not fit, ours must fail too. */
enum skw_ux_hours_status skw_ux_hours_at(struct skw_hours *out, const struct skw_ux *ux,
					 uint64_t time)
{
	struct skw_droplets whole, part;
	uint64_t seconds = time - ux->time;

	*out = ux->hours;
	if (time < ux->time)
		return SKW_UX_HOURS_OK;
	whole.n = ux->coins.n / SKW_DROPLETS_PER_SKY;
	part.n = ux->coins.n % SKW_DROPLETS_PER_SKY;
	if (!skw_droplets_mul(&whole, whole, seconds) || !skw_droplets_mul(&part, part, seconds)) {
		out->n = 0;
		return SKW_UX_HOURS_EARNED;
	}
	/* u64 on purpose: the original wraps here */
	struct skw_hours earned = { (whole.n + part.n / SKW_DROPLETS_PER_SKY) / 3600 };

	if (!skw_hours_add(out, ux->hours, earned)) {
		out->n = 0;
		return SKW_UX_HOURS_TOTAL;
	}
	return SKW_UX_HOURS_OK;
}
