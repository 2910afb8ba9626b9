/* skw_imitation - plain I/Q devices of every class on one air, in real time, for tests.
 *
 * Each device has a seat in a file that all of them map. What a seat transmits lies there by time;
 * what a seat hears is worked out when it reads: the other seats' samples at its own sample rate (a
 * windowed sinc), weakened, turned by the difference of the references, and its own receiver's
 * noise, gain, DC, clipping and converter. Which calls work, and how badly, is what the class says.
 */
#ifndef SKW_IMITATION_H
#define SKW_IMITATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SKW_IMITATION_SEATS = 4, SKW_IMITATION_RATES = 8 };

struct skw_imitation_config {
	char air[108]; /* file */
	unsigned seat;
	bool time;        /* hardware time, timed bursts */
	bool half;        /* half duplex: a direction that is activated ends the other */
	bool late;        /* late and broken bursts are reported */
	bool transmits;   /* false: a receiver only */
	bool short_calls; /* reads and writes move less than asked for, at random */
	bool narrow;      /* CS16 only, 12 bits at the lower end */
	bool leak;        /* hears itself */
	double rates[SKW_IMITATION_RATES];
	unsigned n_rates;
	double pace;        /* air seconds a wall second */
	double ppm;         /* of the reference */
	double loss_db;     /* to every other seat */
	double noise_dbfs;  /* at a gain of 0 */
	double dc;          /* in the receiver, of full scale */
	double overflow_ms; /* each so often samples are lost; 0: never */
	double latency_ms;  /* from an untimed write to the antenna */
	double turn_ms;     /* half duplex: to the other direction */
};

struct skw_imitation;
struct skw_imitation *skw_imitation_new(const struct skw_imitation_config *c);
void skw_imitation_free(struct skw_imitation *d);

bool skw_imitation_set_rate(struct skw_imitation *d, double hz);
double skw_imitation_rate(const struct skw_imitation *d);
void skw_imitation_set_frequency(struct skw_imitation *d, double hz);
double skw_imitation_frequency(const struct skw_imitation *d);
void skw_imitation_set_gain(struct skw_imitation *d, bool rx, double db);
double skw_imitation_gain(const struct skw_imitation *d, bool rx);
long long skw_imitation_time_ns(struct skw_imitation *d);
void skw_imitation_set_time_ns(struct skw_imitation *d, long long ns);

/* SoapySDR's calls of the same names, with its codes and flags. */
int skw_imitation_activate(struct skw_imitation *d, bool rx);
int skw_imitation_deactivate(struct skw_imitation *d, bool rx);
int skw_imitation_read(struct skw_imitation *d, void *out, bool cs16, size_t n, int *flags,
		       long long *time_ns, long timeout_us);
int skw_imitation_write(struct skw_imitation *d, const void *in, bool cs16, size_t n, int flags,
			long long time_ns, long timeout_us);
int skw_imitation_status(struct skw_imitation *d, int *flags, long long *time_ns, long timeout_us);

#endif
