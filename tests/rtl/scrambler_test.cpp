// scrambler against the sequence that IEEE 802.11-2012, 18.3.5.5 prints, and the reference.

#include "Vscrambler.h"
#include "ofdm_reference.h"
#include "stream_drive.h"
#include "verilated.h"

// Loads, then reads n bits; a clock without `step` must change nothing.
static ofdm::Bits run(unsigned seed, size_t n, unsigned idle)
{
	Vscrambler dut;
	drive::Stall stall(idle, seed);
	ofdm::Bits got;
	dut.load = 1;
	dut.step = 1; // load wins
	dut.seed = uint8_t(seed);
	drive::clock(dut);
	dut.load = 0;
	dut.seed = uint8_t(~seed);
	while (got.size() < n) {
		dut.step = !stall();
		dut.eval();
		if (dut.step)
			got.push_back(dut.out);
		drive::clock(dut);
	}
	return got;
}

int main()
{
	// The 127 bits as printed for the all-ones state.
	const char *printed = "00001110111100101100100100000010001001100010111010110110000011001101"
			      "01001110011110110100001010101111101001010001101110001111111";
	ofdm::Bits want;
	for (const char *c = printed; *c; c++)
		want.push_back(*c == '1');
	drive::check(run(0x7f, 127, 0) == want, "the printed sequence");
	drive::check(ofdm::scrambler_sequence(0x7f, 127) == want, "the reference's too");

	bool good = true;
	for (unsigned seed = 0; seed < 128; seed++)
		good &= run(seed, 300, seed % 3 * 40) == ofdm::scrambler_sequence(seed, 300);
	drive::check(good, "every seed, with pauses");
	return drive::failures() != 0;
}
