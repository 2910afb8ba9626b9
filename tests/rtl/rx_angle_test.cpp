// rx_angle against atan2, over sizes from a few LSB to full scale.

#include <cmath>

#include "Vrx_angle.h"
#include "stream_drive.h"
#include "verilated.h"

static int64_t whole(double v) { return int64_t(std::llround(v)); }

static bool turn(Vrx_angle &dut, int64_t x, int64_t y, double *angle)
{
	dut.x = uint64_t(x) & 0xffffffffffull;
	dut.y = uint64_t(y) & 0xffffffffffull;
	dut.start = 1;
	drive::clock(dut);
	dut.start = 0;
	for (int n = 0; n < 70; n++) {
		drive::clock(dut);
		if (dut.done) {
			*angle = double(int32_t(dut.angle << 14) >> 14) / (1 << 18);
			return true;
		}
	}
	return false;
}

int main()
{
	Vrx_angle dut;
	std::mt19937 random(1);
	drive::reset(dut);

	for (double size : {40.0, 5000.0, 1e6, 3e9, 5.4e11}) {
		double worst = 0, angle = 0;
		bool all = true;
		for (int n = 0; n < 2000; n++) {
			double a = n < 8 ? n / 8.0 : random() / 4294967296.0;
			int64_t x = whole(size * std::cos(2 * M_PI * a)), y = whole(size * std::sin(2 * M_PI * a));
			all &= turn(dut, x, y, &angle);
			double error = angle - std::atan2(double(y), double(x)) / (2 * M_PI);
			worst = std::max(worst, std::fabs(error - std::round(error)));
		}
		char text[100];
		snprintf(text, sizeof text, "vectors of %.0f: within %.2f of 2^-15 turns", size, worst * 32768);
		drive::check(all && worst < 1.0 / 32768, text);
	}
	double angle = 1;
	drive::check(turn(dut, 0, 0, &angle), "the zero vector ends too");
	return drive::failures() != 0;
}
