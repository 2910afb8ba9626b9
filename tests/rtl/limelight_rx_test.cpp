// limelight_rx at its pins, against a model of the chip's port: every sample of channel A comes out, in each of the three modes, with a frame
// beginning at either edge; the words change at any time that the board maker measured, after the delay in the pins.
// verilator: -y tests/rtl/ecp5 +libext+.v

#include "Vlimelight_rx.h"
#include "limelight_model.h"
#include "stream_drive.h"
#include "verilated.h"

static const long HALF = 12500;	    // ps: 40 MHz, 20 MS/s in MIMO DDR
static const long PIN_DELAY = 3000; // of DELAYG, 120 steps of 25 ps

static void run(LimelightSource::Mode mode, unsigned offset, long change, long insertion, const char *name)
{
	Vlimelight_rx dut;
	LimelightSource chip(mode);
	std::mt19937 random(offset + 1);
	std::vector<Pair> sent, got;
	unsigned diq = 0, waits = offset;
	bool iqsel = false;

	dut.rst = 1;
	for (long half = 0; half < 6000; half++) {
		// At the FPGA's registers, times after the chip's edge of MCLK: the clock comes after `insertion`, a word changes after
		// `change` and the pin's delay. Whichever is first happens first.
		bool before = change + PIN_DELAY < insertion;
		for (int step = 0; step < 2; step++) {
			if ((step == 0) == before) {
				if (waits) {
					waits--;
				} else {
					if (chip.begins() && half > 40) {
						chip.a = {int(random() % 4096) - 2048, int(random() % 4096) - 2048};
						chip.b = {int(random() % 4096) - 2048, int(random() % 4096) - 2048};
						sent.push_back(chip.a);
					}
					chip.edge(diq, iqsel);
				}
				dut.diq = diq;
				dut.iqsel = iqsel;
				dut.eval();
			} else {
				dut.rst = half < 8;
				dut.mclk = half & 1;
				dut.eval();
				if (dut.mclk && dut.m_axis_tvalid && !sent.empty())
					got.push_back({int16_t(dut.m_axis_tdata) / 16, int16_t(dut.m_axis_tdata >> 16) / 16});
			}
		}
	}
	// The first that came out may be one of zeros; the last ones may still be inside.
	while (!got.empty() && got[0] == Pair {0, 0})
		got.erase(got.begin());
	bool same = got.size() + 4 >= sent.size() && got.size() <= sent.size() && got.size() > 1000;
	for (size_t k = 0; same && k < got.size(); k++)
		same = got[k] == sent[k];
	drive::check(same, std::string(name) + ", frame at edge " + std::to_string(offset & 1) + ", words change after " +
			       std::to_string(change) + " ps, clock after " + std::to_string(insertion) + " ps: " +
			       std::to_string(got.size()) + " samples");
}

int main()
{
	for (unsigned offset : {0, 1, 2, 3})
		for (long change : {1050, 2900})
			for (long insertion : {1000, 4000}) {
				run(LimelightSource::MimoDdr, offset, change, insertion, "MIMO DDR");
				run(LimelightSource::Pulse, offset, change, insertion, "TRXIQPULSE");
				run(LimelightSource::SisoDdr, offset, change, insertion, "SISO DDR");
			}

	// A chip that is off, or stuck, gives none.
	Vlimelight_rx dut;
	bool any = false;
	for (int level = 0; level < 2; level++)
		for (int n = 0; n < 400; n++) {
			dut.iqsel = level;
			dut.diq = n;
			dut.mclk = n & 1;
			dut.eval();
			any |= n > 20 && dut.m_axis_tvalid;
		}
	drive::check(!any, "no frames, no samples");
	return drive::failures() != 0;
}
