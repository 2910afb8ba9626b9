#include "soapy/skw_transport.h"

#include <stdio.h>
#include <string.h>

const struct skw_transport skw_transports[] = {
	{ "sim", "simulated radio of skywave-air", skw_transport_sim_find, skw_transport_sim_open,
	  NULL },
	{ "serial", "board on a serial line", skw_transport_serial_find, skw_transport_serial_open,
	  NULL },
	{ "ft601", "board on USB 3", skw_transport_ft601_find, skw_transport_ft601_open,
	  skw_transport_ft601_close },
};
const size_t skw_transport_count = sizeof(skw_transports) / sizeof(skw_transports[0]);

const struct skw_transport *skw_transport_named(const char *name)
{
	if (name == NULL || name[0] == '\0')
		return &skw_transports[0];
	for (size_t i = 0; i < skw_transport_count; i++)
		if (strcmp(skw_transports[i].name, name) == 0)
			return &skw_transports[i];
	return NULL;
}

static bool copy(char *out, size_t size, const char *text)
{
	int n = snprintf(out, size, "%s", text != NULL ? text : "");

	return n >= 0 && (size_t)n < size;
}

bool skw_transport_place_set(struct skw_transport_place *place, const char *path, const char *radio,
			     const char *baud)
{
	return copy(place->path, sizeof(place->path), path) &&
	       copy(place->radio, sizeof(place->radio), radio) &&
	       copy(place->baud, sizeof(place->baud), baud);
}
