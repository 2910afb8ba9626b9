#include "cli/skw_cli_phy_soft.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int16_t fixed(float v)
{
	v = rintf(v * 32768);
	return (int16_t)(v > 32767 ? 32767 : v < -32768 ? -32768 : v);
}

size_t skw_cli_soft_burst(struct skw_iq *out, size_t max, const struct skw_frame_tx *f,
			  const uint8_t *psdu)
{
	struct skw_modem_tx *tx = skw_modem_tx_new();
	struct skw_modem_iq *samples = calloc(max, sizeof(*samples));
	size_t n = 0;

	if (tx != NULL && samples != NULL &&
	    skw_modem_send(tx, samples, &n, max, f, psdu) != SKW_MODEM_OK)
		n = 0;
	for (size_t k = 0; k < n; k++)
		out[k] = (struct skw_iq) { fixed(samples[k].i), fixed(samples[k].q) };
	free(samples);
	skw_modem_tx_free(tx);
	return n;
}

bool skw_cli_soft_open(struct skw_cli_soft *s, double rate_hz)
{
	memset(s, 0, sizeof(*s));
	s->rx = skw_modem_rx_new(rate_hz);
	return s->rx != NULL;
}

void skw_cli_soft_close(struct skw_cli_soft *s)
{
	skw_modem_rx_free(s->rx);
	s->rx = NULL;
}

void skw_cli_soft_feed(struct skw_cli_soft *s, const struct skw_modem_iq *samples, size_t n)
{
	s->at = 0;
	s->have = n;
	if (samples == NULL)
		memset(s->in, 0, n * sizeof(*s->in));
	else
		memcpy(s->in, samples, n * sizeof(*s->in));
}

bool skw_cli_soft_next(struct skw_cli_soft *s, struct skw_frame_rx *f, const uint8_t **psdu)
{
	size_t n;

	while (!skw_modem_rx_poll(s->rx, f, psdu)) {
		if (s->at == s->have)
			return false;
		n = skw_modem_rx_push(s->rx, s->in + s->at, s->have - s->at, s->time);
		s->at += n;
		s->time += n;
	}
	return true;
}
