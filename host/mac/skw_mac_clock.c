#include "mac/skw_mac_clock.h"

enum {
	RATE_OVER_MS = 200, /* shorter, and the samples' steps would be taken for drift */
	PPM_MAX = 500,      /* no two oscillators differ so much: a clock was set */
	WAY_ERROR = 5000,   /* ns below nothing, and still believed: what measuring errs */
	SMOOTH = 4,
};

static const uint64_t MS = 1000000;

void skw_mac_sight_beacon(struct skw_mac_sight *s, uint64_t sent_ns, uint64_t came_ns)
{
	int64_t offset = (int64_t)sent_ns - (int64_t)came_ns;
	int64_t since = (int64_t)came_ns - (int64_t)s->from_ns;
	int64_t drift = offset - s->from_offset_ns;

	s->at_ns = came_ns;
	s->offset_ns = offset;
	if (s->seen && since >= 0 && since < RATE_OVER_MS * (int64_t)MS)
		return;
	s->rate_known = s->seen && since > 0 && drift > -since / 1000000 * PPM_MAX &&
			drift < since / 1000000 * PPM_MAX;
	s->rate_ppb = s->rate_known ? (int32_t)((double)drift * 1e9 / (double)since) : 0;
	s->from_ns = came_ns;
	s->from_offset_ns = offset;
	s->seen = true;
}

void skw_mac_sight_back(struct skw_mac_sight *s, const struct skw_mac_sight_told *told)
{
	int64_t both, way;

	if (!s->rate_known || told->age_ms == SKW_MAC_SIGHT_NONE)
		return;
	/* o + o' is near nothing, so 32 bits of it are enough; o' as it would be seen now */
	both = (int32_t)((uint32_t)(uint64_t)s->offset_ns + told->offset_low);
	both -= (int64_t)s->rate_ppb * told->age_ms / 1000;
	way = -both / 2;
	if (way < -WAY_ERROR || way > SKW_MAC_WAY_MAX)
		return; /* a clock was set in between */
	way = way > 0 ? way : 0;
	s->way_ns = s->way_known ? s->way_ns + ((int32_t)way - s->way_ns) / SMOOTH : (int32_t)way;
	s->way_known = true;
}

struct skw_mac_sight_told skw_mac_sight_tell(const struct skw_mac_sight *s, uint64_t now_ns)
{
	uint64_t age_ms = now_ns > s->at_ns ? (now_ns - s->at_ns + MS / 2) / MS : 0;

	if (!s->seen || age_ms >= SKW_MAC_SIGHT_NONE)
		return (struct skw_mac_sight_told) { 0, SKW_MAC_SIGHT_NONE };
	return (struct skw_mac_sight_told) { (uint32_t)(uint64_t)s->offset_ns, (uint16_t)age_ms };
}

uint64_t skw_mac_sight_ahead(const struct skw_mac_sight *s, uint64_t ahead_ns)
{
	return (uint64_t)s->offset_ns + (uint64_t)(s->way_known ? s->way_ns : 0) + ahead_ns;
}
