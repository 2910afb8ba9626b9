#include "soapy/skw_device_inside.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum {
	ANSWER_US = 5000000, /* a simulated board may be slow; silence this long means trouble */
};

const char *skw_device_strerror(enum skw_device_status status)
{
	switch (status) {
	case SKW_DEVICE_OK:
		return "no error";
	case SKW_DEVICE_GONE:
		return "the board is gone: its link has closed";
	case SKW_DEVICE_SILENT:
		return "the board does not answer";
	case SKW_DEVICE_FOREIGN:
		return "this is no Skywave board, or one of another version";
	case SKW_DEVICE_WRONG:
		return "value out of range";
	case SKW_DEVICE_NO_MEMORY:
		return "out of memory or threads";
	}
	return "unknown error";
}

struct timespec skw_device_deadline(long timeout_us)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	if (timeout_us > 0) {
		t.tv_sec += timeout_us / 1000000;
		t.tv_nsec += timeout_us % 1000000 * 1000;
	}
	if (t.tv_nsec >= 1000000000) {
		t.tv_sec++;
		t.tv_nsec -= 1000000000;
	}
	return t;
}

bool skw_device_wait(struct skw_device *d, const struct timespec *deadline)
{
	return pthread_cond_timedwait(&d->changed, &d->lock, deadline) != ETIMEDOUT;
}

static bool is_gone(struct skw_device *d)
{
	bool gone;

	pthread_mutex_lock(&d->lock);
	gone = d->gone;
	pthread_mutex_unlock(&d->lock);
	return gone;
}

/* ---- registers ----------------------------------------------------------------------------- */

static enum skw_device_status collect(struct skw_device *d, uint32_t *values, size_t n)
{
	struct timespec deadline = skw_device_deadline(ANSWER_US);
	enum skw_device_status status = SKW_DEVICE_OK;

	pthread_mutex_lock(&d->lock);
	while (d->answers < n && !d->gone && skw_device_wait(d, &deadline))
		;
	if (d->answers < n)
		status = d->gone ? SKW_DEVICE_GONE : SKW_DEVICE_SILENT;
	else
		memcpy(values, d->value, n * sizeof(*values));
	d->tag += d->wanted; /* late answers now match nothing */
	d->answers = 0;
	d->wanted = 0;
	pthread_mutex_unlock(&d->lock);
	return status;
}

enum skw_device_status skw_device_read(struct skw_device *d, uint32_t *values,
				       const uint8_t *addresses, size_t n)
{
	enum skw_device_status status;
	struct skw_writer w;

	if (n == 0 || n > SKW_DEVICE_READS)
		return SKW_DEVICE_WRONG;
	pthread_mutex_lock(&d->registers);
	pthread_mutex_lock(&d->lock);
	d->answers = 0;
	d->wanted = (uint32_t)n;
	pthread_mutex_unlock(&d->lock);

	pthread_mutex_lock(&d->writer);
	w = skw_writer(d->packet, sizeof(d->packet));
	for (size_t i = 0; i < n; i++)
		skw_hostlink_put_reg_read(&w, addresses[i], d->tag + (uint32_t)i);
	status = is_gone(d) ? SKW_DEVICE_GONE : skw_device_send(d, &w);
	pthread_mutex_unlock(&d->writer);

	if (status == SKW_DEVICE_OK)
		status = collect(d, values, n);
	pthread_mutex_unlock(&d->registers);
	return status;
}

static enum skw_device_status write_pair(struct skw_device *d, uint32_t address, uint64_t value,
					 unsigned words)
{
	enum skw_device_status status;
	struct skw_writer w;

	pthread_mutex_lock(&d->writer);
	w = skw_writer(d->packet, sizeof(d->packet));
	for (unsigned i = 0; i < words; i++)
		skw_hostlink_put_reg_write(&w, address + i, (uint32_t)(value >> 32 * i));
	status = is_gone(d) ? SKW_DEVICE_GONE : skw_device_send(d, &w);
	pthread_mutex_unlock(&d->writer);
	return status;
}

enum skw_device_status skw_device_write(struct skw_device *d, uint32_t address, uint32_t value)
{
	return write_pair(d, address, value, 1);
}

enum skw_device_status skw_device_write64(struct skw_device *d, uint32_t address_lo, uint64_t value)
{
	return write_pair(d, address_lo, value, 2);
}

enum skw_device_status skw_device_read64(struct skw_device *d, uint64_t *value, uint8_t address_lo)
{
	const uint8_t pair[2] = { address_lo, (uint8_t)(address_lo + 1) };
	uint32_t words[2] = { 0, 0 };
	enum skw_device_status status = skw_device_read(d, words, pair, 2);

	*value = words[0] | (uint64_t)words[1] << 32;
	return status;
}

enum skw_device_status skw_device_control(struct skw_device *d, uint32_t mask, uint32_t bits)
{
	enum skw_device_status status;
	uint32_t control;

	pthread_mutex_lock(&d->registers); /* two changes must not cross */
	pthread_mutex_lock(&d->lock);
	control = d->control = (d->control & ~mask) | (bits & mask);
	pthread_mutex_unlock(&d->lock);
	status = skw_device_write(d, SKW_REG_CONTROL, control);
	pthread_mutex_unlock(&d->registers);
	return status;
}

uint32_t skw_device_control_bits(struct skw_device *d)
{
	uint32_t bits;

	pthread_mutex_lock(&d->lock);
	bits = d->control;
	pthread_mutex_unlock(&d->lock);
	return bits;
}

