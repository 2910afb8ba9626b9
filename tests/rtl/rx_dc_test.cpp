// rx_dc: a constant goes to the last bit and leaves silence; noise keeps its values and loses its mean; a loud frame hardly moves
// what was learnt; exact zeros pass.

#include "Vrx_dc.h"
#include "ofdm_reference.h"
#include "stream_drive.h"
#include "verilated.h"

using namespace ofdm;

class Notch {
public:
	Vrx_dc dut;
	uint64_t time = 77;
	unsigned misplaced = 0; // results that did not come once, in time, with their time

	Notch()
	{
		dut.s_axis_tvalid = 0;
		drive::reset(dut);
	}
	Cplx sample(Cplx v, unsigned wait = 3) // LSB in, LSB out
	{
		unsigned came = 0;
		Cplx out;
		for (unsigned n = 0; n <= wait; n++) {
			dut.s_axis_tvalid = n == 0;
			dut.s_axis_tdata = n ? random() : pack_iq(v, 1);
			dut.s_axis_tuser = n ? random() : time;
			drive::clock(dut);
			if (dut.m_axis_tvalid) {
				came++;
				out = unpack_iq(dut.m_axis_tdata, 1);
				misplaced += dut.m_axis_tuser != time || n != 3;
			}
		}
		misplaced += came != 1;
		time++;
		return out;
	}

private:
	std::mt19937 random{3};
};

int main()
{
	{
		Notch n;
		size_t until_zero = 0;
		bool stays = true;
		for (size_t t = 0; t < 40000; t++) {
			Cplx y = n.sample({1000, -37}, 3 + t % 3);
			if (y != 0.0)
				until_zero = t;
			stays &= t != 20 || y == Cplx(1000, -36); // of -1/256, the floor is -1
		}
		drive::check(until_zero > 15000 && until_zero < 17500 && stays && n.misplaced == 0,
			     "a constant of 1000 and -37 is zero from sample " + std::to_string(until_zero) + " on");
		drive::check(n.sample(0) == 0.0 && n.sample({1000, -37}) == 0.0, "exact zeros pass and move nothing");
		drive::check(n.sample({-32768, 32767}) == Cplx(-32768, 32767), "full scale saturates");
	}
	for (double sigma : {3.0, 100.0, 3000.0}) {
		Notch n;
		std::mt19937 random(1);
		std::normal_distribution<double> normal(0, sigma);
		const Cplx constant(sigma * 0.8, -sigma * 0.5);
		Cplx mean = 0;
		double worst = 0;
		const size_t last = 50000, all = last + 2600 * size_t(std::max(sigma, 10.0));
		for (size_t t = 0; t < all; t++) {
			double re = normal(random);
			Cplx x = Cplx(re, normal(random)) + constant, y;
			x = {std::nearbyint(x.real()), std::nearbyint(x.imag())};
			y = n.sample(x);
			if (t >= all - last) {
				mean += y / double(last);
				if (x != 0.0)
					worst = std::max(worst, std::abs(x - y - constant));
			}
		}
		drive::check(std::abs(mean) < 0.75 + sigma / 30 && worst < 1.5 + sigma / 10,
			     "noise of " + std::to_string(int(sigma)) + " LSB: mean left " + std::to_string(std::abs(mean)) +
				     ", never off by more than " + std::to_string(worst));
	}
	{ // 40 dB louder for 1 ms
		Notch n;
		std::mt19937 random(2);
		std::normal_distribution<double> normal(0, 30);
		auto run = [&](size_t samples, double gain) {
			Cplx off = 0;
			for (size_t t = 0; t < samples; t++) {
				double re = normal(random);
				Cplx x = Cplx(re, normal(random)) * gain + Cplx(10, 20);
				x = {std::nearbyint(x.real()), std::nearbyint(x.imag())};
				off = x - n.sample(x);
			}
			return off - Cplx(10, 20);
		};
		double before = std::abs(run(30000, 1)), after = std::abs(run(20000, 100));
		drive::check(before <= 3 && after <= 4, "learnt to " + std::to_string(before) + " LSB; after 20,000 samples 40 dB louder off by " +
							   std::to_string(after));
	}
	return drive::failures() != 0;
}
