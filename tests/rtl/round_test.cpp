// round, exhaustively at one small size, against the rule in words.
// verilator: -GIN=10 -GDROP=3 -GOUT=7

#include <cmath>

#include "Vround.h"
#include "stream_drive.h"
#include "verilated.h"

int main()
{
	Vround dut;
	bool good = true;
	double bias = 0;
	for (int v = -512; v < 512; v++) {
		double want = std::nearbyint(v / 8.0); // ties to even, the default rounding mode
		bias += want - v / 8.0;
		want = want > 63 ? 63 : want < -64 ? -64 : want;
		dut.value = uint16_t(v) & 0x3ff;
		dut.eval();
		int got = int(dut.result ^ 0x40) - 0x40;
		good &= got == int(want);
	}
	drive::check(good, "1024 values, nearest, ties to even, clamped at 63");
	drive::check(std::fabs(bias) < 1, "no bias over the whole range");
	return drive::failures() != 0;
}
