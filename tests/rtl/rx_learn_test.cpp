// rx_learn against its formula in double precision: channels loaded, carriers with random errors of
// every modulation and age, as near to each other as may be and further apart; words that would
// overflow; a reset in between.

#include <map>

#include "Vrx_learn.h"
#include "ofdm_reference.h"
#include "stream_drive.h"
#include "verilated.h"

using namespace ofdm;

struct Channel_word {
	Cplx h;
	double w;
}; // in units of the module's last bits

static int32_t signed_of(uint64_t v, unsigned bits)
{
	return int32_t(uint32_t(v) << (32 - bits)) >> (32 - bits);
}

int main()
{
	static const double POINTS[] = { 1, 2, 4, 8 }, UNIT[] = { 64, 64, 32, 48 * 16 / 15.0 };
	for (unsigned spacing : { 2u, 3u, 7u }) {
		Vrx_learn dut;
		std::mt19937 random(spacing);
		std::map<unsigned, Channel_word> want;
		unsigned came = 0, kept = 0, late = 0;
		double worst = 0, worst_w = 0;
		std::vector<unsigned> expected; // carriers that are to leave
		dut.load_valid = dut.s_valid = 0;
		drive::reset(dut);
		auto clock = [&] {
			dut.eval();
			if (dut.m_valid) {
				unsigned k = dut.m_at;
				Cplx h(signed_of(dut.m_h, 18), signed_of(dut.m_h >> 18, 18));
				late += expected.empty() || expected.front() != k;
				if (!expected.empty())
					expected.erase(expected.begin());
				worst = std::max({ worst, std::fabs(h.real() - want[k].h.real()),
						   std::fabs(h.imag() - want[k].h.imag()) });
				worst_w =
				    std::max(worst_w, std::fabs(dut.m_w * 256 + 127.5 - want[k].w));
				want[k].h = h; // roundings shall not add up
				came++;
			}
			drive::clock(dut);
		};
		for (unsigned k = 0; k < 64; k++) {
			int32_t re = int32_t(random() % 100000) - 50000,
				im = int32_t(random() % 100000) - 50000;
			unsigned w = random() % 200000;
			if (k % 16 == 3)
				re = k & 16 ? 131071 : -131072, w = 262143; // as large as can be
			want[k] = { Cplx(re, im), double(w) };
			dut.load_valid = 1;
			dut.load_at = uint8_t(k);
			dut.load_h = uint64_t(im & 0x3ffff) << 18 | uint64_t(re & 0x3ffff);
			dut.load_w = w;
			expected.push_back(k);
			clock();
			dut.load_valid = 0;
			clock();
		}
		for (unsigned n = 0; n < 20000; n++) {
			unsigned k = n % 64, mod = n / 64 % 4, age = n / 256 % 4;
			int grow = int(random() % 509) - 254, turn = int(random() % 509) - 254;
			if (random() % 4) // small ones are the rule
				grow /= 16, turn /= 16;
			dut.s_valid = 1;
			dut.s_at = uint8_t(k);
			dut.s_mod = uint8_t(mod);
			dut.s_age = uint8_t(age);
			dut.s_grow = uint16_t(grow & 0x1ff);
			dut.s_turn = uint16_t(turn & 0x1ff);
			// 1/8 of what would take the error away: errors of 1 show as POINTS half
			// distances
			Cplx d =
			    Cplx(grow, turn) / UNIT[mod] / POINTS[mod] / 8.0 / double(1 << age);
			Cplx h = want[k].h * (1.0 + d);
			double w = want[k].w * (1 + 2 * d.real());
			auto fits = [](double v) { return v > -131072 && v < 131071; };
			bool edge = std::fabs(std::fabs(h.real()) - 131072) < 2 ||
				    std::fabs(std::fabs(h.imag()) - 131072) < 2 ||
				    std::fabs(w - 262144) < 4;
			if (edge) { // either would be right: do not ask
				dut.s_valid = 0;
			} else if (fits(h.real()) && fits(h.imag()) && w < 262143) {
				want[k] = { h, w };
				expected.push_back(k);
			} else {
				kept++;
			}
			clock();
			dut.s_valid = 0;
			clock();
			dut.s_grow = uint16_t(random() & 0x1ff); // two clocks are enough
			dut.s_turn = uint16_t(random() & 0x1ff);
			dut.s_at = uint8_t(random() % 64);
			for (unsigned c = 2; c < spacing; c++)
				clock();
		}
		for (unsigned c = 0; c < 12; c++)
			clock();
		drive::check(late == 0 && expected.empty() && kept > 20 && came > 15000 &&
				 worst < 1.01,
			     "carriers " + std::to_string(spacing) + " clocks apart: " +
				 std::to_string(came) + " learned, " + std::to_string(kept) +
				 " would have overflowed, H' off by " + std::to_string(worst) +
				 " LSB, w by " + std::to_string(worst_w / 256) + " of 1/64");
		drive::check(worst_w < 256, "w as near");
		dut.s_valid = 1;
		clock();
		dut.s_valid = 0;
		dut.rst = 1;
		clock();
		dut.rst = 0;
		unsigned before = came;
		for (unsigned c = 0; c < 12; c++)
			clock();
		drive::check(came == before, "nothing leaves after a reset");
	}
	return drive::failures() != 0;
}
