// limelight_tx at its pins, against a model of the chip's port: every sample arrives as channel A, rounded to 12 bits, B is silent, gaps are zeros;
// set-up and hold of the chip are kept at 5, 10 and 20 MS/s with the pins apart by 1 ns.
// verilator: -y tests/rtl/ecp5 -y rtl/stream +libext+.v+.sv

#include <cmath>

#include "Vlimelight_tx.h"
#include "limelight_model.h"
#include "stream_drive.h"
#include "verilated.h"

// Nearest of 12 bits, ties to even, clamped: as the words say.
static int rounded(int value)
{
	double exact = value / 16.0, nearest = std::nearbyint(exact);
	return int(std::fmax(-2048, std::fmin(2047, nearest)));
}

static void run(double rate, unsigned idle, long skew)
{
	Vlimelight_tx dut;
	LimelightSink chip;
	std::mt19937 random(idle + 1);
	std::vector<Pair> want;
	long half = long(1e12 / rate / 4); // two clocks a sample
	unsigned asked = 0, turns = 0;
	const long pin_delay = 3000;
	unsigned fclk = 0;

	dut.rst = 1;
	for (long n = 0; n < 8000; n++) {
		long now = n * half;
		bool rise = n & 1;
		dut.mclk = 0;
		bool take = false;
		if (rise) {
			dut.rst = n < 9;
			uint32_t word = random() % 8 ? random() : 0x7FFF8000; // often enough the ends
			dut.s_axis_tdata = word;
			dut.s_axis_tvalid = random() % 100 >= idle;
			dut.eval();
			take = dut.s_axis_tready && !dut.rst;
			turns += n > 20;
			asked += take && n > 20;
			if (take)
				want.push_back(dut.s_axis_tvalid ? Pair {rounded(int16_t(word)), rounded(int16_t(word >> 16))} : Pair {0, 0});
		}
		dut.mclk = rise;
		dut.eval();
		chip.data(now + (n % 3 ? skew : 0), dut.diq, dut.iqsel);
		if (dut.fclk != fclk) {
			fclk = dut.fclk;
			chip.clock(now + pin_delay);
		}
	}
	// What the chip has, from the first that is not zero on, is what went in.
	size_t lead = 0, lost = 0;
	while (lead < chip.a.size() && chip.a[lead] == Pair {0, 0})
		lead++;
	while (lost < want.size() && want[lost] == Pair {0, 0})
		lost++;
	bool same = chip.a.size() > lead + 1500 && want.size() >= lost + chip.a.size() - lead;
	for (size_t k = 0; same && lead + k < chip.a.size(); k++)
		same = chip.a[lead + k] == want[lost + k];
	bool silent = true;
	for (const Pair &p : chip.b)
		silent &= p == Pair {0, 0};
	std::string what = std::to_string(rate / 1e6) + " MS/s, idle " + std::to_string(idle) + " %, skew " + std::to_string(skew) + " ps";
	drive::check(same && silent, "channel A as sent, B silent: " + what);
	drive::check(chip.wrong.empty(), "set-up, hold and frames: " + (chip.wrong.empty() ? what : chip.wrong));
	drive::check(asked * 2 >= turns - 1 && asked * 2 <= turns + 1, "a sample every second clock");
}

int main()
{
	for (double rate : {5e6, 10e6, 20e6})
		for (unsigned idle : {0, 50}) {
			run(rate, idle, 0);
			run(rate, idle, 1000);
		}
	return drive::failures() != 0;
}
