// ofdm_prefix: guard intervals, training fields and window against the reference, sample by sample.

#include "Vofdm_prefix.h"
#include "ofdm_reference.h"
#include "stream_drive.h"
#include "verilated.h"

struct In {
	uint32_t data;
	bool last;
};
struct Sample {
	uint32_t data;
	bool last;
	bool operator==(const Sample &o) const
	{
		return data == o.data && last == o.last;
	}
};
struct Iq {
	int i, q;
};

static int half_even(int v) // v / 2, a tie to the even neighbour
{
	int down = (v - (v & 1)) / 2;
	return v & 1 ? down + (down & 1) : down;
}

// 18.3.2.5 and figure 18-4 on integers: sections of 160, 160, 80, 80.. samples and one beyond.
static void frame(std::vector<In> &in, std::vector<Sample> &want, size_t blocks, bool extreme)
{
	Iq beyond { 0, 0 };
	auto pack = [](Iq v) { return uint32_t(uint16_t(v.q)) << 16 | uint16_t(v.i); };
	for (size_t b = 0; b < blocks; b++) {
		bool last = b + 1 == blocks;
		Iq t[64];
		for (Iq &v : t) {
			v = { rand() % 65536 - 32768, rand() % 65536 - 32768 };
			if (extreme)
				v = { v.i < 0 ? -32768 : 32767, v.q < 0 ? -32768 : 32767 };
			in.push_back({ pack(v), last });
		}
		int start = b == 0 ? 0 : b == 1 ? 64 - 32 : 64 - 16, length = b < 2 ? 160 : 80;
		for (int n = 0; n <= length; n++) {
			Iq v = t[(start + n) % 64];
			if (n == 0)
				v = { half_even(beyond.i + v.i), half_even(beyond.q + v.q) };
			if (n == length && !last) {
				beyond = v;
				continue;
			}
			if (n == length)
				v = { half_even(v.i), half_even(v.q) };
			want.push_back({ pack(v), n == length });
		}
	}
}

static Vofdm_prefix dut; // one for all, reset between runs: nothing may be left behind

static void check(const std::string &what, const std::vector<In> &in,
		  const std::vector<Sample> &want, unsigned source, unsigned sink)
{
	drive::Run r;
	r.source_idle = source;
	r.sink_idle = sink;
	drive::reset(dut);
	auto got = drive::run_stream(
	    dut, in, want.size(), r,
	    [](Vofdm_prefix &d, const In &b) {
		    d.s_axis_tdata = b.data;
		    d.s_axis_tuser = b.last;
	    },
	    [](Vofdm_prefix &d) {
		    return Sample { d.m_axis_tdata, bool(d.m_axis_tlast) };
	    });
	drive::check(got == want && r.steady,
		     what + ", " + std::to_string(source) + "% / " + std::to_string(sink) +
			 "% idle: " + std::to_string(got.size()) + " samples");
}

int main()
{
	std::vector<In> in;
	std::vector<Sample> want;
	for (size_t n : { 3, 4, 20, 3, 9 })
		frame(in, want, n, n == 20);
	for (unsigned source : { 0, 40, 90 })
		for (unsigned sink : { 0, 40, 75, 95 })
			check("frames of 3, 4, 20, 3, 9 blocks", in, want, source, sink);

	// Short frames where both sides are about as fast: the reader runs dry at any moment.
	in.clear();
	want.clear();
	for (int n = 0; n < 60; n++)
		frame(in, want, 3, false);
	for (unsigned sink : { 75, 80, 85 })
		check("60 frames", in, want, 90, sink);

	// A reset inside a frame leaves nothing behind.
	std::vector<In> in2(in.begin(), in.begin() + 64 * 6);
	std::vector<Sample> want2(want.begin(), want.begin() + 401 * 2);
	for (size_t cut : { 1, 700, 1300, 1950, 2600, 3300, 4000, 4700 }) {
		drive::Run r;
		r.source_idle = 90; // the reader waits between sections
		r.patience = cut;
		drive::reset(dut);
		drive::run_stream(
		    dut, in, want.size(), r,
		    [](Vofdm_prefix &d, const In &b) {
			    d.s_axis_tdata = b.data;
			    d.s_axis_tuser = b.last;
		    },
		    [](Vofdm_prefix &d) { return d.m_axis_tdata; });
		check("after a reset at clock " + std::to_string(cut), in2, want2, 0, 0);
	}

	// The annex's packet: from the reference's blocks to the printed samples.
	ofdm::Frame f = ofdm::frame_of(ofdm::annex_psdu(), ofdm::ANNEX_MBPS, ofdm::ANNEX_SEED);
	std::vector<ofdm::Carriers> blocks = { ofdm::short_training(), ofdm::long_training() };
	blocks.insert(blocks.end(), f.symbols.begin(), f.symbols.end());
	in.clear();
	for (size_t b = 0; b < blocks.size(); b++)
		for (ofdm::Cplx v : ofdm::dft(blocks[b], true, 1.0 / 64))
			in.push_back({ ofdm::pack_iq(v, 65536), b + 1 == blocks.size() });
	drive::Run r;
	drive::reset(dut);
	auto got = drive::run_stream(
	    dut, in, 881, r,
	    [](Vofdm_prefix &d, const In &b) {
		    d.s_axis_tdata = b.data;
		    d.s_axis_tuser = b.last;
	    },
	    [](Vofdm_prefix &d) { return ofdm::unpack_iq(d.m_axis_tdata, 65536); });
	drive::check(ofdm::worst_difference(got, ofdm::annex_samples()) <
			 ofdm::ANNEX_TOLERANCE + 2 / 65536.0,
		     "the annex's 881 samples");
	return drive::failures() != 0;
}
