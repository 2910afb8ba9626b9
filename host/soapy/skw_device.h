/* skw_device - a Skywave board as its host sees it: registers, time, and the queues that streams
 * use.
 *
 *   SkywaveSoapy.cpp (SoapySDR's classes)      user's threads
 *      skw_stream (readStream, writeStream)         |
 *      skw_device --- registers ----------------- lock ----- reader thread
 *      skw_transport --- one descriptor, host link bytes both ways ---'
 *
 * Any thread may call. A board that goes away (the air ends, a cable is pulled) makes every call
 * fail with SKW_DEVICE_GONE, at once and for good; none waits longer than it says.
 */
#ifndef SKW_DEVICE_H
#define SKW_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/skw_frame.h"

struct skw_device;

enum skw_device_status {
	SKW_DEVICE_OK,
	SKW_DEVICE_GONE,      /* the link has closed */
	SKW_DEVICE_SILENT,    /* the board did not answer in time */
	SKW_DEVICE_FOREIGN,   /* what answers is no Skywave board, or speaks another version */
	SKW_DEVICE_WRONG,     /* the caller's value is out of range */
	SKW_DEVICE_NO_MEMORY, /* or no thread to be had */
};

struct skw_device_info {
	uint32_t version, build;
	unsigned clocks_per_sample, sample_bits;
	bool framer, iq;
	uint32_t tx_space;
};

/* The last frame received, and what the host lost or could not read. */
struct skw_device_health {
	bool any_frame;
	struct skw_frame_rx last;
	uint64_t link_garbage, link_refused, frames_lost, iq_lost, status_lost;
};

const char *skw_device_strerror(enum skw_device_status status);

/* Takes the descriptor over, in any case. NULL with the reason in `status`. */
struct skw_device *skw_device_new(int fd, enum skw_device_status *status);
/* Ends the reader thread. No other call may be under way. */
void skw_device_free(struct skw_device *d);

/* Registers, `n` of them read as one reading (at most SKW_DEVICE_READS). */
#define SKW_DEVICE_READS 4u
enum skw_device_status skw_device_read(struct skw_device *d, uint32_t *values,
				       const uint8_t *addresses, size_t n);
enum skw_device_status skw_device_write(struct skw_device *d, uint32_t address, uint32_t value);
/* A pair of registers, low word first. */
enum skw_device_status skw_device_read64(struct skw_device *d, uint64_t *value, uint8_t address_lo);
enum skw_device_status skw_device_write64(struct skw_device *d, uint32_t address_lo,
					  uint64_t value);
/* Changes the bits of CONTROL that `mask` names. */
enum skw_device_status skw_device_control(struct skw_device *d, uint32_t mask, uint32_t bits);
uint32_t skw_device_control_bits(struct skw_device *d);

/* The sample clock. Sample rates: 5, 10 or 20 MHz. */
enum skw_device_status skw_device_time(struct skw_device *d, uint64_t *samples);
enum skw_device_status skw_device_set_time(struct skw_device *d, uint64_t samples);
enum skw_device_status skw_device_set_rate(struct skw_device *d, uint32_t rate_hz);
uint32_t skw_device_rate(struct skw_device *d);

struct skw_device_info skw_device_info(const struct skw_device *d);
struct skw_device_health skw_device_health(struct skw_device *d);

#endif
