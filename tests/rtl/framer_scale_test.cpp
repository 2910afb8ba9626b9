// framer_scale: samples times the amplitude, to the last bit, at every mix of stalls.

#include <cmath>

#include "Vframer_scale.h"
#include "stream_drive.h"
#include "verilated.h"

// The nearest integer, the even one of two: from the formula, in floating point (exact here).
static int16_t scaled(int16_t s, unsigned amplitude)
{
	double factor = (amplitude + (amplitude >= 0x8000)) / 65536.0;
	return int16_t(std::nearbyint(s * factor));
}

int main()
{
	for (unsigned amplitude : {0u, 1u, 0x4000u, 0x7FFFu, 0x8000u, 0xABCDu, 0xFFFFu})
		for (unsigned idle : {0, 60}) {
			Vframer_scale dut;
			drive::Run run;
			std::mt19937 random(amplitude);
			std::vector<uint64_t> in, want;

			for (int n = 0; n < 3000; n++) {
				int16_t i = n == 0 ? -32768 : n == 1 ? 32767 : int16_t(random());
				int16_t q = n == 0 ? 32767 : int16_t(random());
				uint64_t last = random() % 2;
				in.push_back(last << 32 | uint32_t(uint16_t(q)) << 16 | uint16_t(i));
				i = scaled(i, amplitude);
				q = scaled(q, amplitude);
				want.push_back(last << 32 | uint32_t(uint16_t(q)) << 16 | uint16_t(i));
			}
			run.source_idle = run.sink_idle = idle;
			drive::reset(dut);
			dut.amplitude = amplitude;
			auto got = drive::run_stream(
			    dut, in, in.size(), run,
			    [](Vframer_scale &d, uint64_t w) {
				    d.s_axis_tdata = uint32_t(w);
				    d.s_axis_tlast = w >> 32;
			    },
			    [](Vframer_scale &d) { return uint64_t(d.m_axis_tlast) << 32 | d.m_axis_tdata; });
			drive::check(got == want && run.steady && dut.empty,
				     "amplitude " + std::to_string(amplitude) + ", idle " + std::to_string(idle) + " %");
			if (amplitude == 0xFFFF)
				drive::check(got == in, "full scale changes nothing");
		}
	return drive::failures() != 0;
}
