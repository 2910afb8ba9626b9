// rx_acs against a trellis in plain integers that never wrap: every decision, the final cost and weight.

#include <memory>

#include "Vrx_acs.h"
#include "soft_reference.h"
#include "stream_drive.h"
#include "verilated.h"

using drive::check;

static std::mt19937 rng(11);

// State as the module numbers it: newest bit in bit 5. Ties go to the path whose oldest bit is 0.
struct Model {
	std::vector<long> metric = std::vector<long>(64, 1L << 40);
	long weight = 0;
	Model() { metric[0] = 0; }
	uint64_t step(int a, int b)
	{
		std::vector<long> next(64);
		uint64_t decision = 0;
		auto magnitude = [](int v) { return std::abs(soft::size_of(v)); };
		for (unsigned s = 0; s < 64; s++) {
			long sum[2];
			for (unsigned old = 0; old < 2; old++) {
				unsigned reg = s << 1 | old; // bit 6 - d is the input d steps ago
				auto tap = [&](int d) { return reg >> (6 - d) & 1; };
				unsigned va = tap(0) ^ tap(2) ^ tap(3) ^ tap(5) ^ tap(6);
				unsigned vb = tap(0) ^ tap(1) ^ tap(2) ^ tap(3) ^ tap(6);
				sum[old] = metric[reg & 63] + (a && (a > 0) != va ? magnitude(a) : 0) +
					   (b && (b > 0) != vb ? magnitude(b) : 0);
			}
			bool one = sum[1] < sum[0];
			next[s] = sum[one];
			decision |= uint64_t(one) << s;
		}
		metric = next;
		weight = weight > 479 ? weight : weight + magnitude(a) + magnitude(b);
		return decision;
	}
	// Which states a path from state 0 can have reached: the others' decisions carry no meaning.
	uint64_t reached() const
	{
		uint64_t mask = 0;
		for (unsigned s = 0; s < 64; s++)
			mask |= uint64_t(metric[s] < 1L << 39) << s;
		return mask;
	}
};

static void test(const char *what, size_t steps, unsigned idle, int kind)
{
	auto dut = std::make_unique<Vrx_acs>();
	bool good = true;
	drive::reset(*dut);
	for (int block = 0; block < 20; block++) {
		Model model;
		std::vector<uint64_t> want, mask, got;
		dut->start = 1;
		dut->s_axis_tvalid = 0;
		drive::clock(*dut);
		dut->start = 0;
		size_t sent = 0;
		for (int beyond = 0; beyond < 8;) {
			bool valid = sent < steps && rng() % 100 >= idle;
			int a = kind == 0 ? int(rng() % 16) - 8 : kind == 1 ? (rng() & 1 ? 7 : -7) : 7;
			int b = kind == 0 ? int(rng() % 16) - 8 : kind == 1 ? (rng() & 1 ? 7 : -7) : kind == 3 && sent < 55 ? 0 : (sent & 1 ? 7 : -7);
			dut->s_axis_tvalid = valid;
			dut->s_axis_tdata = uint8_t((a & 15) | (b & 15) << 4);
			if (valid) {
				want.push_back(model.step(a, b));
				mask.push_back(model.reached());
				sent++;
			}
			unsigned before = dut->weight;
			drive::clock(*dut);
			good &= dut->weight >= before;
			if (dut->decision_valid)
				got.push_back(dut->decision);
			beyond = sent == steps ? beyond + 1 : 0;
		}
		good &= got.size() == want.size() && !dut->busy;
		for (size_t t = 0; good && t < steps; t++)
			good = ((got[t] ^ want[t]) & mask[t]) == 0;
		good &= dut->cost == (model.metric[0] & 255) && (steps > 26 || dut->weight == model.weight) &&
			dut->weight <= 511 && (steps <= 26 || kind == 0 || dut->weight >= 480);
	}
	check(good, what + std::string(", ") + std::to_string(steps) + " steps, idle " + std::to_string(idle) + "%");
}

int main()
{
	for (unsigned idle : {0, 60}) {
		test("random soft bits", 24, idle, 0);
		test("random soft bits", 3000, idle, 0);
		test("full weight, the widest spread", 3000, idle, 1);
		test("full weight, one sided", 3000, idle, 2);
		test("just short of a weight of 496, then all at once", 80, idle, 3);
		test("a block of few steps", 5, idle, 0);
	}
	return drive::failures() != 0;
}
