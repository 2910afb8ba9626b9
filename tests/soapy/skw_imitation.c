#include "skw_imitation.h"

#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <SoapySDR/Constants.h>
#include <SoapySDR/Errors.h>

enum {
	RING = 1 << 21, /* samples */
	BLOCK = 256,
	TAPS = 24,
	READ_MAX = 4096,
	BEHIND_MS = 120, /* a reader so late loses samples */
	FIFO = 32768,    /* samples of a burst that the device holds */
	LOST = 3000,     /* samples of an overflow on purpose */
	REPORTS = 16,
	GAUSS = 1 << 15,
};

struct sample {
	float i, q;
};

/* One block is there if its stamp is its own number and one. */
struct seat {
	_Atomic double rate, frequency;
	_Atomic uint64_t stamp[RING / BLOCK];
	struct sample ring[RING];
};

struct air {
	_Atomic int64_t origin_ns; /* of CLOCK_MONOTONIC; 0: nobody was here yet */
	struct seat seat[SKW_IMITATION_SEATS];
};

struct report {
	int code, flags;
	long long time_ns;
	uint64_t due; /* sample */
};

struct skw_imitation {
	struct skw_imitation_config c;
	struct air *air;
	struct seat *own;
	pthread_mutex_t lock;
	double rate, frequency, rx_gain, tx_gain, offset_ns;
	bool rx_on, tx_on, in_burst, dropping;
	uint64_t rx_at, tx_at, tx_start, next_overflow; /* samples since the origin */
	struct report report[REPORTS];
	unsigned reports;
	uint64_t seed;
	float gauss[GAUSS];
};

static uint64_t random_u64(struct skw_imitation *d)
{
	d->seed ^= d->seed << 13;
	d->seed ^= d->seed >> 7;
	d->seed ^= d->seed << 17;
	return d->seed;
}

static int64_t monotonic_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static double air_ns(const struct skw_imitation *d)
{
	return (double)(monotonic_ns() - atomic_load(&d->air->origin_ns)) * d->c.pace;
}

static uint64_t now(const struct skw_imitation *d)
{
	return (uint64_t)(air_ns(d) * 1e-9 * d->rate);
}

static long long to_ns(const struct skw_imitation *d, uint64_t sample)
{
	return llrint((double)sample / d->rate * 1e9 + d->offset_ns);
}

