/* skw_frames_calls - skw_frames as one symbol, for who loads the radio's libraries at run time
 * only.
 *
 * SoapySDR, VOLK, liquid-dsp, FFTW and the C++ library are four megabytes of memory that a node
 * without a radio never uses. They come with the module lib/skywave/radio.so: this room, the radio
 * in C and this table, found by dlsym under its own name.
 */
#ifndef SKW_FRAMES_CALLS_H
#define SKW_FRAMES_CALLS_H

#include "plain/skw_frames.h"

#define SKW_FRAMES_CALLS "skw_frames_calls"

struct skw_frames_calls {
	/* Of the configuration and of this: a module of another version is refused by them. */
	size_t config_size, size;
	struct skw_frames *(*open)(const struct skw_frames_config *c, char *error,
				   size_t error_len);
	void (*close)(struct skw_frames *f);
	int (*write)(struct skw_frames *f, const void *bytes, size_t len, long long time_ns);
	int (*read)(struct skw_frames *f, void *bytes, size_t max, long long *time_ns,
		    long timeout_us);
	int (*status)(struct skw_frames *f, uint32_t *tag, long long *time_ns);
	long long (*now)(struct skw_frames *f);
	const char *(*error_text)(int code); /* of what these return */
};

extern const struct skw_frames_calls skw_frames_calls;

#endif
