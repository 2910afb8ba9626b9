/* skw_receive - what the board has received and the user has not fetched: frames, and I/Q samples.
 *
 *   reader thread -> put -> [ ring ] -> take -> readStream, as much as fits its buffer
 *
 * A full ring loses the newest and says so once at the place of the loss. Neither locks nor waits.
 */
#ifndef SKW_RECEIVE_H
#define SKW_RECEIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/skw_hostlink.h"

#define SKW_RECEIVE_FRAMES 128u  /* kept */
#define SKW_RECEIVE_PACKETS 512u /* of samples kept */
#define SKW_RECEIVE_FRAME_MAX (SKW_FRAME_RX_DESC + SKW_PSDU_MAX)

enum skw_receive_got {
	SKW_RECEIVE_NOTHING,
	SKW_RECEIVE_LOST, /* something is missing here */
	SKW_RECEIVE_MORE, /* frames: a part, more to come */
	SKW_RECEIVE_LAST, /* frames: all or the last part; samples: some */
};

/* The fields of both belong to skw_receive.c. */
struct skw_receive_frames {
	unsigned first, count;
	bool lost;
	size_t offset; /* bytes of the first frame already taken */
	struct {
		uint64_t time;
		size_t len;
		bool after_loss;
		uint8_t bytes[SKW_RECEIVE_FRAME_MAX];
	} at[SKW_RECEIVE_FRAMES];
};

struct skw_receive_iq {
	unsigned first, count;
	bool started;
	uint64_t next; /* time of the sample that follows the last one taken */
	size_t offset; /* samples of the first packet already taken */
	struct {
		uint64_t time;
		size_t count;
		int16_t samples[2 * SKW_HOSTLINK_IQ_MAX];
	} at[SKW_RECEIVE_PACKETS];
};

void skw_receive_frames_reset(struct skw_receive_frames *r);
/* Keeps a receive descriptor and its PSDU; false if the ring is full. */
bool skw_receive_frames_put(struct skw_receive_frames *r, const struct skw_frame_rx *desc,
			    const uint8_t *psdu);
/* Copies up to `size` bytes of the oldest frame. `first` tells whether they are its first. */
enum skw_receive_got skw_receive_frames_take(struct skw_receive_frames *r, uint8_t *out,
					     size_t size, size_t *len, uint64_t *time, bool *first);

void skw_receive_iq_reset(struct skw_receive_iq *r);
bool skw_receive_iq_put(struct skw_receive_iq *r, const struct skw_hostlink_rx_iq *packet);
/* Copies up to `size` samples (I and Q each) that follow each other without a gap. */
enum skw_receive_got skw_receive_iq_take(struct skw_receive_iq *r, int16_t *out, size_t size,
					 size_t *count, uint64_t *time);

#endif
