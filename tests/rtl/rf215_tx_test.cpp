// rf215_tx at its pins, against a model of the chip: every sample arrives, rounded to 13 bits, in a place that the chip expects, at each rate, with its
// transmit bit, while that is set and once more; else zero words. Clock and data change together.
// verilator: -y tests/rtl/ecp5 -y rtl/stream +libext+.v+.sv

#include <cmath>

#include "Vrf215_tx.h"
#include "rf215_model.h"
#include "stream_drive.h"
#include "verilated.h"

static int rounded(double value)
{
	return int(std::fmax(-4096, std::fmin(4095, std::nearbyint(value))));
}

int main()
{
	for (unsigned rate : {1, 2, 5, 10})
		for (unsigned idle : {0, 60}) {
			Vrf215_tx dut;
			Rf215Sink chip(rate);
			std::mt19937 random(rate + idle);
			std::vector<Rf215Word> want;
			bool clock = false, together = true;
			unsigned long asked = 0, turns = 0;
			int was = -1;
			bool sends = false;

			dut.rate = rate;
			for (long half = 0; half < 32 * long(rate) * 500; half++) {
				bool rise = half & 1;
				if (rise) {
					dut.txclk = 0;
					dut.rst = half < 20;
					dut.s_axis_tdata = (random() % 8 ? random() & ~1u : 0x7FFF8000) | (half / 5000 % 2 ? 1 : random() % 8 == 0);
					dut.s_axis_tvalid = random() % 100 >= idle;
					dut.eval();
					turns++;
					if (dut.s_axis_tready && !dut.rst) {
						uint32_t w = dut.s_axis_tdata;
						asked++;
						if (dut.s_axis_tvalid && ((w & 1) || sends))
							want.push_back({rounded(double(int16_t(w & 0xFFFE)) / 8), rounded(double(int16_t(w >> 16)) / 8), bool(w & 1)});
						sends = dut.s_axis_tvalid && (w & 1);
					}
				}
				dut.txclk = rise;
				dut.eval();
				if (half > 30) {
					together &= was < 0 || bool(was) != bool(dut.txclk_out); // an edge of it for each bit
					was = dut.txclk_out;
					clock = dut.txclk_out;
					chip.bit(clock, dut.txd);
				}
			}
			while (want.size() > chip.words.size())
				want.pop_back();
			std::string what = "rate 4 MS/s / " + std::to_string(rate) + ", idle " + std::to_string(idle) + " %";
			drive::check(chip.words == want && want.size() > 100, std::to_string(want.size()) + " samples arrive: " + what);
			drive::check(chip.wrong.empty() && together, "in their places: " + (chip.wrong.empty() ? what : chip.wrong));
			drive::check(asked * 16 * rate + 32 * rate > turns && asked * 16 * rate <= turns + 16 * rate, "and at the rate");
		}
	return drive::failures() != 0;
}
