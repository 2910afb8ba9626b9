/* skw_device_inside - the device's fields, for skw_device.c and the stream files alone.
 *
 * Locks, in the order in which they nest: `registers` (one reading at a time), `writer` (whole
 * packets on the wire), `lock` (all else here). Whoever waits, waits on `changed`.
 */
#ifndef SKW_DEVICE_INSIDE_H
#define SKW_DEVICE_INSIDE_H

#include <pthread.h>
#include <time.h>

#include "soapy/skw_credit.h"
#include "soapy/skw_device.h"
#include "soapy/skw_receive.h"
#include "soapy/skw_stream.h"
#include "wire/skw_hostlink.h"

struct skw_stream {
	struct skw_device *device;
	enum skw_stream_kind kind;
	enum skw_stream_format format;
	bool open, active;
	size_t left; /* receive samples: what a burst of a given size still wants; 0: endless */
	bool finite;
	bool in_burst;      /* transmit samples: between the first packet and END_BURST */
	uint64_t burst_end; /* transmit samples: when what we sent will have left */
};

struct skw_device {
	int fd, wake; /* wake: an eventfd that ends the reader */
	pthread_t reader;
	pthread_mutex_t registers, writer, lock;
	pthread_cond_t changed;

	/* under lock */
	bool gone;
	uint32_t tag, answers,
	    wanted; /* a reading: its first tag, answers so far, answers wanted */
	uint32_t value[SKW_DEVICE_READS];
	uint32_t rate_hz, control;
	uint64_t time_seen; /* the device's time is at least this */
	struct skw_credit credit;
	struct skw_receive_frames frames;
	struct skw_receive_iq iq;
	struct skw_stream stream[SKW_STREAM_KINDS];
	struct skw_device_health health;

	/* the reader's */
	struct skw_hostlink_parser parser;
	/* under writer */
	uint8_t packet[SKW_HOSTLINK_PACKET_MAX];

	struct skw_device_info info; /* set once */
};

/* The reader thread: takes packets to where they belong until `wake` or the end of the wire. */
void *skw_device_read_on(void *device);
/* The board is gone: everybody who waits learns it. */
void skw_device_lose(struct skw_device *d);
/* The device's time is at least this; `lock` is held. */
void skw_device_saw_time(struct skw_device *d, uint64_t time);
/* Sends what `w` built in d->packet; `writer` is held. */
enum skw_device_status skw_device_send(struct skw_device *d, const struct skw_writer *w);

struct timespec skw_device_deadline(long timeout_us);
/* Waits for a change; false once the deadline has passed. `lock` is held. */
bool skw_device_wait(struct skw_device *d, const struct timespec *deadline);

/* The I/Q half of skw_stream. */
int skw_stream_iq_read(struct skw_stream *s, void *out, size_t elements, int *flags,
		       long long *time_ns, long timeout_us);
int skw_stream_iq_write(struct skw_stream *s, const void *in, size_t elements, int *flags,
			long long time_ns, long timeout_us);

#endif
