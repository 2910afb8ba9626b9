// rx_rotate against the complex exponential, at the smallest spacing and at random ones.

#include "Vrx_rotate.h"
#include "ofdm_reference.h"
#include "stream_drive.h"
#include "verilated.h"

int main()
{
	for (unsigned drop : {8u, 12u, 15u, 19u})
		for (bool dense : {true, false}) {
			Vrx_rotate dut;
			std::mt19937 random(drop);
			std::vector<ofdm::Cplx> want, got;
			double scale = std::ldexp(1, 15 - int(drop)) * 32767 / 32768, worst = 0;
			bool clipped = false;
			dut.s_valid = 0;
			dut.drop = uint8_t(drop);
			drive::reset(dut);
			auto clock = [&] {
				dut.eval();
				if (dut.m_valid)
					got.push_back({double(int16_t(dut.m_re)), double(int16_t(dut.m_im))});
				drive::clock(dut);
			};
			auto clip = [&](double v) {
				clipped |= std::fabs(v) > 32767;
				return std::min(32767.0, std::max(-32768.0, v));
			};
			for (int n = 0; n < 4000; n++) {
				unsigned phase = n < 1024 ? unsigned(n) : random() % 1024;
				double amplitude = (random() % 1000) * 32767e-3 / (n % 2 ? 1 : 64);
				ofdm::Cplx x = std::polar(amplitude, double(random() % 6283) / 1000);
				int16_t re = int16_t(std::lround(x.real())), im = int16_t(std::lround(x.imag()));
				ofdm::Cplx y = ofdm::Cplx(re, im) * std::polar(scale, -2 * M_PI * (phase + 0.5) / 1024);
				want.push_back({clip(y.real()), clip(y.imag())});
				dut.s_re = uint16_t(re);
				dut.s_im = uint16_t(im);
				dut.s_phase = uint16_t(phase);
				dut.s_valid = 1;
				clock();
				dut.s_valid = 0;
				dut.s_re = uint16_t(random()); // what is not offered does not count
				dut.s_phase = uint16_t(random() % 1024);
				for (unsigned w = dense ? 1 : 1 + random() % 5; w; w--)
					clock();
			}
			for (int n = 0; n < 20; n++)
				clock();
			worst = ofdm::worst_difference(want, got);
			// half an LSB of rounding, and that of two products with a sine of 15 bits
			double allowed = 0.51 + 1.1 * scale;
			drive::check(worst < allowed && (drop > 12 || clipped),
				     "drop " + std::to_string(drop) + (dense ? ", dense" : ", spread") + ": worst " +
					     std::to_string(worst) + " LSB of " + std::to_string(allowed));
		}

	// 256 turned and not scaled down again shows the wave itself: rounded, and short of its series' x^11, 0.12 of an LSB.
	Vrx_rotate dut;
	double worst = 0;
	unsigned left = 0;
	dut.s_valid = 0;
	dut.drop = 8;
	drive::reset(dut);
	for (unsigned phase = 0; phase < 1024; phase++) {
		dut.s_re = 256, dut.s_im = 0, dut.s_phase = uint16_t(phase), dut.s_valid = 1;
		for (int n = 0; n < 10; n++) {
			drive::clock(dut);
			dut.s_valid = 0;
			if (!dut.m_valid)
				continue;
			double angle = 2 * M_PI * (phase + 0.5) / 1024;
			worst = std::max({worst, std::fabs(int16_t(dut.m_re) - 32767 * std::cos(angle)),
					  std::fabs(int16_t(dut.m_im) + 32767 * std::sin(angle))});
			left++;
		}
	}
	drive::check(left == 1024 && worst < 0.63, "the wave: worst " + std::to_string(worst) + " LSB");

	// A reset, and nothing of what was inside leaves.
	left = 0;
	for (int n = 0; n < 24; n++) {
		dut.s_valid = n < 8 && n % 2 == 0;
		dut.rst = n == 8;
		drive::clock(dut);
		left += n >= 8 && dut.m_valid;
	}
	drive::check(left == 0, "nothing leaves after a reset");
	return drive::failures() != 0;
}
