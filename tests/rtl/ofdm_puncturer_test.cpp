// ofdm_puncturer against figure 18-9 of IEEE 802.11-2012 and the annex's first symbol.

#include "Vofdm_puncturer.h"
#include "ofdm_reference.h"
#include "stream_drive.h"
#include "verilated.h"

using drive::Beat;

// Pairs of coded bits in, what is left of them out.
static void append(std::vector<Beat> &in, std::vector<Beat> &want, const ofdm::Bits &coded,
		   const ofdm::Rate &r)
{
	unsigned mod = rand() % 4, last = rand() % 2;
	for (size_t i = 0; i + 1 < coded.size(); i += 2)
		in.push_back(
		    { coded[i] | unsigned(coded[i + 1]) << 1, last << 4 | (r.den - 2) << 2 | mod });
	for (uint8_t b : ofdm::puncture(coded, r))
		want.push_back({ b, last << 2 | mod });
}

int main()
{
	// The annex's scrambled bits, encoded by the reference, are printed after puncturing.
	std::vector<Beat> in;
	std::vector<Beat> want;
	drive::Run r;
	append(in, want, ofdm::convolve(ofdm::annex_bits("scrambled_first144")), ofdm::rate_of(36));
	ofdm::Bits got, annex = ofdm::annex_bits("symbol1_coded");
	for (const Beat &b : drive::run_beats<Vofdm_puncturer>(in, want.size(), r))
		got.push_back(uint8_t(b.data));
	drive::check(got == annex, "the annex's first symbol");

	// Symbols of every rate in random order; SIGNAL-like ones of rate 1/2 between them.
	in.clear();
	want.clear();
	for (unsigned n = 0; n < 400; n++) {
		const ofdm::Rate &rate = ofdm::rates()[rand() % 8];
		ofdm::Bits bits = ofdm::bits_of(ofdm::random_octets(54, n));
		bits.resize(2 * rate.dbps);
		append(in, want, bits, rate);
	}
	drive::every_stall([&](drive::Run &s, const std::string &stalls) {
		drive::check(drive::run_beats<Vofdm_puncturer>(in, want.size(), s) == want && s.steady,
			     "400 symbols of all rates" + stalls);
		if (!s.source_idle && !s.sink_idle)
			drive::check(s.clocks <= want.size() + 2, "one coded bit a clock");
	});
	return drive::failures() != 0;
}
