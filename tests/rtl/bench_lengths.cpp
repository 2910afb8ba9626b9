// bench_lengths - the receiver's back half stops at the tail: every PSDU of FIRST, FIRST + STEP ... 4095 octets, at every rate, decodes
// and ends in time.
//
//   bench_lengths [FIRST [STEP [RATE...]]]
//
// Frames follow each other without a pause, each bit as sure as can be but for one in 128, which is an erasure: a decoder that read on past the tail
// would take stale bits for sure ones. An octet too many, too few or wrong is a fault. make test does lengths 1 to 64 and some long ones.

#include <algorithm>
#include <deque>

#include "Vrx_decode.h"
#include "soft_reference.h"
#include "stream_drive.h"
#include "verilated.h"

using namespace ofdm;

class Back {
public:
	unsigned faults = 0, frames = 0, announced = 0;

	Back()
	{
		dut.s_axis_tvalid = dut.__SYM__abort = 0;
		dut.m_axis_tready = 1;
		drive::reset(dut);
	}
	void frame(const Rate &r, const Octets &psdu, unsigned seed)
	{
		Bits coded = interleave(puncture(convolve(scramble(data_bits(psdu, r), psdu.size(), seed)), r), r);
		Bits head = interleave(convolve(signal_bits(r, unsigned(psdu.size()))), rate_of(6));
		expected.push_back(psdu);
		soft::Softs sure, data;
		for (uint8_t b : head)
			sure.push_back(b ? 7 : -7);
		for (uint8_t b : coded)
			data.push_back(random() % 128 ? (b ? 7 : -7) : 0);
		beats(soft::beats_of(sure, 1, true));
		beats(soft::beats_of(data, r.bpsc, false));
	}
	bool finish() // all came
	{
		for (unsigned n = 0; n < 5000; n++)
			clock();
		return expected.empty() && faults == 0;
	}

private:
	Vrx_decode dut;
	std::deque<Octets> expected;
	size_t at = 0;
	std::minstd_rand random{1};

	void beats(const std::vector<soft::Beat> &list)
	{
		for (const soft::Beat &b : list) {
			dut.s_axis_tdata = b.data;
			dut.s_axis_tuser = b.user;
			dut.s_axis_tvalid = 1;
			bool taken = false;
			while (!taken) {
				dut.eval();
				taken = dut.s_axis_tready;
				clock();
			}
			dut.s_axis_tvalid = 0;
		}
	}
	void clock()
	{
		dut.eval();
		announced += dut.sig_valid && dut.sig_ok;
		if (dut.m_axis_tvalid) {
			if (expected.empty()) {
				faults++;
			} else {
				const Octets &e = expected.front();
				bool last = at + 1 == e.size();
				faults += dut.m_axis_tdata != e[at] || dut.m_axis_tlast != last;
				at++;
				if (last) {
					expected.pop_front();
					at = 0;
					frames++;
				}
			}
		}
		drive::clock(dut);
	}
};

int main(int argc, char **argv)
{
	unsigned first = argc > 1 ? unsigned(atoi(argv[1])) : 1, step = argc > 2 ? unsigned(atoi(argv[2])) : 1;
	bool well = true;
	for (const Rate &r : rates()) {
		bool asked = argc <= 3;
		for (int n = 3; n < argc; n++)
			asked |= unsigned(atoi(argv[n])) == r.mbps;
		if (!asked)
			continue;
		Back back;
		unsigned sent = 0;
		for (unsigned length = first; length <= 4095; length += step, sent++)
			back.frame(r, random_octets(length, length), 1 + length % 127);
		bool good = back.finish() && back.frames == sent && back.announced == sent;
		printf("%s - %u Mb/s: %u of %u frames of %u to 4095 octets, %u faults\n", good ? "ok" : "FAILED", r.mbps, back.frames, sent, first,
		       back.faults);
		fflush(stdout);
		well &= good;
	}
	return !well;
}
