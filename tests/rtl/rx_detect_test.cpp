// rx_detect on frames of the reference transmitter: found at 0 dB, never in noise, with the offset that the short
// symbols show.

#include "Vrx_detect.h"
#include "ofdm_reference.h"
#include "stream_drive.h"
#include "verilated.h"

using namespace ofdm;

struct Event { unsigned index; double offset, energy; };

static std::vector<Event> run(const Samples &air, unsigned jitter, unsigned seed, size_t reset_at = 0)
{
	Vrx_detect dut;
	std::mt19937 random(seed);
	std::vector<Event> events;
	auto clock = [&] {
		dut.eval();
		if (dut.event_valid) {
			double re = double(int64_t(dut.event_re << 31) >> 31), im = double(int64_t(dut.event_im << 31) >> 31);
			events.push_back({dut.event_index, std::atan2(im, re) / (2 * M_PI * 16), double(dut.event_energy)});
		}
		drive::clock(dut);
	};
	dut.s_axis_tvalid = 0;
	drive::reset(dut);
	for (size_t n = 0; n < air.size(); n++) {
		if (reset_at && n == reset_at) {
			drive::reset(dut);
			events.clear();
		}
		dut.s_axis_tdata = pack_iq(air[n]);
		dut.s_axis_tuser = n & 4095;
		dut.s_axis_tvalid = 1;
		clock();
		dut.s_axis_tvalid = 0;
		for (unsigned w = 3 + (jitter ? random() % (jitter + 1) : 0); w; w--)
			clock();
	}
	return events;
}

int main()
{
	Samples frame = frame_of(random_octets(100, 1), 24, 1).samples;
	struct { double snr, dbfs; unsigned count, jitter; double sigma; } cases[] = {
		{0, -20, 60, 0, 0.0009}, {0, -45, 30, 2, 0.0009}, {10, -13, 30, 0, 0.0003}, {INFINITY, -30, 10, 1, 0.00001}};
	for (const auto &c : cases) {
		unsigned found = 0, misplaced = 0, early = 0;
		double worst = 0, energy = 0;
		for (unsigned n = 0; n < c.count; n++) {
			Channel ch;
			ch.snr_db = c.snr;
			ch.delay = 700 + n;
			ch.cfo = (double(n % 25) - 12) * 0.002; // to 480 kHz at 20 MHz
			ch.phase = n;
			ch.gain = std::pow(10, c.dbfs / 20) / std::sqrt(SIGNAL_POWER);
			ch.seed = n + 1;
			std::vector<Event> events = run(through(frame, ch), c.jitter, n);
			bool hit = false;
			Event best{};
			for (const Event &e : events) {
				double at = double(e.index) - ch.delay;
				early += at < 0;
				if (at > 90 && at < 200) { // the last one there counts
					hit = true;
					best = e;
				}
			}
			found += hit;
			if (hit) {
				double at = double(best.index) - ch.delay;
				misplaced += at < 125 || at > 175;
				worst = std::max(worst, std::fabs(best.offset - ch.cfo));
				energy = best.energy;
			}
		}
		double power = std::pow(10, c.dbfs / 10) * (1 + std::pow(10, -c.snr / 10)) * 1073741824.0 * 2; // R / 64
		drive::check(found == c.count && misplaced == 0 && early == 0 && worst < 4 * c.sigma,
			     "SNR " + std::to_string(c.snr) + ", " + std::to_string(c.dbfs) + " dBFS: " + std::to_string(found) +
				     " of " + std::to_string(c.count) + ", misplaced " + std::to_string(misplaced) + ", early " +
				     std::to_string(early) + ", offset within " + std::to_string(worst * 20e6) + " Hz");
		drive::check(std::fabs(10 * std::log10(energy / power)) < 1.5, "energy of the window");
	}
	Samples noise;
	std::mt19937 random(5);
	std::normal_distribution<double> normal(0, 0.05);
	for (int n = 0; n < 1000000; n++) {
		double re = normal(random);
		noise.push_back({re, normal(random)});
	}
	size_t wrong = run(noise, 0, 1).size();
	drive::check(wrong <= 3, "1,000,000 samples of noise: " + std::to_string(wrong) + " events");
	Samples loud = noise; // what the window holds at a reset must not leave it as if it had come in since
	loud.resize(20000);
	for (size_t n = 1000; n < 1300; n++)
		loud[n] = Cplx(0.5, -0.5);
	for (size_t n = 1300; n < 20000; n++)
		loud[n] *= 0.1;
	loud.insert(loud.end(), frame.begin(), frame.end());
	std::vector<Event> after = run(loud, 0, 1, 1300);
	bool good = !after.empty();
	for (const Event &e : after) {
		unsigned at = (e.index - 20000u) & 4095;
		good &= at > 90 && at < 200;
	}
	drive::check(good, "a reset in the middle of a strong signal, then noise, then a frame");
	Samples faint(20000);
	for (size_t n = 0; n < faint.size(); n++)
		faint[n] = (n & 1 ? 1.0 : -1.0) / 32768;
	drive::check(run(faint, 0, 1).empty(), "an LSB to and fro is silence");
	return drive::failures() != 0;
}
