#include "ledgerd/skw_ledgerd_peers.h"

#include <stdio.h>
#include <string.h>

void skw_ledgerd_load_peers(struct skw_sync *sync, const char *folder)
{
	struct skw_wire_peer at;
	char path[600], line[64];
	FILE *file;

	snprintf(path, sizeof(path), "%s/peers", folder);
	file = fopen(path, "re");
	if (file == NULL)
		return;
	for (size_t n = 0; n < SKW_PEERS_KNOWN && fgets(line, sizeof(line), file) != NULL; n++) {
		line[strcspn(line, "\r\n")] = '\0';
		if (skw_wire_peer_parse(&at, line))
			skw_sync_hear_of(sync, at);
	}
	fclose(file);
}

void skw_ledgerd_save_peers(const struct skw_sync *sync, const char *folder)
{
	const struct skw_peers *peers = skw_sync_peers(sync);
	char path[600], beside[616], text[SKW_WIRE_PEER_TEXT];
	FILE *file;
	bool ok = true;

	snprintf(path, sizeof(path), "%s/peers", folder);
	snprintf(beside, sizeof(beside), "%s.new", path);
	file = fopen(beside, "we");
	if (file == NULL)
		return;
	for (size_t i = 0; i < peers->count; i++) {
		skw_wire_peer_print(text, peers->peer[i].at);
		if (peers->peer[i].good && fprintf(file, "%s\n", text) < 0)
			ok = false;
	}
	if (fclose(file) == 0 && ok)
		rename(beside, path);
	else
		remove(beside);
}
