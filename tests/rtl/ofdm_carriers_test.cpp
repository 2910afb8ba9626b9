// ofdm_carriers: training symbols, places, pilots and their polarity, against the annex's tables
// and the reference, over frames long enough for the polarity to come round.

#include "Vofdm_carriers.h"
#include "ofdm_reference.h"
#include "stream_drive.h"
#include "verilated.h"

using drive::Beat;

static void append(std::vector<Beat> &out, const ofdm::Carriers &c, bool last)
{
	for (int k = -32; k < 32; k++)
		out.push_back({ ofdm::pack_iq(c[k & 63], 8192), last * 2u + 1 });
}

// A frame of n symbols, SIGNAL included; points of random bits.
static void frame(std::vector<Beat> &in, std::vector<Beat> &want, size_t n)
{
	append(want, ofdm::short_training(), false);
	append(want, ofdm::long_training(), false);
	for (size_t s = 0; s < n; s++) {
		const ofdm::Rate &r = s ? ofdm::rates()[rand() % 8] : ofdm::rate_of(6);
		ofdm::Bits bits(r.cbps);
		for (uint8_t &b : bits)
			b = rand() & 1;
		ofdm::Carriers c = ofdm::symbol_carriers(bits.data(), r, s);
		for (int k : ofdm::data_carriers())
			in.push_back({ ofdm::pack_iq(c[k & 63], 8192), s + 1 == n });
		append(want, c, s + 1 == n);
	}
}

int main()
{
	// The annex's packet: points from its printed symbols.
	std::vector<Beat> in;
	std::vector<Beat> want;
	drive::Run r;
	const char *files[] = { "annex_short_training_frequency.tsv",
				"annex_long_training_frequency.tsv", "annex_signal_frequency.tsv",
				"annex_symbol1_frequency.tsv" };
	for (int s : { 2, 3 })
		for (int k : ofdm::data_carriers())
			in.push_back({ ofdm::pack_iq(ofdm::annex_carriers(files[s])[k & 63], 8192),
				       s == 3 });
	std::vector<Beat> got = drive::run_beats<Vofdm_carriers>(in, 256, r);
	for (size_t s = 0; s < 4 && got.size() == 256; s++) {
		ofdm::Carriers c;
		for (int k = -32; k < 32; k++)
			c[k & 63] = ofdm::unpack_iq(got[64 * s + size_t(k + 32)].data, 8192);
		drive::check(ofdm::worst_difference(c, ofdm::annex_carriers(files[s])) <
				 ofdm::ANNEX_TOLERANCE,
			     files[s]);
	}
	drive::check(got.size() == 256, "four symbols left");

	in.clear();
	for (size_t n : { 2, 1, 7, 300, 3, 130 })
		frame(in, want, n);
	drive::every_stall([&](drive::Run &s, const std::string &stalls) {
		drive::check(drive::run_beats<Vofdm_carriers>(in, want.size(), s) == want && s.steady,
			     "frames of 2, 1, 7, 300, 3, 130 symbols" + stalls);
	});
	return drive::failures() != 0;
}
