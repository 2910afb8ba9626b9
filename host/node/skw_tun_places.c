#include "node/skw_tun_places.h"

#include <string.h>

#include "node/skw_tun.h"

struct skw_tun_place *skw_tun_place_of(struct skw_tun_places *places, const uint8_t ip[16])
{
	for (unsigned i = 0; i < SKW_TUN_PLACES; i++)
		if (places->at[i].used && memcmp(places->at[i].ip, ip, 16) == 0)
			return &places->at[i];
	return NULL;
}

struct skw_tun_place *skw_tun_place_new(struct skw_tun_places *places,
					const struct skw_node_address *id)
{
	struct skw_tun_place *place = &places->at[0];

	for (unsigned i = 0; i < SKW_TUN_PLACES; i++) {
		struct skw_tun_place *p = &places->at[i];

		if (!p->used || (place->used && p->used_us < place->used_us))
			place = p;
		if (!place->used)
			break;
	}
	*place = (struct skw_tun_place) { .used = true, .id = *id };
	skw_tun_address(place->ip, id);
	return place;
}

struct skw_tun_place *skw_tun_place_look_up(struct skw_tun_places *places,
					    const struct skw_directory *dir, const uint8_t ip[16])
{
	uint8_t other[16];

	for (size_t i = 0; i < skw_directory_count(dir); i++) {
		const struct skw_descriptor *d = skw_directory_at(dir, i);

		skw_tun_address(other, &d->address);
		if (memcmp(other, ip, 16) == 0)
			return skw_tun_place_new(places, &d->address);
	}
	return NULL;
}

struct skw_tun_place *skw_tun_place_at(struct skw_tun_places *places,
				       const struct skw_session *sessions, uint32_t session)
{
	struct skw_session_info info;
	struct skw_tun_place *place;
	uint32_t cursor = 0;
	uint8_t ip[16];

	for (unsigned i = 0; i < SKW_TUN_PLACES; i++)
		if (places->at[i].used && places->at[i].session == session)
			return &places->at[i];
	while (skw_session_next(sessions, &cursor, &info)) {
		if (info.session != session || !info.established)
			continue;
		skw_tun_address(ip, &info.address);
		place = skw_tun_place_of(places, ip);
		if (place == NULL)
			place = skw_tun_place_new(places, &info.address);
		place->session = session; /* the newest is the likeliest to work */
		return place;
	}
	return NULL;
}

void skw_tun_place_close(struct skw_tun_places *places, uint32_t session)
{
	for (unsigned i = 0; i < SKW_TUN_PLACES; i++)
		if (places->at[i].used && places->at[i].session == session) {
			places->at[i].session = 0;
			places->at[i].client = false;
		}
}
