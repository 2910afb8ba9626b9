#include "node/skw_places.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "node/skw_exit.h"
#include "node/skw_names.h"

static const char UDP[] = "udp:", SKY[] = ".sky";

/* As DNS has it: no case, and a dot may stand at the end. A name of ours must not get to an exit.
 */
static bool is_sky(const char *host)
{
	size_t len = strlen(host), end = len > 0 && host[len - 1] == '.' ? len - 1 : len;

	return end >= strlen(SKY) && strncasecmp(host + end - strlen(SKY), SKY, strlen(SKY)) == 0;
}

/* "files.bob.sky" -> service "files", node of the petname "bob" (or of the address in its place).
 */
static bool inside(const struct skw_node *node, const char *host, bool udp,
		   char name[SKW_PLACE_NAME], struct skw_node_address *to)
{
	char text[SKW_SOCKS5_HOST_MAX + 1];
	char *dot;
	int n;

	snprintf(text, sizeof(text), "%s", host);
	for (char *at = text; *at != '\0'; at++)
		*at = (char)tolower((unsigned char)*at);
	*strrchr(text, 's') = '\0'; /* ".sky" or ".sky.", and its dot */
	text[strlen(text) - 1] = '\0';
	dot = strrchr(text, '.');
	if (dot == NULL || dot == text)
		return false;
	*dot = '\0';
	n = snprintf(name, SKW_PLACE_NAME, "%s%s", udp ? UDP : "", text);
	return n > 0 && n < (int)SKW_PLACE_NAME && skw_names_find(node->names, dot + 1, to);
}

bool skw_place_find(const struct skw_node *node, const char *host, uint16_t port, bool udp,
		    char name[SKW_PLACE_NAME], struct skw_node_address *to)
{
	if (is_sky(host))
		return inside(node, host, udp, name, to);
	return node->config->socks.exit[0] != '\0' &&
	       skw_names_find(node->names, node->config->socks.exit, to) &&
	       skw_exit_name(name, SKW_PLACE_NAME, udp, host, port);
}

bool skw_place_target(const struct skw_config *config, const char *name, bool udp,
		      struct skw_endpoint *target, bool *outside, uint32_t *code)
{
	const char *service = udp ? name + strlen(UDP) : name;

	*outside = false;
	for (size_t i = 0; i < config->n_services; i++)
		if (strcasecmp(config->services[i].name, service) == 0) {
			*target = config->services[i].target;
			return true;
		}
	*outside = skw_exit_is_name(name);
	*code = *outside ? SKW_SESSION_FORBIDDEN : SKW_SESSION_NO_SERVICE;
	return *outside && skw_exit_target(config, name, target);
}
