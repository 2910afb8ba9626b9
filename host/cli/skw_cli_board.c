#include "cli/skw_cli_board.h"

#include <string.h>

enum { RUN = 512 }; /* samples at a time */

bool skw_cli_board_open(struct skw_cli_board *b)
{
	memset(b, 0, sizeof(*b));
	b->radio = skw_radio_new();
	return b->radio != NULL;
}

bool skw_cli_board_open_rx(struct skw_cli_board *b)
{
	uint8_t packet[16];
	struct skw_writer w = skw_writer(packet, sizeof(packet));

	skw_hostlink_put_reg_write(&w, SKW_REG_CONTROL,
				   SKW_CONTROL_RX_FRAMES | SKW_CONTROL_FCS_BAD_TOO);
	return skw_cli_board_open(b) && skw_cli_board_say(b, &w);
}

void skw_cli_board_close(struct skw_cli_board *b)
{
	if (b->radio != NULL)
		skw_radio_free(b->radio);
	b->radio = NULL;
}

bool skw_cli_board_say(struct skw_cli_board *b, const struct skw_writer *w)
{
	bool good = w->ok && skw_radio_host_write(b->radio, w->start, skw_writer_len(w));

	skw_radio_service(b->radio, SKW_CLI_SERVICE_CLOCKS);
	return good;
}

bool skw_cli_board_hear(struct skw_cli_board *b, struct skw_hostlink_packet *packet)
{
	for (;;) {
		if (b->at == b->have) {
			b->at = 0;
			b->have = skw_radio_host_read(b->radio, b->bytes, sizeof(b->bytes));
			if (b->have == 0)
				return false;
		}
		b->at += skw_hostlink_feed(&b->parser, packet, b->bytes + b->at, b->have - b->at);
		if (packet->type != SKW_HOSTLINK_NONE)
			return true;
	}
}

/* Runs until the frame has left; `from` and `to` bound it in `samples`. False if it does not leave.
 */
static bool catch_burst(struct skw_cli_board *b, struct skw_iq *samples, size_t *from, size_t *to)
{
	struct skw_hostlink_packet packet;
	struct skw_hostlink_tx_status status = { .result = SKW_TX_REFUSED };
	uint64_t start = skw_radio_time(b->radio);
	bool sent = false;
	size_t n = 0;

	*to = 0;
	while (n + RUN <= SKW_CLI_BURST_MAX && !(sent && skw_radio_idle(b->radio))) {
		skw_radio_run(b->radio, samples + n, NULL, RUN);
		n += RUN;
		skw_radio_service(b->radio, SKW_CLI_SERVICE_CLOCKS);
		while (skw_cli_board_hear(b, &packet))
			sent |= skw_hostlink_tx_status_get(&status, &packet);
	}
	for (size_t k = 0; k < n; k++)
		if (samples[k].i != 0 || samples[k].q != 0)
			*to = k + 1;
	*from = (size_t)(status.time - start);
	return sent && status.result == SKW_TX_SENT && *from < *to;
}

bool skw_cli_board_burst(struct skw_cli_board *b, struct skw_iq *samples, size_t *n,
			 const struct skw_hostlink_tx_frame *f, const uint8_t *psdu, size_t len)
{
	uint8_t packet[SKW_HOSTLINK_PACKET_MAX];
	struct skw_writer w = skw_writer(packet, sizeof(packet));
	struct skw_hostlink_tx_frame now = *f;
	size_t from, to;

	now.timed = false;
	skw_hostlink_put_tx_frame(&w, &now, psdu, len);
	if (!skw_cli_board_say(b, &w) || !catch_burst(b, samples, &from, &to))
		return false;
	memmove(samples, samples + from, (to - from) * sizeof(*samples));
	*n = to - from;
	return true;
}
