// ofdm_mapper: every point of every constellation against tables 18-8 to 18-11 of IEEE 802.11-2012
// (by way of the reference), and the annex's first symbol as printed.

#include "Vofdm_mapper.h"
#include "ofdm_reference.h"
#include "stream_drive.h"
#include "verilated.h"

using drive::Beat;

int main()
{
	static const unsigned bpsc_of[] = { 1, 2, 4, 6 };
	std::vector<Beat> in;
	std::vector<Beat> want;
	drive::Run r;

	for (uint8_t b : ofdm::annex_bits("symbol1_interleaved"))
		in.push_back({ b, 2 });
	ofdm::Carriers got {}, annex = ofdm::annex_carriers("annex_symbol1_frequency.tsv");
	std::vector<Beat> points = drive::run_beats<Vofdm_mapper>(in, 48, r);
	for (size_t i = 0; i < 48 && i < points.size(); i++)
		got[ofdm::data_carriers()[i] & 63] = ofdm::unpack_iq(points[i].data, 8192);
	for (int k : { -21, -7, 7, 21 })
		got[k & 63] = annex[k & 63];
	drive::check(ofdm::worst_difference(got, annex) < ofdm::ANNEX_TOLERANCE + 1 / 8192.0,
		     "the annex's first symbol");

	// All points, then symbols of random modulation.
	in.clear();
	size_t clocks = 4; // a bit a clock, and a point every other
	for (unsigned n = 0; n < 300; n++) {
		unsigned mod = n < 8 ? n % 4 : rand() % 4, bpsc = bpsc_of[mod], top = rand() % 2;
		for (unsigned p = 0; p < (n < 8 ? 64 : 48); p++) {
			uint8_t b[6];
			clocks += std::max(bpsc, 2u);
			for (unsigned i = 0; i < bpsc; i++) {
				b[i] = n < 8 ? p >> i & 1 : rand() & 1;
				in.push_back({ b[i], top << 2 | mod });
			}
			want.push_back({ ofdm::pack_iq(ofdm::constellation(b, bpsc), 8192), top });
		}
	}
	drive::every_stall([&](drive::Run &s, const std::string &stalls) {
		drive::check(drive::run_beats<Vofdm_mapper>(in, want.size(), s) == want && s.steady,
			     "every point, exact to the LSB" + stalls);
		if (!s.source_idle && !s.sink_idle)
			drive::check(s.clocks <= clocks, "one bit a clock, a point every other clock");
	});
	return drive::failures() != 0;
}