static struct air *map(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	struct air *air = MAP_FAILED;
	int64_t zero = 0;

	if (fd < 0)
		return NULL;
	if (flock(fd, LOCK_EX) == 0 && ftruncate(fd, sizeof(*air)) == 0)
		air = mmap(NULL, sizeof(*air), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	/* A second ago: nothing before the origin is ever asked for. */
	if (air != MAP_FAILED)
		atomic_compare_exchange_strong(&air->origin_ns, &zero, monotonic_ns() - 1000000000);
	flock(fd, LOCK_UN); /* the mapping would hold it */
	close(fd);
	return air != MAP_FAILED ? air : NULL;
}

struct skw_imitation *skw_imitation_new(const struct skw_imitation_config *c)
{
	struct skw_imitation *d = calloc(1, sizeof(*d));

	if (d == NULL || c->seat >= SKW_IMITATION_SEATS || c->n_rates == 0 ||
	    (d->air = map(c->air)) == NULL) {
		free(d);
		return NULL;
	}
	d->c = *c;
	d->own = &d->air->seat[c->seat];
	d->seed = 0x9E3779B97F4A7C15U * (c->seat + 1);
	d->frequency = 5.89e9;
	pthread_mutex_init(&d->lock, NULL);
	for (int k = 0; k < GAUSS; k++) {
		double u = ((double)(random_u64(d) >> 11) + 0.5) * 0x1p-53;
		double v = ((double)(random_u64(d) >> 11) + 0.5) * 0x1p-53;

		d->gauss[k] = (float)(sqrt(-log(u)) * cos(2 * M_PI * v));
	}
	skw_imitation_set_rate(d, c->rates[0]);
	skw_imitation_set_frequency(d, d->frequency);
	return d;
}

void skw_imitation_free(struct skw_imitation *d)
{
	munmap(d->air, sizeof(*d->air));
	pthread_mutex_destroy(&d->lock);
	free(d);
}

bool skw_imitation_set_rate(struct skw_imitation *d, double hz)
{
	for (unsigned k = 0; k < d->c.n_rates; k++)
		if (fabs(d->c.rates[k] - hz) < 1e-9 * hz) {
			d->rate = hz;
			atomic_store(&d->own->rate, hz);
			return true;
		}
	return false;
}

double skw_imitation_rate(const struct skw_imitation *d)
{
	return d->rate;
}

void skw_imitation_set_frequency(struct skw_imitation *d, double hz)
{
	d->frequency = hz;
	atomic_store(&d->own->frequency, hz * (1 + d->c.ppm * 1e-6));
}

double skw_imitation_frequency(const struct skw_imitation *d)
{
	return d->frequency;
}

void skw_imitation_set_gain(struct skw_imitation *d, bool rx, double db)
{
	pthread_mutex_lock(&d->lock);
	*(rx ? &d->rx_gain : &d->tx_gain) = db;
	pthread_mutex_unlock(&d->lock);
}

double skw_imitation_gain(const struct skw_imitation *d, bool rx)
{
	return rx ? d->rx_gain : d->tx_gain;
}

long long skw_imitation_time_ns(struct skw_imitation *d)
{
	return llrint(air_ns(d) + d->offset_ns);
}

void skw_imitation_set_time_ns(struct skw_imitation *d, long long ns)
{
	d->offset_ns = (double)ns - air_ns(d);
}

static void nap(void)
{
	nanosleep(&(struct timespec) { .tv_nsec = 200000 }, NULL);
}

/* ---- receive --------------------------------------------------------------------------------- */

static struct sample on_air(const struct seat *s, int64_t at)
{
	uint64_t block = (uint64_t)at / BLOCK;

	if (at < 0 || atomic_load_explicit(&s->stamp[block % (RING / BLOCK)],
					   memory_order_acquire) != block + 1)
		return (struct sample) { 0, 0 };
	return s->ring[at % RING];
}

static bool silent(const struct seat *s, int64_t from, int64_t to)
{
	for (int64_t b = from / BLOCK; b <= to / BLOCK; b++)
		if (b >= 0 && atomic_load_explicit(&s->stamp[b % (RING / BLOCK)],
						   memory_order_acquire) == (uint64_t)b + 1)
			return false;
	return true;
}

/* What seat s put on the air at sample `t` of its own, between two samples of it. */
static struct sample between(const struct seat *s, double t)
{
	int64_t whole = (int64_t)floor(t);
	double i = 0, q = 0;

	for (int64_t k = whole - TAPS / 2 + 1; k <= whole + TAPS / 2; k++) {
		double x = t - (double)k, w = 0.5 + 0.5 * cos(2 * M_PI * x / (TAPS + 1));
		double h = fabs(x) < 1e-9 ? 1 : sin(M_PI * x) / (M_PI * x) * w;
		struct sample v = on_air(s, k);

		i += h * (double)v.i;
		q += h * (double)v.q;
	}
	return (struct sample) { (float)i, (float)q };
}

static void add_seat(const struct skw_imitation *d, const struct seat *s, struct sample *x,
		     size_t n)
{
	double rate = atomic_load(&s->rate), ratio = rate / d->rate;
	double off = atomic_load(&s->frequency) - d->frequency * (1 + d->c.ppm * 1e-6);
	double first = (double)d->rx_at * ratio;
	float gain = s == d->own ? 0.1F : (float)pow(10, -d->c.loss_db / 20);

	if (rate <= 0 || fabs(off) > 1e6 ||
	    silent(s, (int64_t)first - TAPS, (int64_t)(first + (double)n * ratio) + TAPS))
		return;
	for (size_t k = 0; k < n; k++) {
		double t = first + (double)k * ratio;
		double turns = fmod(off * t / rate, 1), c = cos(2 * M_PI * turns);
		double w = sin(2 * M_PI * turns);
		struct sample v =
		    ratio == 1 ? on_air(s, (int64_t)d->rx_at + (int64_t)k) : between(s, t);

		x[k].i += gain * (float)(v.i * c - v.q * w);
		x[k].q += gain * (float)(v.i * w + v.q * c);
	}
}

static float convert(const struct skw_imitation *d, float v)
{
	float steps = d->c.narrow ? 2048 : 32768;

	v = rintf(v * steps);
	return (v > steps - 1 ? steps - 1 : v < -steps ? -steps : v) / steps;
}

static void hear(struct skw_imitation *d, struct sample *x, size_t n)
{
	float noise = (float)pow(10, d->c.noise_dbfs / 20), gain = (float)pow(10, d->rx_gain / 20);

	for (size_t k = 0; k < n; k++) {
		uint64_t r = random_u64(d);

		x[k].i = noise * d->gauss[r % GAUSS];
		x[k].q = noise * d->gauss[(r >> 32) % GAUSS];
	}
	for (unsigned s = 0; s < SKW_IMITATION_SEATS; s++)
		if (s != d->c.seat || d->c.leak)
			add_seat(d, &d->air->seat[s], x, n);
	for (size_t k = 0; k < n; k++) {
		x[k].i = convert(d, x[k].i * gain + (float)d->c.dc);
		x[k].q = convert(d, x[k].q * gain - (float)d->c.dc);
	}
}

static bool lost_some(struct skw_imitation *d, uint64_t t)
{
	uint64_t behind = (uint64_t)(BEHIND_MS * 1e-3 * d->rate * d->c.pace);

	if (t > d->rx_at + behind) {
		d->rx_at = t;
		return true;
	}
	if (d->c.overflow_ms <= 0 || d->rx_at < d->next_overflow)
		return false;
	d->next_overflow = d->rx_at + (uint64_t)(d->c.overflow_ms * 1e-3 * d->rate);
	d->rx_at += LOST;
	return true;
}

static int read_some(struct skw_imitation *d, struct sample *x, size_t n, long long *time_ns,
		     int *flags)
{
	uint64_t t = now(d);

	*flags = 0;
	if (!d->rx_on)
		return SOAPY_SDR_STREAM_ERROR;
	if (lost_some(d, t))
		return SOAPY_SDR_OVERFLOW;
	if (t <= d->rx_at)
		return SOAPY_SDR_TIMEOUT;
	n = n < t - d->rx_at ? n : (size_t)(t - d->rx_at);
	n = n < READ_MAX ? n : READ_MAX;
	if (d->c.short_calls)
		n = 1 + (size_t)(random_u64(d) % n);
	hear(d, x, n);
	if (d->c.time) {
		*flags = SOAPY_SDR_HAS_TIME;
		*time_ns = to_ns(d, d->rx_at);
	}
	d->rx_at += n;
	return (int)n;
}

int skw_imitation_read(struct skw_imitation *d, void *out, bool cs16, size_t n, int *flags,
		       long long *time_ns, long timeout_us)
{
	int64_t until = monotonic_ns() + timeout_us * INT64_C(1000);
	struct sample x[READ_MAX];
	int got;

	for (;;) {
		pthread_mutex_lock(&d->lock);
		got = read_some(d, x, n, time_ns, flags);
		pthread_mutex_unlock(&d->lock);
		if (got != SOAPY_SDR_TIMEOUT || monotonic_ns() >= until)
			break;
		nap();
	}
	if (got > 0 && !cs16)
		memcpy(out, x, (size_t)got * sizeof(*x));
	for (int k = 0; got > 0 && cs16 && k < got; k++) {
		float full = d->c.narrow ? 2048 : 32768;

		((int16_t *)out)[2 * k] = (int16_t)lrintf(x[k].i * full);
		((int16_t *)out)[2 * k + 1] = (int16_t)lrintf(x[k].q * full);
	}
	return got;
}

/* ---- transmit -------------------------------------------------------------------------------- */

static void put(struct skw_imitation *d, uint64_t at, struct sample v)
{
	uint64_t block = at / BLOCK;
	_Atomic uint64_t *stamp = &d->own->stamp[block % (RING / BLOCK)];

	if (atomic_load_explicit(stamp, memory_order_relaxed) != block + 1) {
		memset(&d->own->ring[block * BLOCK % RING], 0, BLOCK * sizeof(v));
		atomic_store_explicit(stamp, block + 1, memory_order_release);
	}
	d->own->ring[at % RING] = v;
}

static void report(struct skw_imitation *d, int code, int flags, uint64_t at, uint64_t due)
{
	if (d->c.late && d->reports < REPORTS)
		d->report[d->reports++] =
		    (struct report) { code, flags | SOAPY_SDR_HAS_TIME, to_ns(d, at), due };
}

static void begin_burst(struct skw_imitation *d, int flags, long long time_ns, uint64_t t)
{
	uint64_t soon = t + (uint64_t)(d->c.latency_ms * 1e-3 * d->rate);

	d->in_burst = true;
	d->dropping = false;
	d->tx_at = d->tx_at > soon ? d->tx_at : soon; /* behind what is still in the FIFO */
	if (d->c.time && (flags & SOAPY_SDR_HAS_TIME) != 0) {
		d->tx_at =
		    (uint64_t)fmax(0, rint(((double)time_ns - d->offset_ns) * 1e-9 * d->rate));
		if (d->tx_at < t) {
			d->dropping = true;
			report(d, SOAPY_SDR_TIME_ERROR, 0, t, t);
		}
	}
	d->tx_start = d->tx_at;
}

static void keep_up(struct skw_imitation *d, uint64_t t)
{
	if (d->dropping || d->tx_at >= t)
		return;
	report(d, SOAPY_SDR_UNDERFLOW, 0, t, t);
	d->tx_at = t + (uint64_t)(1e-3 * d->rate);
}

static size_t room(const struct skw_imitation *d, uint64_t t)
{
	uint64_t from = d->tx_start > t ? d->tx_start : t, held;

	if (d->dropping)
		return FIFO;
	held = d->tx_at > from ? d->tx_at - from : 0;
	return held < FIFO ? FIFO - (size_t)held : 0;
}

static struct sample sample_of(const void *in, bool cs16, size_t k, bool narrow)
{
	float full = narrow ? 2048 : 32768;

	if (!cs16)
		return ((const struct sample *)in)[k];
	return (struct sample) { ((const int16_t *)in)[2 * k] / full,
				 ((const int16_t *)in)[2 * k + 1] / full };
}

static int write_some(struct skw_imitation *d, const void *in, bool cs16, size_t n, int flags,
		      long long time_ns)
{
	uint64_t t = now(d);
	float gain = (float)pow(10, d->tx_gain / 20);
	size_t some;

	if (!d->tx_on)
		return SOAPY_SDR_STREAM_ERROR;
	if (!d->in_burst)
		begin_burst(d, flags, time_ns, t);
	keep_up(d, t);
	some = room(d, t) < n ? room(d, t) : n;
	if (some == 0)
		return SOAPY_SDR_TIMEOUT;
	if (d->c.short_calls && some > 1)
		some = 1 + (size_t)(random_u64(d) % some);
	for (size_t k = 0; k < some && !d->dropping; k++) {
		struct sample v = sample_of(in, cs16, k, d->c.narrow);

		v.i *= gain;
		v.q *= gain;
		put(d, d->tx_at++, v);
	}
	if (some == n && (flags & SOAPY_SDR_END_BURST) != 0) {
		d->in_burst = false;
		if (!d->dropping)
			report(d, 0, SOAPY_SDR_END_BURST, d->tx_at, d->tx_at);
	}
	return (int)some;
}

int skw_imitation_write(struct skw_imitation *d, const void *in, bool cs16, size_t n, int flags,
			long long time_ns, long timeout_us)
{
	int64_t until = monotonic_ns() + timeout_us * INT64_C(1000);
	int got;

	for (;;) {
		pthread_mutex_lock(&d->lock);
		got = write_some(d, in, cs16, n, flags, time_ns);
		pthread_mutex_unlock(&d->lock);
		if (got != SOAPY_SDR_TIMEOUT || monotonic_ns() >= until)
			return got;
		nap();
	}
}

static int one_report(struct skw_imitation *d, int *flags, long long *time_ns)
{
	struct report r = d->report[0];

	if (d->reports == 0 || now(d) < r.due)
		return SOAPY_SDR_TIMEOUT;
	d->reports--;
	memmove(d->report, d->report + 1, d->reports * sizeof(r));
	*flags = r.flags;
	*time_ns = r.time_ns;
	return r.code;
}

int skw_imitation_status(struct skw_imitation *d, int *flags, long long *time_ns, long timeout_us)
{
	int64_t until = monotonic_ns() + timeout_us * INT64_C(1000);
	int got;

	*flags = 0;
	if (!d->c.late)
		return SOAPY_SDR_NOT_SUPPORTED;
	for (;;) {
		pthread_mutex_lock(&d->lock);
		got = one_report(d, flags, time_ns);
		pthread_mutex_unlock(&d->lock);
		if (got != SOAPY_SDR_TIMEOUT || monotonic_ns() >= until)
			return got;
		nap();
	}
}

/* ---- both ------------------------------------------------------------------------------------ */

int skw_imitation_activate(struct skw_imitation *d, bool rx)
{
	uint64_t turn;

	pthread_mutex_lock(&d->lock);
	turn = d->c.half && (d->rx_on || d->tx_on) ? (uint64_t)(d->c.turn_ms * 1e-3 * d->rate) : 0;
	if (d->c.half)
		*(rx ? &d->tx_on : &d->rx_on) = false;
	*(rx ? &d->rx_on : &d->tx_on) = true;
	if (rx) {
		d->rx_at = now(d) + turn;
		d->next_overflow = d->rx_at + (uint64_t)(d->c.overflow_ms * 1e-3 * d->rate);
	}
	d->in_burst = false;
	pthread_mutex_unlock(&d->lock);
	return 0;
}

int skw_imitation_deactivate(struct skw_imitation *d, bool rx)
{
	pthread_mutex_lock(&d->lock);
	*(rx ? &d->rx_on : &d->tx_on) = false;
	pthread_mutex_unlock(&d->lock);
	return 0;
}
