// rx_traceback fed with decisions in which one path is known: at each step the state on the path points back
// along it, half of the others point anywhere, half towards it (that survivors merge is a fact of the code, so it is built in
// here too). Blocks of all even lengths, short and long, quiet ones, stalls on both sides.

#include <memory>

#include "Vrx_traceback.h"
#include "ofdm_reference.h"
#include "stream_drive.h"
#include "verilated.h"

using drive::check;

static std::mt19937 rng(13);

struct Block {
	ofdm::Bits bits;
	std::vector<uint64_t> decisions;
	bool quiet;
};

// State: newest bit in bit 5. Decision of a state is its predecessor's oldest bit. Off the path a
// decision takes the path's own bit, which merges any wrong start within six steps.
static Block random_block(size_t steps, bool quiet, bool tail)
{
	Block b{{}, {}, quiet};
	unsigned state = 0;
	for (size_t t = 0; t < steps; t++) {
		unsigned bit = tail && t + 6 >= steps ? 0 : rng() & 1, oldest = state & 1;
		state = bit << 5 | state >> 1;
		uint64_t all = oldest ? ~0ull : 0;
		if (t % 128 < 64) { // anywhere but on the path: a trace from elsewhere may not come here
			uint64_t noise = uint64_t(rng()) << 32 | rng();
			all = (noise & ~(1ull << state)) | uint64_t(oldest) << state;
		}
		b.bits.push_back(uint8_t(bit));
		b.decisions.push_back(all);
	}
	return b;
}

static void test(const char *what, const std::vector<Block> &blocks, unsigned idle_in, unsigned idle_out, unsigned hold)
{
	auto dut = std::make_unique<Vrx_traceback>();
	ofdm::Octets want, got;
	bool good = true, held = false;
	unsigned held_octet = 0;
	size_t slowest = 0;

	drive::reset(*dut);
	auto tick = [&] {
		dut->m_axis_tready = rng() % 100 >= idle_out;
		dut->eval();
		good &= !held || (dut->m_axis_tvalid && dut->m_axis_tdata == held_octet);
		held = dut->m_axis_tvalid && !dut->m_axis_tready;
		held_octet = dut->m_axis_tdata;
		if (dut->m_axis_tvalid && dut->m_axis_tready)
			got.push_back(dut->m_axis_tdata);
		drive::clock(*dut);
	};
	for (const Block &b : blocks) {
		dut->start = 1;
		dut->quiet = b.quiet;
		dut->go = 0;
		tick();
		dut->start = 0;
		size_t waited = 0, stuck = 0;
		unsigned ready = 0; // as a writer three clocks away sees it
		for (size_t t = 0; t < b.decisions.size() && good;) {
			dut->go = ++waited > hold;
			ready = ready << 1 | dut->s_ready;
			dut->s_valid = (ready & 8) && rng() % 100 >= idle_in;
			dut->s_data = dut->s_valid ? b.decisions[t] : rng();
			t += dut->s_valid;
			tick();
			good &= (stuck = dut->s_ready ? 0 : stuck + 1) < 100000;
		}
		dut->s_valid = 0;
		dut->finish = 1;
		dut->go = 1;
		size_t clocks = 0;
		for (; good && !dut->done; clocks++) {
			tick();
			good &= clocks < 100000;
		}
		slowest = std::max(slowest, clocks);
		dut->finish = 0;
		if (b.quiet)
			for (int i = 0; i < 24; i++)
				good &= (dut->bits >> i & 1) == b.bits[size_t(i)];
		else
			for (uint8_t o : ofdm::octets_of(b.bits))
				want.push_back(o);
	}
	for (int n = 0; n < 5000; n++)
		tick();
	check(good && got == want, what + std::string(", idle ") + std::to_string(idle_in) + "%, stalled " + std::to_string(idle_out) +
				   "%: " + std::to_string(want.size()) + " octets, finished in " + std::to_string(slowest) + " clocks");
}

int main()
{
	for (unsigned in : {0, 40})
		for (unsigned out : {0, 40, 95}) {
			std::vector<Block> blocks;
			for (size_t steps = 2; steps < 600; steps += 2)
				blocks.push_back(random_block(steps, false, true));
			test("all even lengths to 598", blocks, in, out, 0);

			blocks.clear();
			for (int n = 0; n < 40; n++) {
				blocks.push_back(random_block(24, true, true));
				blocks.push_back(random_block(22 + 8 * (rng() % 800 + 1), false, true));
			}
			test("SIGNAL and frames", blocks, in, out, 0);
			test("SIGNAL and frames held back", blocks, in, out, 1100);
		}
	test("the longest frame", {random_block(22 + 8 * 4095, false, true)}, 0, 0, 0);
	return drive::failures() != 0;
}
