// rx_fine against the sums in exact integers.

#include "Vrx_fine.h"
#include "ofdm_reference.h"
#include "stream_drive.h"
#include "verilated.h"

static int64_t wide(uint64_t v) { return int64_t(v << 24) >> 24; }

int main()
{
	Vrx_fine dut;
	std::mt19937 random(1);
	dut.start = dut.s_valid = 0;
	drive::reset(dut);
	for (int round = 0; round < 50; round++) {
		int64_t xr[128], xi[128], p_re = 0, p_im = 0, energy = 0;
		unsigned done = 0;
		for (int n = 0; n < 128; n++) {
			xr[n] = round == 0 ? -32768 : int16_t(random());
			xi[n] = round == 0 ? -32768 : int16_t(random());
		}
		for (int n = 0; n < 64; n++) {
			p_re += xr[n + 64] * xr[n] + xi[n + 64] * xi[n];
			p_im += xi[n + 64] * xr[n] - xr[n + 64] * xi[n];
			energy += xr[n] * xr[n] + xi[n] * xi[n];
		}
		auto clock = [&] {
			dut.eval();
			done += dut.done;
			drive::clock(dut);
		};
		dut.start = 1;
		clock();
		dut.start = 0;
		for (int n = 0; n < 128; n++) {
			dut.s_re = uint16_t(xr[n]);
			dut.s_im = uint16_t(xi[n]);
			dut.s_valid = 1;
			clock();
			dut.s_valid = 0;
			for (unsigned w = round % 2 ? 1 : 1 + random() % 4; w; w--)
				clock();
		}
		for (int n = 0; n < 10; n++)
			clock();
		bool good = done == 1 && wide(dut.p_re) == p_re && wide(dut.p_im) == p_im && int64_t(dut.energy) == energy;
		if (round < 2 || !good)
			drive::check(good, "round " + std::to_string(round) + ": both sums to the bit");
	}
	drive::check(drive::failures() == 0, "50 rounds, one after the other");
	return drive::failures() != 0;
}
