/* skw_transport - the ways to a board: a row of a table each.
 *
 * A transport finds boards and opens one as a file descriptor that carries host link bytes both
 * ways (docs/hostlink.md). One whose device is no descriptor hands out an end of a socket pair, and
 * has a state of its own behind it.
 */
#ifndef SKW_TRANSPORT_H
#define SKW_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>

#define SKW_TRANSPORT_PATH 108 /* a Unix socket's address holds no more */
#define SKW_TRANSPORT_NAME 64

/* Where a board is, in the words of the device arguments of these names. */
struct skw_transport_place {
	char path[SKW_TRANSPORT_PATH];
	char radio[SKW_TRANSPORT_NAME];
	char baud[SKW_TRANSPORT_NAME];
};

struct skw_transport {
	const char *name; /* the device argument `transport` */
	const char *what; /* for people */
	/* Calls `found` for each board that matches what `want` leaves open (empty strings match
	 * all). */
	void (*find)(const struct skw_transport_place *want,
		     void (*found)(void *ctx, const struct skw_transport_place *place), void *ctx);
	/* A descriptor, or -1 with the reason in `error`. The caller closes it, and then `*state`.
	 */
	int (*open)(const struct skw_transport_place *place, void **state, char *error,
		    size_t error_size);
	/* Waits until nothing of it runs any more. NULL where the descriptor is all there is. */
	void (*close)(void *state);
};

/* So many zero bytes end any packet that another host left unfinished: no packet to a board is
 * longer (docs/hostlink.md). A multiple of four. */
#define SKW_TRANSPORT_ZEROS (4u + 24u + 4096u)

extern const struct skw_transport skw_transports[];
extern const size_t skw_transport_count;

/* The row of that name; the first for an empty name; NULL if there is none. */
const struct skw_transport *skw_transport_named(const char *name);
/* Fills a place; false if a text is too long. NULL counts as empty. */
bool skw_transport_place_set(struct skw_transport_place *place, const char *path, const char *radio,
			     const char *baud);

/* transport=sim: a seat of a skywave-air (docs/air-scenario.md). */
void skw_transport_sim_find(const struct skw_transport_place *want,
			    void (*found)(void *ctx, const struct skw_transport_place *place),
			    void *ctx);
int skw_transport_sim_open(const struct skw_transport_place *place, void **state, char *error,
			   size_t error_size);

/* transport=serial: a board behind a serial line, the ULX3S' FT231X for one. `path` is the line's
 * device, else the first ULX3S that is plugged in; `baud` its rate, 3000000 as the bitstreams have
 * it, at least 115200. Opening one ends whatever packet another host left unfinished. */
void skw_transport_serial_find(const struct skw_transport_place *want,
			       void (*found)(void *ctx, const struct skw_transport_place *place),
			       void *ctx);
int skw_transport_serial_open(const struct skw_transport_place *place, void **state, char *error,
			      size_t error_size);

/* transport=ft601: a board behind FTDI's USB 3 FIFO, the LimeSDR Mini 2.0 for one, on the chip's
 * first channel. `path` is bus and ports as the kernel writes them ("2-1.4"), else the first. A
 * board is not known by its chip: `find` lists those with other gateware too, and opening one of
 * these fails as soon as it does not answer. */
void skw_transport_ft601_find(const struct skw_transport_place *want,
			      void (*found)(void *ctx, const struct skw_transport_place *place),
			      void *ctx);
int skw_transport_ft601_open(const struct skw_transport_place *place, void **state, char *error,
			     size_t error_size);
void skw_transport_ft601_close(void *state);

#endif
