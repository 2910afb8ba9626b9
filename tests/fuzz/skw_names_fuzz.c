/* rooms: wire keys ledger onion session node
 *
 * The names that people and other nodes say: the file of petnames, the file of users, the name of a
 * stream that wants out, the ports of an exit, a host asked of SOCKS5. A wrong file is explained
 * and leaves nothing; every petname finds its node, and a user his password; an exit that is off
 * lets nobody out, and one that is on only to listed ports. */

#include <sys/stat.h>

#include "node/skw_exit.h"
#include "node/skw_names.h"
#include "node/skw_places.h"
#include "node/skw_users.h"
#include "skw_fuzz.h"

static struct skw_config config;

static void petnames(const uint8_t *data, size_t len)
{
	char error[320] = "", path[64];
	int fd = fuzz_file(data, len, path);
	struct skw_names *names;
	struct skw_node_address node;
	json_t *list, *row, *question = json_pack("{s:s}", "command", "names");
	size_t i;

	memset(&config, 0, sizeof(config));
	snprintf(config.node.names, sizeof(config.node.names), "%s", path);
	names = skw_names_new(&config, error, sizeof(error));
	FUZZ_CHECK((names == NULL) == (error[0] != '\0'));
	if (names != NULL) {
		list = skw_names_answer(names, question);
		json_array_foreach(json_object_get(list, "names"), i, row)
		{
			const char *name = json_string_value(json_object_get(row, "name"));

			FUZZ_CHECK(name == NULL || skw_names_find(names, name, &node));
			FUZZ_CHECK(name == NULL || skw_names_of(names, &node) != NULL);
		}
		json_decref(list);
	}
	json_decref(question);
	skw_names_free(names);
	close(fd);
}

static void users(const uint8_t *data, size_t len)
{
	char error[320] = "", path[64];
	int fd = fuzz_file(data, len, path);
	struct skw_users *u;
	const uint8_t *blank;

	fchmod(fd, 0600);
	u = skw_users_new(path, error, sizeof(error));
	FUZZ_CHECK((u == NULL) == (error[0] != '\0'));
	if (u != NULL) {
		FUZZ_CHECK(!skw_users_allow(u, (const uint8_t *)" ", 1, data, 1));
		blank = memchr(data, ' ', len);
		skw_users_allow(u, data, blank != NULL ? (size_t)(blank - data) % 256 : 0, data, 0);
	}
	skw_users_free(u);
	close(fd);
}

static void places(const char *text)
{
	struct skw_endpoint target = { 0 };
	struct skw_node node = { .config = &config };
	struct skw_node_address to;
	char name[SKW_PLACE_NAME], error[8];
	uint32_t code = 0;
	bool outside;

	memset(&config, 0, sizeof(config));
	strcpy(config.exit.policy, "none");
	strcpy(config.exit.ports, "80, 443-444");
	for (unsigned udp = 0; udp < 2; udp++)
		if (!udp || strncmp(text, "udp:", 4) == 0)
			FUZZ_CHECK(!skw_place_target(&config, text, udp, &target, &outside, &code));
	strcpy(config.exit.policy, "internet");
	for (unsigned udp = 0; udp < 2; udp++)
		if ((!udp || strncmp(text, "udp:", 4) == 0) &&
		    skw_place_target(&config, text, udp, &target, &outside, &code)) {
			FUZZ_CHECK(outside && target.host[0] != '\0');
			FUZZ_CHECK(target.port == 80 || target.port == 443 || target.port == 444);
		}
	if (skw_exit_ports_valid(text))
		skw_exit_ports_have(text, 80);
	if (strlen(text) > SKW_SOCKS5_HOST_MAX)
		return;
	node.names = skw_names_new(&config, error, sizeof(error));
	if (skw_place_find(&node, text, 80, false, name, &to))
		FUZZ_CHECK(strlen(name) < SKW_PLACE_NAME && strchr(text, '.') != NULL);
	skw_names_free(node.names);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text;

	if (size == 0)
		return 0;
	text = fuzz_text(data + 1, size - 1);
	if (data[0] % 3 == 0)
		petnames(data + 1, size - 1);
	else if (data[0] % 3 == 1)
		users((const uint8_t *)text, size - 1);
	else
		places(text);
	free(text);
	return 0;
}

#define SOMEBODY "aeaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static void seeds(void)
{
	fuzz_seed_text("petnames", "0# friends\nbob " SOMEBODY " # he\n\n  Eve\t" SOMEBODY "\r\n");
	fuzz_seed_text("users", "1# us\nbob secret\nmary\txyz\n");
	fuzz_seed_text("exit", "2tcp:files.example:80");
	fuzz_seed_text("exit6", "2udp:[2001:db8::1]:443");
	fuzz_seed_text("inside", "2Files." SOMEBODY ".SKY.");
	fuzz_seed_text("ports", "2 80, 443, 8000-8100");
}

FUZZ_START(seeds)
