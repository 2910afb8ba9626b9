/* skw_air_scenario - who is on the air and how they hear each other (docs/air-scenario.md).
 *
 *   [air]            rate, carrier, noise, seed, pace, echoes, drift
 *   [radio NAME]     ppm, clock
 *   [path A B]       loss, delay or distance, echoes: both ways
 */
#ifndef SKW_AIR_SCENARIO_H
#define SKW_AIR_SCENARIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SKW_AIR_RADIOS 64u
#define SKW_AIR_NAME 32u
#define SKW_AIR_DELAY_MAX 65536u /* samples */
#define SKW_AIR_DRIFT_DELAY 32u  /* samples: the shortest path if radios drift */
#define SKW_AIR_ECHOES_MAX 500.0 /* ns */

struct skw_air_path {
	bool open;        /* false: not heard at all */
	double loss_db;   /* >= 0 attenuates */
	unsigned delay;   /* samples, at least 1 */
	double echoes_ns; /* rms delay spread; 0: none, below: as the whole air */
};

struct skw_air_scenario {
	uint32_t rate_hz;  /* of every radio on this air: 5, 10 or 20 MHz */
	double carrier_hz; /* where the radios are tuned out of reset */
	double noise_dbfs; /* at the receiver's input, mean power of a sample */
	double echoes_ns;  /* rms delay spread of each path that does not say its own; 0: none */
	bool drift;        /* radios sample by their own references; else all by the air's */
	uint64_t seed;
	double pace; /* device seconds a wall second, at most 1 */
	unsigned radios;
	struct {
		char name[SKW_AIR_NAME];
		double ppm;     /* error of its reference: carrier, and sampling if it drifts */
		double clock_s; /* by how much its counter begins before the air's time */
	} radio[SKW_AIR_RADIOS];
	struct skw_air_path path[SKW_AIR_RADIOS][SKW_AIR_RADIOS]; /* [from][to] */
};

/* 20 MHz at 5.9 GHz, noise at -60 dBFS, nobody there. */
void skw_air_scenario_init(struct skw_air_scenario *s);
/* Adds what the text says; false with `error` naming the line. */
bool skw_air_scenario_parse(struct skw_air_scenario *s, const char *text, char *error,
			    size_t error_size);
/* N radios in a line, each hears its neighbours only: alice, relay1 .. relayN-2, bob. */
bool skw_air_scenario_line(struct skw_air_scenario *s, unsigned radios);
/* What only the whole shows: somebody is there, the paths fit the rate. */
bool skw_air_scenario_check(const struct skw_air_scenario *s, char *error, size_t error_size);
/* By how many billionths a radio samples too fast. */
int32_t skw_air_scenario_ppb(const struct skw_air_scenario *s, unsigned radio);
/* The index of a name; -1 if there is none. */
int skw_air_scenario_find(const struct skw_air_scenario *s, const char *name);

#endif
