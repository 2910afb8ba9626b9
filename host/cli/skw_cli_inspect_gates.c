/* The gates' side of `skywave phy inspect`: the stages tell what they hand on, carrier by carrier,
 * and a frame is known by its time when it reaches the host, up to a frame later. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/skw_cli_board.h"
#include "cli/skw_cli_inspect.h"
#include "cli/skw_cli_phy.h"

enum {
	RUN = 512,         /* samples at a time */
	TAIL_MAX = 262144, /* samples of silence in which the receiver must have finished */
	RECENT = 4,        /* frames that may be on their way to the host */
};

struct recent {
	struct skw_cli_inspect_frame frame;
	bool timed; /* its SIGNAL was good */
	uint64_t time;
};

struct gates {
	const struct skw_cli_inspect *o;
	struct skw_cli_board board;
	struct recent recent[RECENT];
	unsigned now; /* the one that is being heard */
	uint64_t found;
};

static unsigned bits_of(unsigned rate_mbps)
{
	return rate_mbps <= 9 ? 1 : rate_mbps <= 18 ? 2 : rate_mbps <= 36 ? 4 : 6;
}

static void begin(struct gates *g)
{
	struct recent *r;

	g->now = (g->now + 1) % RECENT;
	r = &g->recent[g->now];
	memset(r, 0, sizeof(*r));
	for (size_t n = 0; n < SKW_CLI_INSPECT_SYMBOLS; n++)
		memset(r->frame.symbol[n].soft, 128, sizeof(r->frame.symbol[n].soft));
}

static void note_symbol(struct skw_cli_inspect_frame *f, const struct skw_radio_look *l)
{
	struct skw_cli_inspect_symbol *s = &f->symbol[l->symbol];
	int k = l->carrier & 63;

	if (l->stage == SKW_RADIO_TRANSFORMED) {
		s->y_re[k] = (float)l->re / 32768.0F;
		s->y_im[k] = (float)l->im / 32768.0F;
	} else if (l->stage == SKW_RADIO_EQUALISED) {
		s->z_re[k] = (float)l->re / 4096.0F;
		s->z_im[k] = (float)l->im / 4096.0F;
		s->phase = (float)l->phase * (float)(2 * M_PI / 262144);
		s->slope = (float)l->slope * (float)(2 * M_PI / 67108864);
	} else {
		for (int b = 0; b < 6; b++)
			s->soft[64 * b + k] = (uint8_t)(128 + l->soft[b]);
		f->symbols = (unsigned)l->symbol + 1;
	}
}

static void note(void *context, const struct skw_radio_look *l)
{
	struct gates *g = context;
	struct recent *r = &g->recent[g->now];

	if (l->stage == SKW_RADIO_TRANSFORMED && l->symbol == -2 && l->carrier == -32) {
		begin(g);
	} else if (l->stage == SKW_RADIO_CHANNEL) {
		r->frame.h_re[l->carrier & 63] = (float)l->re / 65536.0F;
		r->frame.h_im[l->carrier & 63] = (float)l->im / 65536.0F;
	} else if (l->stage == SKW_RADIO_SIGNAL_GOOD) {
		r->timed = true;
		r->time = l->time;
	} else if (l->symbol >= 0 && l->symbol < SKW_CLI_INSPECT_SYMBOLS) {
		note_symbol(&r->frame, l);
	}
}

/* True when the frame asked for has come to the host. */
static bool came(struct gates *g, struct skw_cli_inspect_frame *f)
{
	struct skw_hostlink_rx_frame frame;
	struct skw_hostlink_packet packet;

	while (skw_cli_board_hear(&g->board, &packet)) {
		if (!skw_hostlink_rx_frame_get(&frame, &packet) || g->found++ < g->o->frame)
			continue;
		for (unsigned n = 0; n < RECENT; n++)
			if (g->recent[n].timed && g->recent[n].time == frame.time)
				*f = g->recent[n].frame;
		f->rx = skw_hostlink_frame_rx(&frame, (double)g->o->bandwidth * 1e6);
		memcpy(f->psdu, frame.psdu, f->rx.length);
		for (unsigned n = 0; n < f->symbols; n++)
			f->symbol[n].bits = n == 0 ? 1 : bits_of(f->rx.rate_mbps);
		return true;
	}
	return false;
}

static bool heard(struct gates *g, struct skw_cli_inspect_frame *f, struct skw_cli_recording *in)
{
	struct skw_iq samples[RUN], sent[RUN];
	size_t n;

	while ((n = skw_cli_recording_read(in, samples, RUN)) > 0) {
		skw_radio_run(g->board.radio, sent, samples, n);
		if (came(g, f))
			return true;
	}
	for (n = 0; n < TAIL_MAX && !skw_radio_idle(g->board.radio); n += RUN) {
		skw_radio_run(g->board.radio, sent, NULL, RUN);
		if (came(g, f))
			return true;
	}
	skw_radio_service(g->board.radio, SKW_CLI_SERVICE_CLOCKS);
	return came(g, f);
}

int skw_cli_inspect_gates(struct skw_cli_inspect_frame *f, uint64_t *found,
			  const struct skw_cli_inspect *o)
{
	struct gates *g = calloc(1, sizeof(*g));
	struct skw_cli_recording in;
	int result = 0;

	if (g == NULL)
		return skw_cli_phy_fail("out of memory", "");
	g->o = o;
	if (!skw_cli_recording_open(&in, o->file, &o->recording)) {
		result = skw_cli_phy_fail(o->file, in.error);
	} else if (!skw_cli_board_open_rx(&g->board) || !skw_radio_watch(g->board.radio, note, g)) {
		result = skw_cli_phy_fail("out of memory", "");
	} else {
		heard(g, f, &in);
		if (in.error[0] != '\0')
			result = skw_cli_phy_fail(o->file, in.error);
	}
	*found = g->found;
	skw_cli_board_close(&g->board);
	skw_cli_recording_close(&in);
	free(g);
	return result;
}
