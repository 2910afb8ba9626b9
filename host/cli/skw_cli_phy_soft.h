/* skw_cli_phy_soft - `skywave phy --engine soft`: the radio in C (host/modem) between the samples
 * of a file and frames. */
#ifndef SKW_CLI_PHY_SOFT_H
#define SKW_CLI_PHY_SOFT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "modem/skw_modem.h"
#include "radio/skw_radio.h"

enum { SKW_CLI_SOFT_RUN = 512 };

struct skw_cli_soft {
	struct skw_modem_rx *rx;
	uint64_t time; /* samples pushed */
	struct skw_modem_iq in[SKW_CLI_SOFT_RUN];
	size_t have, at;
};

/* The burst of a frame as the file wants it; its length, or 0 if the frame is wrong or memory
 * short. */
size_t skw_cli_soft_burst(struct skw_iq *out, size_t max, const struct skw_frame_tx *f,
			  const uint8_t *psdu);

bool skw_cli_soft_open(struct skw_cli_soft *s, double rate_hz);
void skw_cli_soft_close(struct skw_cli_soft *s);
/* Up to SKW_CLI_SOFT_RUN samples, or silence if `samples` is NULL. Fetch the frames then. */
void skw_cli_soft_feed(struct skw_cli_soft *s, const struct skw_modem_iq *samples, size_t n);
bool skw_cli_soft_next(struct skw_cli_soft *s, struct skw_frame_rx *f, const uint8_t **psdu);

#endif
