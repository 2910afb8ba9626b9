/* skw_cli_pcap - received frames as a capture file that Wireshark reads: pcap (link type 127),
 * nanoseconds, radiotap before each frame, little-endian.
 *
 *   radiotap: TSFT, flags (FCS at the end; bad FCS), rate, channel (OFDM, half or quarter width),
 *   signal, noise. https://www.radiotap.org/fields/defined
 */
#ifndef SKW_CLI_PCAP_H
#define SKW_CLI_PCAP_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "wire/skw_frame.h"

struct skw_cli_pcap {
	FILE *file;
	unsigned bandwidth_mhz;
	double frequency_hz;
	double full_scale_dbm; /* what 0 dBFS is at the antenna */
};

/* Writes the file's head; `p` has its settings. False with errno. */
bool skw_cli_pcap_open(struct skw_cli_pcap *p, const char *path);
/* A frame at `time_ns` since 1970; a negative time counts as 0. False with errno. */
bool skw_cli_pcap_write(struct skw_cli_pcap *p, const struct skw_frame_rx *f, const uint8_t *psdu,
			long long time_ns);
/* False with errno if what was written is not on the disk. NULL file is nothing. */
bool skw_cli_pcap_close(struct skw_cli_pcap *p);

#endif
