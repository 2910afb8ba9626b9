/* skw_air_world - the radios of an air, and their common sample clock.
 *
 *   radio --sent--> [ channel ] --heard--> radio      in lockstep, a chunk of samples at a time
 *
 * A chunk is no longer than the shortest delay, so what a radio hears in it was sent before it and
 * the radios run side by side. Gates are evaluated only where something is on the air: a radio runs
 * while it sends, from some samples before to some after whatever reaches it, and until it is idle.
 * The others' clocks are moved, and where all are quiet time jumps to the next event. No sockets
 * here and no wall clock: the caller says how far time may go.
 */
#ifndef SKW_AIR_WORLD_H
#define SKW_AIR_WORLD_H

#include "air/skw_air_scenario.h"
#include "radio/skw_radio.h"

struct skw_air_world;

enum skw_air_step {
	SKW_AIR_LIMIT, /* time stands at the limit */
	SKW_AIR_MOVED, /* time jumped; nothing was on the air */
	SKW_AIR_RAN,   /* gates were evaluated for a chunk */
};

struct skw_air_count {
	uint64_t evaluated, skipped; /* samples of all radios */
};

/* The scenario must outlive the world. NULL if memory or threads are short. */
struct skw_air_world *skw_air_world_new(const struct skw_air_scenario *s, unsigned threads);
void skw_air_world_free(struct skw_air_world *w);

/* Puts a radio just out of reset, tuned and its clock set as the scenario says, into the seat;
 * false if memory is short. What it sent before stays on the air. */
bool skw_air_world_seat(struct skw_air_world *w, unsigned seat);
void skw_air_world_leave(struct skw_air_world *w, unsigned seat);
/* The radio in a seat, for its host's bytes; NULL if it is empty. */
struct skw_radio *skw_air_world_radio(struct skw_air_world *w, unsigned seat);
/* Lets the radio take its host's bytes and answer while time stands. */
void skw_air_world_service(struct skw_air_world *w, unsigned seat);

uint64_t skw_air_world_time(const struct skw_air_world *w);
/* When something next happens by itself: now while the air is busy, UINT64_MAX for never. */
uint64_t skw_air_world_next(struct skw_air_world *w);
/* Moves time, not past `limit`: one chunk, or one jump. */
enum skw_air_step skw_air_world_step(struct skw_air_world *w, uint64_t limit);
struct skw_air_count skw_air_world_count(const struct skw_air_world *w, unsigned seat);

#endif
