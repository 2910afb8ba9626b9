/* The device's wire: the thread that reads it, and whole packets onto it. */
#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "soapy/skw_device_inside.h"

enum { SEND_MS = 5000 }; /* the wire may push back, but not for ever */

/* ---- the reader thread --------------------------------------------------------------------- */

void skw_device_saw_time(struct skw_device *d, uint64_t time)
{
	if (time > d->time_seen)
		d->time_seen = time;
}

static void on_value(struct skw_device *d, const struct skw_hostlink_reg_value *v)
{
	uint32_t i = v->tag - d->tag;

	if (i != d->answers || i >= d->wanted)
		return; /* of a reading that was given up */
	d->value[d->answers++] = v->value;
}

static void on_frame(struct skw_device *d, const struct skw_hostlink_rx_frame *f)
{
	struct skw_frame_rx desc = skw_hostlink_frame_rx(f, d->rate_hz);

	d->health.any_frame = true;
	d->health.last = desc;
	if (!d->stream[SKW_STREAM_RX_FRAMES].active)
		return;
	if (!skw_receive_frames_put(&d->frames, &desc, f->psdu))
		d->health.frames_lost++;
}

static void on_iq(struct skw_device *d, const struct skw_hostlink_rx_iq *iq)
{
	if (d->stream[SKW_STREAM_RX_IQ].active && !skw_receive_iq_put(&d->iq, iq))
		d->health.iq_lost += iq->count;
}

static void on_packet(struct skw_device *d, const struct skw_hostlink_packet *packet)
{
	struct skw_hostlink_reg_value value;
	struct skw_hostlink_tx_status status;
	struct skw_hostlink_rx_frame frame;
	struct skw_hostlink_rx_iq iq;

	if (skw_hostlink_reg_value_get(&value, packet)) {
		on_value(d, &value);
	} else if (skw_hostlink_tx_status_get(&status, packet)) {
		if (status.result == SKW_TX_SENT)
			skw_device_saw_time(d, status.time);
		skw_credit_give_back(&d->credit, &status);
	} else if (skw_hostlink_rx_frame_get(&frame, packet)) {
		on_frame(d, &frame);
	} else if (skw_hostlink_rx_iq_get(&iq, packet)) {
		on_iq(d, &iq);
	} else {
		d->parser.refused++;
	}
}

static void on_bytes(struct skw_device *d, const uint8_t *data, size_t len)
{
	struct skw_hostlink_packet packet;

	pthread_mutex_lock(&d->lock);
	while (len > 0) {
		size_t taken = skw_hostlink_feed(&d->parser, &packet, data, len);

		data += taken;
		len -= taken;
		if (packet.type != SKW_HOSTLINK_NONE)
			on_packet(d, &packet);
	}
	d->health.link_garbage = d->parser.garbage;
	d->health.link_refused = d->parser.refused;
	pthread_cond_broadcast(&d->changed);
	pthread_mutex_unlock(&d->lock);
}

void skw_device_lose(struct skw_device *d)
{
	pthread_mutex_lock(&d->lock);
	d->gone = true;
	pthread_cond_broadcast(&d->changed);
	pthread_mutex_unlock(&d->lock);
}

void *skw_device_read_on(void *arg)
{
	struct skw_device *d = arg;
	uint8_t data[16384];
	struct pollfd on[2] = { { .fd = d->fd, .events = POLLIN },
				{ .fd = d->wake, .events = POLLIN } };

	for (;;) {
		ssize_t n;

		if (poll(on, 2, -1) < 0 && errno != EINTR)
			break;
		if (on[1].revents)
			break;
		if (!on[0].revents)
			continue;
		n = read(d->fd, data, sizeof(data));
		if (n > 0)
			on_bytes(d, data, (size_t)n);
		else if (n == 0 || (errno != EINTR && errno != EAGAIN))
			break;
	}
	skw_device_lose(d);
	return NULL;
}

/* ---- the wire ------------------------------------------------------------------------------ */

/* Part of `data` onto the wire; -1 with errno. A closed socket must not raise SIGPIPE. */
static ssize_t put_some(int fd, const uint8_t *data, size_t len)
{
	ssize_t n = send(fd, data, len, MSG_NOSIGNAL | MSG_DONTWAIT);

	return n < 0 && errno == ENOTSOCK ? write(fd, data, len) : n;
}

enum skw_device_status skw_device_send(struct skw_device *d, const struct skw_writer *w)
{
	struct pollfd room = { .fd = d->fd, .events = POLLOUT };
	size_t sent = 0, len = skw_writer_len(w);

	assert(w->ok);
	while (sent < len) {
		ssize_t n = put_some(d->fd, d->packet + sent, len - sent);

		if (n > 0)
			sent += (size_t)n;
		else if (n == 0 || (errno != EAGAIN && errno != EINTR) ||
			 (errno == EAGAIN && poll(&room, 1, SEND_MS) == 0)) {
			skw_device_lose(d); /* half a packet is out: nothing can follow it */
			return SKW_DEVICE_GONE;
		}
	}
	return SKW_DEVICE_OK;
}
