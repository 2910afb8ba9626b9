/* skw_radio_module - the radio's libraries, loaded when a radio is configured and not before.
 *
 * The module lies beside the program's folder: .../bin/skywaved finds .../lib/skywave/radio.so, in
 * the build as where it is installed.
 */
#ifndef SKW_RADIO_MODULE_H
#define SKW_RADIO_MODULE_H

#include "plain/skw_frames_calls.h"

/* Loaded once and never unloaded. NULL and a message in `error` if it cannot be. */
const struct skw_frames_calls *skw_radio_module(char *error, size_t error_len);

#endif
