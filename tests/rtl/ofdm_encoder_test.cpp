// ofdm_encoder against the annex's coded SIGNAL and the reference's convolution.

#include "Vofdm_encoder.h"
#include "ofdm_reference.h"
#include "stream_drive.h"
#include "verilated.h"

struct In {
	bool bit, last;
	unsigned user;
};
struct Pair {
	unsigned data, user;
	bool operator==(const Pair &o) const
	{
		return data == o.data && user == o.user;
	}
};

// Frames one after another; each must start from the zero state.
static void check(const std::string &what, const std::vector<ofdm::Bits> &frames,
		  const std::vector<ofdm::Bits> &coded, unsigned source, unsigned sink)
{
	Vofdm_encoder dut;
	std::vector<In> in;
	std::vector<Pair> want;
	for (size_t f = 0; f < frames.size(); f++)
		for (size_t i = 0; i < frames[f].size(); i++) {
			unsigned user = rand() % 32;
			in.push_back({ bool(frames[f][i]), i + 1 == frames[f].size(), user });
			want.push_back(
			    { coded[f][2 * i] | unsigned(coded[f][2 * i + 1]) << 1, user });
		}
	drive::Run r;
	r.source_idle = source;
	r.sink_idle = sink;
	drive::reset(dut);
	auto got = drive::run_stream(
	    dut, in, want.size(), r,
	    [](Vofdm_encoder &d, const In &b) {
		    d.s_axis_tdata = b.bit;
		    d.s_axis_tlast = b.last;
		    d.s_axis_tuser = uint8_t(b.user);
	    },
	    [](Vofdm_encoder &d) {
		    return Pair { d.m_axis_tdata, d.m_axis_tuser };
	    });
	drive::check(got == want && r.steady, what + ", " + std::to_string(source) + "% / " +
						  std::to_string(sink) + "% idle");
	if (!source && !sink)
		drive::check(r.clocks <= in.size() + 2, "one bit a clock");
}

int main()
{
	std::vector<ofdm::Bits> frames, coded;
	for (unsigned f = 0; f < 20; f++) {
		frames.push_back(ofdm::bits_of(ofdm::random_octets(1 + f * 5, f)));
		coded.push_back(ofdm::convolve(frames.back()));
	}
	for (unsigned source : { 0, 40, 90 })
		for (unsigned sink : { 0, 40, 90 }) {
			check("the annex's SIGNAL", { ofdm::annex_bits("signal_bits") },
			      { ofdm::annex_bits("signal_coded") }, source, sink);
			check("20 frames", frames, coded, source, sink);
		}
	return drive::failures() != 0;
}