/* ---- time and rate -------------------------------------------------------------------------- */

enum skw_device_status skw_device_time(struct skw_device *d, uint64_t *samples)
{
	enum skw_device_status status = skw_device_read64(d, samples, SKW_REG_TIME_LO);

	if (status == SKW_DEVICE_OK) {
		pthread_mutex_lock(&d->lock);
		skw_device_saw_time(d, *samples);
		pthread_mutex_unlock(&d->lock);
	}
	return status;
}

enum skw_device_status skw_device_set_time(struct skw_device *d, uint64_t samples)
{
	enum skw_device_status status = skw_device_write64(d, SKW_REG_TIME_SET_LO, samples);

	pthread_mutex_lock(&d->lock);
	d->time_seen = 0;
	pthread_mutex_unlock(&d->lock);
	return status;
}

enum skw_device_status skw_device_set_rate(struct skw_device *d, uint32_t rate_hz)
{
	enum skw_device_status status;

	if (rate_hz != 5000000 && rate_hz != 10000000 && rate_hz != 20000000)
		return SKW_DEVICE_WRONG;
	status = skw_device_write(d, SKW_REG_FE_RATE, rate_hz);
	if (status == SKW_DEVICE_OK) {
		pthread_mutex_lock(&d->lock);
		d->rate_hz = rate_hz;
		pthread_mutex_unlock(&d->lock);
	}
	return status;
}

uint32_t skw_device_rate(struct skw_device *d)
{
	uint32_t rate_hz;

	pthread_mutex_lock(&d->lock);
	rate_hz = d->rate_hz;
	pthread_mutex_unlock(&d->lock);
	return rate_hz;
}

struct skw_device_info skw_device_info(const struct skw_device *d)
{
	return d->info;
}

struct skw_device_health skw_device_health(struct skw_device *d)
{
	struct skw_device_health health;

	pthread_mutex_lock(&d->lock);
	health = d->health;
	health.status_lost = d->credit.lost + d->credit.strangers;
	pthread_mutex_unlock(&d->lock);
	return health;
}

/* ---- opening and closing --------------------------------------------------------------------- */

/* Who are you, how large is your queue, how fast is your clock? All receivers off to begin with. */
static enum skw_device_status greet(struct skw_device *d)
{
	static const uint8_t ask[4] = { SKW_REG_ID, SKW_REG_VERSION, SKW_REG_CAPS,
					SKW_REG_TX_SPACE };
	static const uint8_t rate[1] = { SKW_REG_FE_RATE };
	uint32_t v[4];
	enum skw_device_status status = skw_device_control(d, UINT32_MAX, 0);

	if (status == SKW_DEVICE_OK)
		status = skw_device_read(d, v, ask, 4);
	if (status != SKW_DEVICE_OK)
		return status;
	if (v[0] != SKW_HOSTLINK_ID || (v[1] & 0xFFFF) != SKW_HOSTLINK_VERSION || v[3] > 1u << 24)
		return SKW_DEVICE_FOREIGN;
	d->info = (struct skw_device_info) {
		.version = v[1] & 0xFFFF,
		.build = v[1] >> 16,
		.clocks_per_sample = v[2] & 0xFF,
		.sample_bits = v[2] >> 8 & 0xFF,
		.framer = v[2] & SKW_CAPS_FRAMER,
		.iq = v[2] & SKW_CAPS_IQ,
		.tx_space = v[3],
	};
	skw_credit_init(&d->credit, v[3]);
	status = skw_device_read(d, v, rate, 1);
	if (status != SKW_DEVICE_OK)
		return status;
	if (v[0] != 5000000 && v[0] != 10000000 && v[0] != 20000000)
		return skw_device_set_rate(d, 20000000);
	d->rate_hz = v[0];
	return SKW_DEVICE_OK;
}

static void init_locks(struct skw_device *d)
{
	pthread_condattr_t monotonic;

	pthread_mutex_init(&d->registers, NULL);
	pthread_mutex_init(&d->writer, NULL);
	pthread_mutex_init(&d->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&d->changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
}

static void release(struct skw_device *d)
{
	pthread_cond_destroy(&d->changed);
	pthread_mutex_destroy(&d->lock);
	pthread_mutex_destroy(&d->writer);
	pthread_mutex_destroy(&d->registers);
	if (d->wake >= 0)
		close(d->wake);
	close(d->fd);
	free(d);
}

struct skw_device *skw_device_new(int fd, enum skw_device_status *status)
{
	struct skw_device *d = calloc(1, sizeof(*d));
	int flags = fcntl(fd, F_GETFL);

	*status = SKW_DEVICE_NO_MEMORY;
	if (d == NULL) {
		close(fd);
		return NULL;
	}
	if (flags >= 0)
		fcntl(fd, F_SETFL, flags | O_NONBLOCK);
	d->fd = fd;
	d->tag = 1;
	d->wake = eventfd(0, EFD_CLOEXEC);
	init_locks(d);
	if (d->wake < 0 || pthread_create(&d->reader, NULL, skw_device_read_on, d) != 0) {
		release(d);
		return NULL;
	}
	*status = greet(d);
	if (*status == SKW_DEVICE_OK)
		return d;
	skw_device_free(d);
	return NULL;
}

void skw_device_free(struct skw_device *d)
{
	const uint64_t one = 1;

	if (d == NULL)
		return;
	if (write(d->wake, &one, sizeof(one)) == sizeof(one))
		pthread_join(d->reader, NULL);
	release(d);
}
