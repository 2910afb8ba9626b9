// rx_acquire alone: the blocks that it hands over are, but for one turn and one scale, the samples of the reference transmitter's
// frame from four before each symbol's place; and what the back half tells it (here: the test) ends the frame.

#include "Vrx_acquire.h"
#include "ofdm_reference.h"
#include "stream_drive.h"
#include "verilated.h"

using namespace ofdm;

struct Block { unsigned kind; Samples samples; };

class Front {
public:
	std::vector<Block> blocks;
	unsigned detected = 0, lost = 0, flushed = 0, broken = 0;
	double offset = 0, energy = 0; // of the first frame, at its end
	uint64_t start = 0;
	uint64_t time = 1000000007;
	// The back half's part: refuse SIGNAL, or take `symbols` data symbols; `going` is told while more than four are to come.
	bool refuse = false;
	unsigned symbols = 0, wait = 0;
	Vrx_acquire dut;

	Front()
	{
		dut.enable = 1;
		dut.s_axis_tvalid = dut.signal_valid = dut.symbol_done = dut.frame_done = dut.going = 0;
		drive::reset(dut);
	}
	void samples(const Samples &air)
	{
		for (Cplx v : air) {
			dut.s_axis_tdata = pack_iq(v);
			dut.s_axis_tuser = time++;
			dut.s_axis_tvalid = 1;
			clock();
			dut.s_axis_tvalid = 0;
			for (unsigned n = random() % 3 + 3; n; n--)
				clock();
		}
	}

private:
	std::mt19937 random{3};
	Block now;
	unsigned done = 0, rest = 0;
	bool was_flush = false;

	void clock()
	{
		// Asked for at the beginning of a block only: then it comes without a pause.
		dut.m_axis_tready = rest == 0;
		if (rest)
			rest--;
		dut.signal_valid = dut.signal_ok = dut.symbol_done = dut.frame_done = 0;
		if (now.samples.size() == 64) {
			if (now.kind == 2) {
				dut.signal_valid = 1;
				dut.signal_ok = !refuse;
				done = 0;
				dut.going = !refuse && symbols > 4;
			}
			if (now.kind == 3) {
				dut.symbol_done = 1;
				done++;
				dut.going = symbols > done + 4;
				dut.frame_done = done == symbols;
			}
			blocks.push_back(now);
			now.samples.clear();
			rest = wait ? random() % wait : 0;
		}
		dut.eval();
		detected += dut.event_detected;
		lost += dut.lost;
		if (dut.flush && !was_flush) {
			if (flushed == 0) {
				offset = int32_t(dut.offset) / 4294967296.0;
				energy = dut.energy;
				start = dut.start_time;
			}
			flushed++;
		}
		was_flush = dut.flush;
		if (dut.flush) {
			now.samples.clear();
			dut.going = 0;
		}
		if (dut.m_axis_tvalid) {
			if (now.samples.empty())
				now.kind = dut.m_axis_tuser;
			else
				broken += now.kind != dut.m_axis_tuser;
			now.samples.push_back(unpack_iq(dut.m_axis_tdata));
		}
		drive::clock(dut);
	}
};

static std::string text(const char *format, double a, double b = 0, double c = 0, double d = 0)
{
	char line[200];
	snprintf(line, sizeof line, format, a, b, c, d);
	return line;
}

// How like the samples sent: 1 is the same but for a complex factor, which is `factor`.
static double likeness(const Block &b, const Samples &frame, size_t from, Cplx &factor)
{
	Cplx cross = 0;
	double sent = 0, got = 0;
	for (size_t n = 0; n < 64; n++) {
		cross += b.samples[n] * std::conj(frame[from + n]);
		sent += std::norm(frame[from + n]);
		got += std::norm(b.samples[n]);
	}
	factor = cross / sent;
	return std::abs(cross) / std::sqrt(sent * got);
}

static size_t place(size_t block) // of its first sample in the frame
{
	return block == 0 ? 188 : block == 1 ? 252 : 332 + 80 * (block - 2);
}

static Channel channel(unsigned n)
{
	Channel ch;
	ch.snr_db = 30;
	ch.seed = n + 1;
	ch.delay = 300 + n;
	ch.phase = n;
	ch.gain = std::pow(10, -(12 + 3 * double(n)) / 20) / std::sqrt(SIGNAL_POWER);
	ch.cfo = (double(n % 9) - 4) * 0.0118; // to 40 ppm of 5.9 GHz in a channel of 5 MHz
	ch.silence_after = 600;
	return ch;
}

