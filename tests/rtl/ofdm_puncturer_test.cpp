// ofdm_puncturer against figure 18-9 of IEEE 802.11-2012 and the annex's first symbol.

#include "Vofdm_puncturer.h"
#include "ofdm_reference.h"
#include "stream_drive.h"
#include "verilated.h"

struct Pair {
	unsigned data, user;
};
struct Bit {
	bool bit;
	unsigned user;
	bool operator==(const Bit &o) const
	{
		return bit == o.bit && user == o.user;
	}
};

static void append(std::vector<Pair> &in, std::vector<Bit> &want, const ofdm::Bits &coded,
		   const ofdm::Rate &r)
{
	unsigned mod = rand() % 4, last = rand() % 2;
	for (size_t i = 0; i + 1 < coded.size(); i += 2)
		in.push_back(
		    { coded[i] | unsigned(coded[i + 1]) << 1, last << 4 | (r.den - 2) << 2 | mod });
	for (uint8_t b : ofdm::puncture(coded, r))
		want.push_back({ bool(b), last << 2 | mod });
}

static std::vector<Bit> run(const std::vector<Pair> &in, size_t expect, drive::Run &r)
{
	Vofdm_puncturer dut;
	drive::reset(dut);
	return drive::run_stream(
	    dut, in, expect, r,
	    [](Vofdm_puncturer &d, const Pair &p) {
		    d.s_axis_tdata = uint8_t(p.data);
		    d.s_axis_tuser = uint8_t(p.user);
	    },
	    [](Vofdm_puncturer &d) {
		    return Bit { bool(d.m_axis_tdata), d.m_axis_tuser };
	    });
}

int main()
{
	// The annex's scrambled bits, encoded by the reference, are printed after puncturing.
	std::vector<Pair> in;
	std::vector<Bit> want;
	drive::Run r;
	append(in, want, ofdm::convolve(ofdm::annex_bits("scrambled_first144")), ofdm::rate_of(36));
	ofdm::Bits got, annex = ofdm::annex_bits("symbol1_coded");
	for (const Bit &b : run(in, want.size(), r))
		got.push_back(b.bit);
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
	for (unsigned source : { 0, 40, 90 })
		for (unsigned sink : { 0, 40, 90 }) {
			drive::Run s;
			s.source_idle = source;
			s.sink_idle = sink;
			drive::check(run(in, want.size(), s) == want && s.steady,
				     "400 symbols of all rates, " + std::to_string(source) +
					 "% / " + std::to_string(sink) + "% idle");
			if (!source && !sink)
				drive::check(s.clocks <= want.size() + 2, "one coded bit a clock");
		}
	return drive::failures() != 0;
}
