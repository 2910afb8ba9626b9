/* skw_stream - the four streams of a board: frames and I/Q, each way (docs/frame-stream.md).
 *
 * The calls mean what SoapySDR's calls of the same names mean and return its codes: a count of
 * elements or a negative SOAPY_SDR_* error. Any wrong use is SOAPY_SDR_STREAM_ERROR
 * (SOAPY_SDR_NOT_SUPPORTED where it asks for what we do not do), and so is everything once the
 * board is gone.
 */
#ifndef SKW_STREAM_H
#define SKW_STREAM_H

#include <stdbool.h>
#include <stddef.h>

#include "soapy/skw_device.h"

struct skw_stream;

enum skw_stream_kind {
	SKW_STREAM_RX_FRAMES,
	SKW_STREAM_TX_FRAMES,
	SKW_STREAM_RX_IQ,
	SKW_STREAM_TX_IQ,
	SKW_STREAM_KINDS
};

enum skw_stream_format { SKW_STREAM_U8, SKW_STREAM_CS16, SKW_STREAM_CF32 };

/* NULL if that stream is open already, or the format is not one of that kind. */
struct skw_stream *skw_stream_open(struct skw_device *d, enum skw_stream_kind kind,
				   enum skw_stream_format format);
void skw_stream_close(struct skw_stream *s);
/* The most elements that one call moves: bytes of a frame, or samples. */
size_t skw_stream_mtu(const struct skw_stream *s);

/* `elements` > 0 ends a receive stream of samples after so many. */
int skw_stream_activate(struct skw_stream *s, int flags, long long time_ns, size_t elements);
int skw_stream_deactivate(struct skw_stream *s, int flags, long long time_ns);

int skw_stream_read(struct skw_stream *s, void *out, size_t elements, int *flags,
		    long long *time_ns, long timeout_us);
int skw_stream_write(struct skw_stream *s, const void *in, size_t elements, int *flags,
		     long long time_ns, long timeout_us);
/* What became of a transmission: of a frame (docs/frame-stream.md), or of a burst of samples. */
int skw_stream_status(struct skw_stream *s, size_t *channel_mask, int *flags, long long *time_ns,
		      long timeout_us);

#endif