int main()
{
	drive::failures() += self_check();
	const unsigned length = 120;
	Frame f = frame_of(random_octets(length, 1), 12, 5);
	const unsigned symbols = unsigned(symbol_count(rate_of(12), length));

	for (unsigned n = 0; n < 10; n++) {
		Channel ch = channel(n);
		Front front;
		front.symbols = symbols;
		front.wait = n % 3 * 150;
		uint64_t start = front.time + uint64_t(ch.delay);
		front.samples(through(f.samples, ch));
		bool order = front.blocks.size() >= symbols + 3 && front.broken == 0;
		double worst = 1, drift = 0, low = INFINITY, high = 0;
		Cplx last;
		for (size_t b = 0; order && b < symbols + 3; b++) {
			Cplx factor;
			order = front.blocks[b].kind == std::min<size_t>(b, 3);
			worst = std::min(worst, likeness(front.blocks[b], f.samples, place(b), factor));
			if (b)
				drift = std::max(drift, std::fabs(std::arg(factor / last)));
			last = factor;
			low = std::min(low, std::abs(factor));
			high = std::max(high, std::abs(factor));
		}
		double rms = high * std::sqrt(SIGNAL_POWER) * 32768; // 2^11..2^12, but for the noise in the estimate
		drive::check(order && worst > 0.995 && high / low < 1.03 && rms > 1950 && rms < 4300,
			     text("%.0f dBFS: blocks like those sent to %.4f, level %.0f", -12 - 3.0 * n, worst, rms));
		double energy = std::pow(10, -(12 + 3.0 * n) / 10) * 1073741824.0 * 1.001;
		double wrong = front.offset - ch.cfo;
		drive::check(std::fabs(wrong) < 1e-4 && drift < 0.06 && std::fabs(10 * std::log10(front.energy / energy)) < 0.5 &&
				     front.start == start && front.lost == 0,
			     text("offset wrong by %.0f Hz, %.3f rad a symbol; energy by %.2f dB; start by %.0f", wrong * 20e6, drift,
				  10 * std::log10(front.energy / energy), double(front.start) - double(start)));
	}
	{
		Front front;
		front.refuse = true;
		for (unsigned n = 0; n < 5; n++)
			front.samples(through(f.samples, channel(2)));
		bool kinds = front.blocks.size() >= 15;
		for (size_t n = 0; kinds && n < 5; n++)
			kinds = front.blocks[3 * n].kind == 0 && front.blocks[3 * n + 1].kind == 1 && front.blocks[3 * n + 2].kind == 2;
		drive::check(kinds && front.blocks.size() == 15 && front.detected == 5 && front.flushed == 5 && front.lost == 0,
			     text("SIGNAL refused, five times: %.0f blocks, %.0f detections", double(front.blocks.size()), front.detected));
	}
	{ // the frame says 100 symbols and ends after 21: three faint ones, and it is lost; none is, when the end is known to be near
		for (unsigned claimed : {100u, symbols + 4}) {
			Front front;
			front.symbols = claimed;
			front.samples(through(f.samples, channel(3)));
			unsigned lost = front.lost;
			double after = double(front.blocks.size()) - 3 - symbols;
			front.symbols = symbols;
			front.samples(through(f.samples, channel(4)));
			drive::check(lost == (claimed == 100) && after >= (lost ? 2 : 4) && after <= 4 && front.detected == 2,
				     text("%.0f symbols claimed of %.0f: lost %.0f times, %.0f blocks behind the end", claimed, symbols, lost,
					  after));
		}
	}
	{ // a new preamble in the place of the rest; and one that is only there when nothing is in work
		Samples air = through(f.samples, channel(3)), again = air;
		air.resize(300 + 320 + 80 * 8);
		Channel ch = channel(3);
		ch.delay = 0;
		Samples next = through(f.samples, ch);
		air.insert(air.end(), next.begin(), next.end());
		Front front;
		front.symbols = symbols;
		uint64_t start = front.time + 300 + 320 + 80 * 8;
		front.samples(air);
		drive::check(front.lost == 1 && front.detected >= 2 && front.dut.start_time == start,
			     text("a preamble inside the data: lost %.0f, detected %.0f, start wrong by %.0f", front.lost, front.detected,
				  double(front.dut.start_time) - double(start)));
	}
	{ // short symbols without long ones, and a receiver that is off
		Samples air;
		Carriers s = dft(short_training(), true, 1.0 / 64);
		for (unsigned n = 0; n < 3000; n++)
			air.push_back(n > 400 && n < 640 ? s[n & 63] * 1.0 : Cplx(double(n * 7919 % 101) - 50, double(n * 104729 % 103) - 51) * 1e-5);
		Front front;
		front.samples(air);
		unsigned seen = front.detected;
		bool none = front.blocks.empty();
		front.dut.enable = 0;
		front.samples(through(f.samples, channel(1)));
		bool off = front.detected == seen && front.blocks.empty();
		front.dut.enable = 1;
		front.symbols = symbols;
		front.samples(through(f.samples, channel(1)));
		drive::check(seen >= 1 && none && off && front.blocks.size() >= symbols + 3,
			     text("short symbols alone: %.0f searches, no block; off: none; then a frame", seen));
	}
	return drive::failures() != 0;
}
