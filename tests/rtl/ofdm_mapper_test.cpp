// ofdm_mapper: every point of every constellation against tables 18-8 to 18-11 of IEEE 802.11-2012
// (by way of the reference), and the annex's first symbol as printed.

#include "Vofdm_mapper.h"
#include "ofdm_reference.h"
#include "stream_drive.h"
#include "verilated.h"

struct Bit {
	bool bit;
	unsigned user;
};
struct Point {
	uint32_t data;
	unsigned user;
	bool operator==(const Point &o) const
	{
		return data == o.data && user == o.user;
	}
};

static std::vector<Point> run(const std::vector<Bit> &in, size_t expect, drive::Run &r)
{
	Vofdm_mapper dut;
	drive::reset(dut);
	return drive::run_stream(
	    dut, in, expect, r,
	    [](Vofdm_mapper &d, const Bit &b) {
		    d.s_axis_tdata = b.bit;
		    d.s_axis_tuser = uint8_t(b.user);
	    },
	    [](Vofdm_mapper &d) {
		    return Point { d.m_axis_tdata, d.m_axis_tuser };
	    });
}

int main()
{
	static const unsigned bpsc_of[] = { 1, 2, 4, 6 };
	std::vector<Bit> in;
	std::vector<Point> want;
	drive::Run r;

	for (uint8_t b : ofdm::annex_bits("symbol1_interleaved"))
		in.push_back({ bool(b), 2 });
	ofdm::Carriers got {}, annex = ofdm::annex_carriers("annex_symbol1_frequency.tsv");
	std::vector<Point> points = run(in, 48, r);
	for (size_t i = 0; i < 48 && i < points.size(); i++)
		got[ofdm::data_carriers()[i] & 63] = ofdm::unpack_iq(points[i].data, 8192);
	for (int k : { -21, -7, 7, 21 })
		got[k & 63] = annex[k & 63];
	drive::check(ofdm::worst_difference(got, annex) < ofdm::ANNEX_TOLERANCE + 1 / 8192.0,
		     "the annex's first symbol");

	// All points, then symbols of random modulation.
	in.clear();
	for (unsigned n = 0; n < 300; n++) {
		unsigned mod = n < 8 ? n % 4 : rand() % 4, bpsc = bpsc_of[mod], top = rand() % 2;
		for (unsigned p = 0; p < (n < 8 ? 64 : 48); p++) {
			uint8_t b[6];
			for (unsigned i = 0; i < bpsc; i++) {
				b[i] = n < 8 ? p >> i & 1 : rand() & 1;
				in.push_back({ bool(b[i]), top << 2 | mod });
			}
			want.push_back({ ofdm::pack_iq(ofdm::constellation(b, bpsc), 8192), top });
		}
	}
	for (unsigned source : { 0, 40, 90 })
		for (unsigned sink : { 0, 40, 90 }) {
			drive::Run s;
			s.source_idle = source;
			s.sink_idle = sink;
			drive::check(run(in, want.size(), s) == want && s.steady,
				     "every point, exact to the LSB, " + std::to_string(source) +
					 "% / " + std::to_string(sink) + "% idle");
			if (!source && !sink)
				drive::check(s.clocks <= in.size() + 2, "one bit a clock");
		}
	return drive::failures() != 0;
}
