/* skw_cli_board - a simulated board as commands use it: packets in and out, a frame's burst. */
#ifndef SKW_CLI_BOARD_H
#define SKW_CLI_BOARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "radio/skw_radio.h"
#include "wire/skw_hostlink.h"

enum {
	SKW_CLI_SERVICE_CLOCKS = 65536,
	SKW_CLI_BURST_MAX = 131072, /* samples; 4095 bytes at 6 Mb/s take 109,760 */
};

struct skw_cli_board {
	struct skw_radio *radio;
	struct skw_hostlink_parser parser;
	uint8_t bytes[4096];
	size_t at, have;
};

/* False if memory is short. Close it in any case. */
bool skw_cli_board_open(struct skw_cli_board *b);
/* A board that receives frames, also those with a wrong FCS. */
bool skw_cli_board_open_rx(struct skw_cli_board *b);
void skw_cli_board_close(struct skw_cli_board *b);
/* Hands the writer's packet over; false if it is too long or memory short. */
bool skw_cli_board_say(struct skw_cli_board *b, const struct skw_writer *w);
/* The board's next packet; false if it has said no more. */
bool skw_cli_board_hear(struct skw_cli_board *b, struct skw_hostlink_packet *packet);
/* Sends a frame at once: its `*n` samples, from the first of the preamble on, at most
 * SKW_CLI_BURST_MAX of them. f->time and f->timed are not looked at. */
bool skw_cli_board_burst(struct skw_cli_board *b, struct skw_iq *samples, size_t *n,
			 const struct skw_hostlink_tx_frame *f, const uint8_t *psdu, size_t len);

#endif
