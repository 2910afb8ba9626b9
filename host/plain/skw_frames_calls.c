#include "plain/skw_frames_calls.h"

#include <SoapySDR/Errors.h>

const struct skw_frames_calls skw_frames_calls = {
	.config_size = sizeof(struct skw_frames_config),
	.size = sizeof(struct skw_frames_calls),
	.open = skw_frames_open,
	.close = skw_frames_close,
	.write = skw_frames_write,
	.read = skw_frames_read,
	.status = skw_frames_status,
	.now = skw_frames_now,
	.error_text = SoapySDR_errToStr,
};
