/* skw_radio - one simulated board: the Verilated rtl/top/skywave.sv behind a C interface.
 *
 *   host bytes (docs/hostlink.md) --> [ gates ] --> antenna samples out
 *                                 <-- [       ] <-- antenna samples in
 *
 * The sample clock advances only in skw_radio_run and skw_radio_skip. skw_radio_service clocks
 * the gates while the sample clock stands still, so registers and queues answer without device time
 * passing. Nothing here reads a clock or a socket. One thread at a time per radio; different radios
 * may run in different threads.
 */
#ifndef SKW_RADIO_H
#define SKW_RADIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct skw_radio;

struct skw_iq {
	int16_t i, q; /* s1.15 */
};

/* What the host has set through the FE_ registers. */
struct skw_radio_front_end {
	uint64_t rx_hz, tx_hz;
	uint32_t rate_hz;
	int32_t rx_gain_cdb, tx_gain_cdb;
};

/* A radio just out of reset at time 0; NULL if memory is short. The caller frees it. */
struct skw_radio *skw_radio_new(void);
/* The same, with every gate evaluated in every clock: several times slower, and to the last bit and
 * sample what the other is. For the test that it is. */
struct skw_radio *skw_radio_new_sleepless(void);
void skw_radio_free(struct skw_radio *r);

/* Bytes from the host to the board: queues all of them, or none and false if memory is short. */
bool skw_radio_host_write(struct skw_radio *r, const uint8_t *data, size_t len);
/* Bytes of the host's that the board has not taken yet (its queues are full, or it was not
 * clocked). */
size_t skw_radio_host_pending(const struct skw_radio *r);
/* Bytes from the board to the host: how many were copied, 0..len. */
size_t skw_radio_host_read(struct skw_radio *r, uint8_t *data, size_t len);

/* Clocks the gates, sample clock standing, until the host's bytes are taken and the board has
 * nothing more to say, or `max_clocks`. */
void skw_radio_service(struct skw_radio *r, unsigned max_clocks);

/* Runs n samples: rx[k] goes in, tx[k] comes out (zero while silent), in the same sample time. rx
 * may be NULL: silence. */
void skw_radio_run(struct skw_radio *r, struct skw_iq *tx, const struct skw_iq *rx, size_t n);

/* True in the build that can trace; it is slower. */
bool skw_radio_traces(void);
/* Writes every signal of the gates to a file, FST if its name ends in .fst, else VCD (and FST under
 * a name of its own until then), while the sample counter is in [from, to), in picoseconds of an
 * 80 MHz clock since the radio was made. Once per radio; the file is whole when the radio is freed.
 * False if the file cannot be written or the build does not trace. */
bool skw_radio_trace(struct skw_radio *r, const char *path, uint64_t from, uint64_t to);
/* Ends it now. False if not all of it could be written. */
bool skw_radio_trace_stop(struct skw_radio *r);

/* What the receiver's stages hand on, in the numbers of the gates. */
enum skw_radio_stage {
	SKW_RADIO_TRANSFORMED, /* re, im: s1.15. Symbol -2, -1: the long ones, 0: SIGNAL, then data
				*/
	SKW_RADIO_CHANNEL,     /* re, im: twice the smoothed channel, in units of the transform */
	SKW_RADIO_EQUALISED,   /* re, im: s6.12, with the channel's power over its mean; data
				  carriers only. phase, slope: those turned back, in 2^-18 turns and
				  2^-26 turns a carrier */
	SKW_RADIO_SOFT, /* soft: bit B0 first, -7 surely 0 .. 7 surely 1; as many as are used */
	SKW_RADIO_SIGNAL_GOOD, /* time: of the frame's first sample */
};

struct skw_radio_look {
	enum skw_radio_stage stage;
	int symbol, carrier; /* carrier: -32..31 */
	int32_t re, im, phase, slope;
	int8_t soft[6];
	uint64_t time;
};

typedef void skw_radio_watch_fn(void *context, const struct skw_radio_look *look);
/* Calls `watch` from now on, inside skw_radio_run, for every carrier that leaves a stage. False in
 * the build that does not trace. */
bool skw_radio_watch(struct skw_radio *r, skw_radio_watch_fn *watch, void *context);

uint64_t skw_radio_time(const struct skw_radio *r); /* the sample counter */

/* True if nothing would change but the counter while the antenna is silent: no frame is being sent,
 * received or handed over, and no I/Q stream runs. Frames that wait for their time do not count. */
bool skw_radio_idle(const struct skw_radio *r);
/* True while received I/Q goes to the host: every sample counts then, also mere noise. */
bool skw_radio_streams(const struct skw_radio *r);
/* The time at which the next waiting transmission starts; false if none waits. */
bool skw_radio_next_tx(const struct skw_radio *r, uint64_t *time);
/* Advances the counter by n samples without evaluating gates. Allowed only while idle, and not past
 * the next transmission. */
void skw_radio_skip(struct skw_radio *r, uint64_t n);

struct skw_radio_front_end skw_radio_front_end(const struct skw_radio *r);

#ifdef __cplusplus
}
#endif

#endif
