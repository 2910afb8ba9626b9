#include "cli/skw_cli_trace.h"

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/skw_cli_phy.h"

/* GTKWave's flags of a signal: how it is written out. */
enum {
	BINARY = 0x28,
	HEX = 0x22,
	DECIMAL = 0x24,
	SIGNED = 0x420,
	GROUP = 0x800200,
	END = 0x1000200
};

/* The way of the data. A name without a path is a headline. */
static const struct entry {
	const char *name;
	int flag;
} ENTRIES[] = {
	{ "antenna", GROUP },
	{ "clk", BINARY },
	{ "sample", BINARY },
	{ "now[63:0]", DECIMAL },
	{ "rx_i[15:0]", SIGNED },
	{ "rx_q[15:0]", SIGNED },
	{ "tx_i[15:0]", SIGNED },
	{ "tx_q[15:0]", SIGNED },
	{ "tx_active", BINARY },
	{ "host", GROUP },
	{ "s_host_tdata[31:0]", HEX },
	{ "s_host_tvalid", BINARY },
	{ "s_host_tready", BINARY },
	{ "m_host_tdata[31:0]", HEX },
	{ "m_host_tvalid", BINARY },
	{ "m_host_tready", BINARY },
	{ "detection", GROUP },
	{ "rx.s_axis_tdata[31:0]", HEX },
	{ "rx.s_axis_tvalid", BINARY },
	{ "rx.event_detected", BINARY },
	{ "rx.busy", BINARY },
	{ "rx.m_desc_cfo[31:0]", SIGNED },
	{ "rx.m_desc_time[63:0]", DECIMAL },
	{ "FFT", GROUP },
	{ "rx.i_fft.s_axis_tdata[31:0]", HEX },
	{ "rx.i_fft.s_axis_tvalid", BINARY },
	{ "rx.i_fft.s_axis_tready", BINARY },
	{ "rx.i_fft.m_axis_tdata[31:0]", HEX },
	{ "rx.i_fft.m_axis_tvalid", BINARY },
	{ "rx.i_fft.m_axis_tready", BINARY },
	{ "equaliser and demapper", GROUP },
	{ "rx.i_equalise.state[2:0]", DECIMAL },
	{ "rx.i_equalise.signal_part[31:0]", DECIMAL },
	{ "rx.i_equalise.noise_part[31:0]", DECIMAL },
	{ "rx.i_equalise.m_axis_tdata[23:0]", HEX },
	{ "rx.i_equalise.m_axis_tvalid", BINARY },
	{ "rx.i_equalise.m_axis_tready", BINARY },
	{ "rx.i_equalise.symbol_done", BINARY },
	{ "decoder", GROUP },
	{ "rx.i_decode.state[2:0]", DECIMAL },
	{ "rx.i_decode.sig_valid", BINARY },
	{ "rx.i_decode.sig_ok", BINARY },
	{ "rx.i_decode.sig_rate[3:0]", BINARY },
	{ "rx.i_decode.sig_length[11:0]", DECIMAL },
	{ "rx.m_axis_tdata[7:0]", HEX },
	{ "rx.m_axis_tvalid", BINARY },
	{ "rx.m_axis_tready", BINARY },
	{ "rx.m_axis_tlast", BINARY },
	{ "transmitter", GROUP },
	{ "framer_tx.state[3:0]", DECIMAL },
	{ "tx.s_desc_rate[3:0]", BINARY },
	{ "tx.s_desc_length[11:0]", DECIMAL },
	{ "tx.s_desc_tvalid", BINARY },
	{ "tx.s_axis_tdata[7:0]", HEX },
	{ "tx.s_axis_tvalid", BINARY },
	{ "tx.s_axis_tready", BINARY },
	{ "tx.m_axis_tdata[31:0]", HEX },
	{ "tx.m_axis_tvalid", BINARY },
	{ "tx.m_axis_tready", BINARY },
};

static void write_entries(FILE *out, const char *path)
{
	const char *group = ENTRIES[0].name;

	fprintf(out, "[dumpfile] \"%s\"\n[timestart] 0\n", path);
	for (size_t k = 0; k < sizeof(ENTRIES) / sizeof(ENTRIES[0]); k++) {
		const struct entry *e = &ENTRIES[k];

		if (e->flag == GROUP && k > 0)
			fprintf(out, "@%x\n-%s\n", END, group);
		if (e->flag == GROUP)
			group = e->name;
		fprintf(out,
			e->flag == GROUP ? "@%x\n-%s\n" : "@%x\nskywave.skywave_ticked.gates.%s\n",
			(unsigned)e->flag, e->name);
	}
	fprintf(out, "@%x\n-%s\n", END, group);
}

bool skw_cli_trace_start(struct skw_radio *r, const char *path, uint64_t from, uint64_t to)
{
	char save[PATH_MAX];
	FILE *out;

	/* Verilator tells of a file that it cannot open late, or not at all. */
	out = fopen(path, "w");
	if (out == NULL)
		return skw_cli_phy_fail(path, strerror(errno)), false;
	fclose(out);
	if (!skw_radio_trace(r, path, from, to))
		return skw_cli_phy_fail(path, "cannot be written"), false;
	if (snprintf(save, sizeof(save), "%s.gtkw", path) >= (int)sizeof(save))
		return skw_cli_phy_fail(path, "the name is too long"), false;
	out = fopen(save, "w");
	if (out == NULL)
		return skw_cli_phy_fail(save, strerror(errno)), false;
	write_entries(out, path);
	return fclose(out) == 0 || (skw_cli_phy_fail(save, strerror(errno)), false);
}

int skw_cli_trace_program(int argc, char **argv)
{
	char own[PATH_MAX], path[PATH_MAX + 16], phy[] = "phy";
	ssize_t n = readlink("/proc/self/exe", own, sizeof(own) - 1);
	char **args = calloc((size_t)argc + 3, sizeof(*args));

	if (n < 0 || args == NULL) {
		free(args);
		return skw_cli_phy_fail("out of memory", "");
	}
	own[n] = '\0';
	snprintf(path, sizeof(path), "%s/skywave-trace", dirname(own));
	args[0] = path;
	args[1] = phy;
	memcpy(args + 2, argv, (size_t)argc * sizeof(*args));
	execv(path, args);
	free(args);
	return skw_cli_phy_fail(path, "is not there: `make trace` builds it");
}
