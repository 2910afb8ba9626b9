/* skw_cli_sigmf - the metadata of a SigMF recording (SigMF 1.x: sigmf.org): what its samples are.
 *
 * NAME.sigmf-meta is JSON: global "core:datatype" and "core:sample_rate", and "core:frequency" of
 * the first of "captures". Data types read: cf32_le, ci16_le, ci8, cu8, of one channel, in
 * NAME.sigmf-data without headers. Archives (.sigmf) are to be unpacked with tar first.
 */
#ifndef SKW_CLI_SIGMF_H
#define SKW_CLI_SIGMF_H

#include <stdbool.h>

#include "cli/skw_cli_iq.h"

struct skw_cli_sigmf {
	enum skw_cli_iq_format format;
	double rate_hz, frequency_hz; /* 0: not told */
	char data[4096];              /* path of the samples */
	char error[160];
};

/* By the name's end. */
bool skw_cli_sigmf_is(const char *path);
/* `path` of either file; false with `error`. */
bool skw_cli_sigmf_read(struct skw_cli_sigmf *m, const char *path);

#endif
