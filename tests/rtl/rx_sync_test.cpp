// rx_sync on the preamble of the reference transmitter: the long symbols' end, to the sample, at 0 dB.

#include "Vrx_sync.h"
#include "ofdm_reference.h"
#include "stream_drive.h"
#include "verilated.h"

using namespace ofdm;

// The correlation by its formula, of signs, over both symbols ending at `last`.
static int peak(const Samples &air, size_t last)
{
	Carriers l = dft(long_training(), true, 1.0 / 64);
	auto sign = [](double v) { return v < -1e-9 ? -1 : 1; };
	int sum = 0;
	for (size_t end : {last - 64, last}) {
		int re = 0, im = 0;
		for (int t = 0; t < 64; t++) {
			Cplx x = air[end - 63 + t];
			int xi = sign(x.real()), xq = sign(x.imag()), li = sign(l[t].real()), lq = sign(l[t].imag());
			re += xi * li + xq * lq;
			im += xq * li - xi * lq;
		}
		re = std::abs(re), im = std::abs(im);
		sum += std::max(re, im) + std::min(re, im) / 2;
	}
	return sum;
}

// 198 samples; the number of the best one's end.
static void search(Vrx_sync &dut, const Samples &air, size_t from, unsigned wait, bool again = false)
{
	dut.again = again;
	dut.start = !again;
	drive::clock(dut);
	dut.again = dut.start = 0;
	for (size_t n = from; n < from + 198; n++) {
		dut.s_i = air[n].real() < 0;
		dut.s_q = air[n].imag() < 0;
		dut.s_valid = 1;
		drive::clock(dut);
		dut.s_valid = 0;
		for (unsigned w = wait; w; w--)
			drive::clock(dut);
	}
	for (int n = 0; n < 8; n++)
		drive::clock(dut);
}

int main()
{
	Vrx_sync dut;
	Samples frame = frame_of(random_octets(20, 1), 24, 1).samples;
	dut.again = dut.start = dut.s_valid = 0;
	drive::reset(dut);

	// At 0 dB an estimate may be a sample or two off; more is a miss.
	struct { double snr; unsigned count, off_by_one; } cases[] = {{INFINITY, 64, 0}, {10, 200, 2}, {0, 400, 40}};
	for (const auto &c : cases) {
		unsigned exact = 0, near = 0, lowest = 999, formula = 0;
		for (unsigned n = 0; n < c.count; n++) {
			Channel ch;
			ch.snr_db = c.snr;
			ch.seed = n + 1;
			ch.phase = n * 0.1;
			ch.cfo = (double(n % 11) - 5) * 0.0002; // what the coarse estimate leaves: to 20 kHz
			ch.gain = 0.5;
			Samples air = through(frame, ch);
			size_t from = 135 + n % 41;
			search(dut, air, from, 1 + n % 3);
			int error = int(from + dut.best_at) - 319;
			exact += error == 0;
			formula += int(dut.best) == peak(air, from + dut.best_at);
			near += std::abs(error) <= 2;
			lowest = std::min(lowest, unsigned(dut.best));
		}
		drive::check(exact + c.off_by_one >= c.count && near == c.count && lowest >= 84 && formula == c.count,
			     "SNR " + std::to_string(c.snr) + ": " + std::to_string(exact) + " exact, " + std::to_string(near) +
				     " near of " + std::to_string(c.count) + ", lowest peak " + std::to_string(lowest));
	}
	{ // the right offset wins, whether it is tried first or second
		Channel ch;
		ch.snr_db = 5;
		ch.gain = 0.5;
		Samples right = through(frame, ch), wrong = right;
		for (size_t n = 0; n < wrong.size(); n++)
			wrong[n] *= std::polar(1.0, 2 * M_PI * double(n) / 16);
		search(dut, right, 150, 1);
		unsigned best = dut.best;
		search(dut, wrong, 150, 1, true);
		bool kept = dut.best == best && 150 + dut.best_at == 319;
		search(dut, wrong, 150, 1);
		unsigned poor = dut.best;
		search(dut, right, 150, 2, true);
		drive::check(kept && poor < best && dut.best == best && 150 + dut.best_at == 319,
			     "once more with 1/16 turn a sample between: " + std::to_string(poor) + ", then " + std::to_string(dut.best));
	}
	std::mt19937 random(1);
	std::normal_distribution<double> normal(0, 1);
	unsigned highest = 0, high = 0;
	for (int n = 0; n < 1000; n++) {
		Samples air;
		for (int k = 0; k < 198; k++) {
			double re = normal(random);
			air.push_back({re, normal(random)});
		}
		search(dut, air, 0, 1);
		highest = std::max(highest, unsigned(dut.best));
		high += dut.best >= 84;
	}
	drive::check(high <= 10, "1000 searches in noise: " + std::to_string(high) + " clear peaks, highest " +
					 std::to_string(highest));
	return drive::failures() != 0;
}
