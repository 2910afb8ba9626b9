#include "node/skw_radio_port.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <SoapySDR/Errors.h>

#include "node/skw_radio_module.h"

enum { RING = 64, READ_US = 1000 }; /* a power of two; how long one read waits */

struct outgoing {
	struct skw_frame_tx frame;
	uint64_t time_ns;
	size_t len;
	uint8_t bytes[SKW_FRAME_TX_DESC + SKW_PSDU_MAX];
};

struct skw_radio_port {
	const struct skw_frames_calls *call;
	struct skw_frames *frames;
	void (*wake)(void *arg);
	void *arg;
	pthread_t thread;
	atomic_bool stop;
	_Atomic uint64_t now_ns, wake_ns;

	/* Each ring has one writer and one reader; a slot changes hands with the count. */
	_Atomic unsigned in_head, in_tail, out_head, out_tail;
	struct skw_radio_event in[RING];
	struct outgoing out[RING];
};

static struct skw_radio_event *in_slot(struct skw_radio_port *port)
{
	unsigned head = atomic_load_explicit(&port->in_head, memory_order_relaxed);

	if (head - atomic_load_explicit(&port->in_tail, memory_order_acquire) == RING)
		return NULL;
	return &port->in[head % RING];
}

static void in_push(struct skw_radio_port *port)
{
	atomic_fetch_add_explicit(&port->in_head, 1, memory_order_release);
	port->wake(port->arg);
}

/* The last event of a port: a slot is waited for, since the loop must learn of it. */
static void fail(struct skw_radio_port *port, const char *what, int code)
{
	struct skw_radio_event *event;

	while ((event = in_slot(port)) == NULL && !atomic_load(&port->stop))
		nanosleep(&(struct timespec) { .tv_nsec = 1000000 }, NULL);
	if (event == NULL)
		return;
	event->kind = SKW_RADIO_FAILED;
	snprintf(event->text, sizeof(event->text), "%s: %s", what, port->call->error_text(code));
	in_push(port);
}

static void push_status(struct skw_radio_port *port, uint32_t tag, bool sent, uint64_t time_ns)
{
	struct skw_radio_event *event = in_slot(port);

	if (event == NULL)
		return; /* the MAC's acknowledgements tell the same, later */
	event->kind = SKW_RADIO_STATUS;
	event->tag = tag;
	event->sent = sent;
	event->time_ns = time_ns;
	in_push(port);
}

/* Gives waiting frames to the device; false if the device is gone. */
static bool write_frames(struct skw_radio_port *port)
{
	unsigned tail = atomic_load_explicit(&port->out_tail, memory_order_relaxed);

	while (tail != atomic_load_explicit(&port->out_head, memory_order_acquire)) {
		struct outgoing *o = &port->out[tail % RING];
		int n = port->call->write(port->frames, o->bytes, o->len, (long long)o->time_ns);

		if (n == SOAPY_SDR_TIMEOUT)
			return true; /* the device's queue is full: later */
		if (n == SOAPY_SDR_TIME_ERROR) {
			push_status(port, o->frame.tag, false, o->time_ns);
		} else if (n != (int)o->len) {
			fail(port, "sending", n < 0 ? n : SOAPY_SDR_STREAM_ERROR);
			return false;
		}
		atomic_store_explicit(&port->out_tail, ++tail, memory_order_release);
	}
	return true;
}

/* One frame of the stream, however the device cuts it; false if the device is gone. */
static bool read_frame(struct skw_radio_port *port)
{
	uint8_t bytes[SKW_FRAME_RX_DESC + SKW_PSDU_MAX];
	struct skw_radio_event *event = in_slot(port);
	long long time_ns = 0;
	int n;

	if (event == NULL)
		return true;
	n = port->call->read(port->frames, bytes, sizeof(bytes), &time_ns, READ_US);
	if (n == SOAPY_SDR_TIMEOUT || n == SOAPY_SDR_OVERFLOW)
		return true;
	if (n < 0) {
		fail(port, "receiving", n);
		return false;
	}
	if (n < (int)SKW_FRAME_RX_DESC || !skw_frame_rx_get(&event->rx, bytes) ||
	    (size_t)n != SKW_FRAME_RX_DESC + event->rx.length)
		return true; /* not a whole frame: nothing that could be used */
	event->kind = SKW_RADIO_FRAME;
	event->time_ns = (uint64_t)time_ns;
	event->psdu_len = event->rx.length;
	memcpy(event->psdu, bytes + SKW_FRAME_RX_DESC, event->psdu_len);
	in_push(port);
	return true;
}

