// settle: in reset from the first clock on, until `hold` has been low for 255 clocks; a glitch of one clock begins anew.

#include "Vsettle.h"
#include "stream_drive.h"
#include "verilated.h"

static unsigned until_free(Vsettle &dut)
{
	unsigned clocks = 0;
	while (clocks < 1000 && (dut.rst || clocks == 0)) {
		drive::clock(dut);
		clocks++;
	}
	return clocks;
}

int main()
{
	Vsettle dut;
	bool always = true;

	dut.hold = 1;
	dut.eval();
	always &= dut.rst;
	for (int n = 0; n < 600; n++) {
		drive::clock(dut);
		always &= dut.rst;
	}
	drive::check(always, "held from the start");
	dut.hold = 0;
	unsigned first = until_free(dut);
	drive::check(first >= 255 && first <= 260, "free " + std::to_string(first) + " clocks after");
	bool free = true;
	for (int n = 0; n < 2000; n++) {
		drive::clock(dut);
		free &= !dut.rst;
	}
	drive::check(free, "and stays so");
	dut.hold = 1;
	drive::clock(dut);
	dut.hold = 0;
	for (int n = 0; n < 4; n++)
		drive::clock(dut);
	drive::check(dut.rst, "a clock's hold is a reset");
	unsigned again = until_free(dut);
	drive::check(again >= 250 && again <= 260, "of the same length");
	return drive::failures() != 0;
}
