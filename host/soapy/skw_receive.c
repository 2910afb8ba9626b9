#include "soapy/skw_receive.h"

#include <string.h>

void skw_receive_frames_reset(struct skw_receive_frames *r)
{
	r->first = 0;
	r->count = 0;
	r->lost = false;
	r->offset = 0;
}

bool skw_receive_frames_put(struct skw_receive_frames *r, const struct skw_frame_rx *desc,
			    const uint8_t *psdu)
{
	unsigned end = (r->first + r->count) % SKW_RECEIVE_FRAMES;

	if (r->count == SKW_RECEIVE_FRAMES) {
		r->lost = true;
		return false;
	}
	r->at[end].time = desc->time;
	r->at[end].len = SKW_FRAME_RX_DESC + desc->length;
	r->at[end].after_loss = r->lost;
	skw_frame_rx_put(r->at[end].bytes, desc);
	memcpy(r->at[end].bytes + SKW_FRAME_RX_DESC, psdu, desc->length);
	r->lost = false;
	r->count++;
	return true;
}

enum skw_receive_got skw_receive_frames_take(struct skw_receive_frames *r, uint8_t *out,
					     size_t size, size_t *len, uint64_t *time, bool *first)
{
	size_t left;

	if (r->count == 0)
		return SKW_RECEIVE_NOTHING;
	if (r->at[r->first].after_loss) {
		r->at[r->first].after_loss = false;
		return SKW_RECEIVE_LOST;
	}
	left = r->at[r->first].len - r->offset;
	*len = left < size ? left : size;
	*time = r->at[r->first].time;
	*first = r->offset == 0;
	memcpy(out, r->at[r->first].bytes + r->offset, *len);
	r->offset += *len;
	if (*len < left)
		return SKW_RECEIVE_MORE;
	r->offset = 0;
	r->first = (r->first + 1) % SKW_RECEIVE_FRAMES;
	r->count--;
	return SKW_RECEIVE_LAST;
}

void skw_receive_iq_reset(struct skw_receive_iq *r)
{
	r->first = 0;
	r->count = 0;
	r->started = false;
	r->offset = 0;
}

bool skw_receive_iq_put(struct skw_receive_iq *r, const struct skw_hostlink_rx_iq *packet)
{
	unsigned end = (r->first + r->count) % SKW_RECEIVE_PACKETS;
	struct skw_reader samples = skw_reader(packet->samples, 4 * packet->count);

	if (r->count == SKW_RECEIVE_PACKETS)
		return false; /* the gap in time tells of the loss */
	r->at[end].time = packet->time;
	r->at[end].count = packet->count;
	for (size_t i = 0; i < 2 * packet->count; i++)
		r->at[end].samples[i] = (int16_t)skw_get_u16(&samples);
	r->count++;
	return true;
}

enum skw_receive_got skw_receive_iq_take(struct skw_receive_iq *r, int16_t *out, size_t size,
					 size_t *count, uint64_t *time)
{
	*count = 0;
	while (r->count > 0 && *count < size) {
		uint64_t at = r->at[r->first].time + r->offset;
		size_t left = r->at[r->first].count - r->offset;
		size_t n = left < size - *count ? left : size - *count;

		if (r->started && at != r->next) {
			if (*count > 0)
				break;
			r->next = at;
			return SKW_RECEIVE_LOST;
		}
		if (*count == 0)
			*time = at;
		memcpy(out + 2 * *count, r->at[r->first].samples + 2 * r->offset,
		       n * 2 * sizeof(int16_t));
		*count += n;
		r->started = true;
		r->next = at + n;
		r->offset += n;
		if (n == left) {
			r->offset = 0;
			r->first = (r->first + 1) % SKW_RECEIVE_PACKETS;
			r->count--;
		}
	}
	return *count > 0 ? SKW_RECEIVE_LAST : SKW_RECEIVE_NOTHING;
}