static void read_statuses(struct skw_radio_port *port)
{
	for (;;) {
		long long time_ns = 0;
		uint32_t tag = 0;
		int r = port->call->status(port->frames, &tag, &time_ns);

		if (r == SOAPY_SDR_TIMEOUT)
			return;
		push_status(port, tag, r == 0, (uint64_t)time_ns);
	}
}

static void *run(void *arg)
{
	struct skw_radio_port *port = arg;

	while (!atomic_load(&port->stop)) {
		uint64_t before = atomic_load(&port->now_ns);
		uint64_t wake_ns = atomic_load(&port->wake_ns);
		long long now;

		if (!write_frames(port) || !read_frame(port))
			return NULL;
		read_statuses(port);
		now = port->call->now(port->frames);
		if (now > 0 && (uint64_t)now > before) {
			atomic_store(&port->now_ns, (uint64_t)now);
			if ((uint64_t)now >= wake_ns)
				port->wake(port->arg);
		}
	}
	return NULL;
}

struct skw_radio_port *skw_radio_port_open(const struct skw_radio_port_config *config,
					   void (*wake)(void *arg), void *arg, char *error,
					   size_t error_len)
{
	struct skw_radio_port *port = calloc(1, sizeof(*port));
	const struct skw_frames_config frames = { .device = config->device,
						  .rate_hz = config->rate_hz,
						  .frequency_hz = config->frequency_hz,
						  .rx_gain_db = config->rx_gain_db,
						  .tx_gain_db = config->tx_gain_db,
						  .agc = config->rx_agc };
	long long first;

	if (port == NULL) {
		snprintf(error, error_len, "out of memory");
		return NULL;
	}
	port->wake = wake;
	port->arg = arg;
	atomic_store(&port->wake_ns, UINT64_MAX);
	port->call = skw_radio_module(error, error_len);
	port->frames = port->call == NULL ? NULL : port->call->open(&frames, error, error_len);
	if (port->frames == NULL) {
		free(port);
		return NULL;
	}
	first = port->call->now(port->frames);
	atomic_store(&port->now_ns, first > 0 ? (uint64_t)first : 0);
	if (pthread_create(&port->thread, NULL, run, port) != 0) {
		snprintf(error, error_len, "cannot start a thread");
		port->call->close(port->frames);
		free(port);
		return NULL;
	}
	return port;
}

void skw_radio_port_close(struct skw_radio_port *port)
{
	if (port == NULL)
		return;
	atomic_store(&port->stop, true);
	pthread_join(port->thread, NULL);
	port->call->close(port->frames);
	free(port);
}

bool skw_radio_port_poll(struct skw_radio_port *port, struct skw_radio_event *event)
{
	unsigned tail = atomic_load_explicit(&port->in_tail, memory_order_relaxed);

	if (tail == atomic_load_explicit(&port->in_head, memory_order_acquire))
		return false;
	*event = port->in[tail % RING];
	atomic_store_explicit(&port->in_tail, tail + 1, memory_order_release);
	return true;
}

bool skw_radio_port_send(struct skw_radio_port *port, const struct skw_frame_tx *frame,
			 const uint8_t *psdu, size_t len, uint64_t time_ns)
{
	unsigned head = atomic_load_explicit(&port->out_head, memory_order_relaxed);
	struct outgoing *o = &port->out[head % RING];

	if (len > SKW_PSDU_MAX ||
	    head - atomic_load_explicit(&port->out_tail, memory_order_acquire) == RING)
		return false;
	o->frame = *frame;
	o->time_ns = time_ns;
	o->len = SKW_FRAME_TX_DESC + len;
	skw_frame_tx_put(o->bytes, frame);
	memcpy(o->bytes + SKW_FRAME_TX_DESC, psdu, len);
	atomic_store_explicit(&port->out_head, head + 1, memory_order_release);
	return true;
}

uint64_t skw_radio_port_now(const struct skw_radio_port *port)
{
	return atomic_load(&port->now_ns);
}

void skw_radio_port_wake_at(struct skw_radio_port *port, uint64_t time_ns)
{
	atomic_store(&port->wake_ns, time_ns);
}
