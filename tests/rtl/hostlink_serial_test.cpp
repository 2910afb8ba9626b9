// hostlink_serial: bytes on a line become words and words bytes, at baud rates that do not divide the clock and are a
// little off; the words slide back into step after a lost byte. Covers uart_rx and uart_tx, the line
// driven and read here by time, not by their counters.
// verilator: -GCLK_HZ=80000000 -GBAUD=3000000

#include <cmath>

#include "Vhostlink_serial.h"
#include "stream_drive.h"
#include "verilated.h"

// The line's level at clock t for bytes sent one after another, `bit` clocks a bit, from clock 100 on.
static bool level(const std::vector<uint8_t> &bytes, double bit, double pause, uint64_t t)
{
	double at = (double(t) - 100) / bit, frame = 10 + pause;
	if (at < 0)
		return true;
	size_t n = size_t(at / frame);
	double in = at - n * frame;
	if (n >= bytes.size() || in >= 9)
		return true;
	return in >= 1 && (bytes[n] >> int(in - 1) & 1);
}

static std::vector<uint32_t> words_of(const std::vector<uint8_t> &bytes)
{
	std::vector<uint32_t> out;
	for (size_t k = 0; k + 4 <= bytes.size(); k += 4)
		out.push_back(bytes[k] | bytes[k + 1] << 8 | bytes[k + 2] << 16 | uint32_t(bytes[k + 3]) << 24);
	return out;
}

static void from_the_line(double off, double pause, unsigned idle)
{
	Vhostlink_serial dut;
	std::mt19937 random(1);
	std::vector<uint8_t> bytes(400);
	std::vector<uint32_t> got;
	double bit = 80.0 / 3.0 * (1 + off);

	for (auto &b : bytes)
		b = random();
	dut.rxd = 1;
	drive::reset(dut);
	for (uint64_t t = 0; t < 100 + 400 * (10 + pause) * bit + 1000; t++) {
		dut.rxd = level(bytes, bit, pause, t);
		dut.m_word_tready = random() % 100 >= idle;
		dut.eval();
		if (dut.m_word_tvalid && dut.m_word_tready)
			got.push_back(dut.m_word_tdata);
		drive::clock(dut);
	}
	drive::check(got == words_of(bytes), "100 words from a line " + std::to_string(off * 100) + " % off, pause " +
						 std::to_string(pause) + " bits, idle " + std::to_string(idle) + " %");
}

static void to_the_line(unsigned idle)
{
	Vhostlink_serial dut;
	std::mt19937 random(2);
	std::vector<uint32_t> words(50), got;
	std::vector<uint8_t> bytes;
	double bit = 80.0 / 3.0, next = 0;
	size_t sent = 0;
	int bits = -1;
	unsigned byte = 0;
	bool stops = true;

	for (auto &w : words)
		w = random();
	dut.rxd = 1;
	drive::reset(dut);
	for (uint64_t t = 0; t < 90000; t++) {
		dut.s_word_tvalid = sent < words.size() && (dut.s_word_tvalid || random() % 100 >= idle);
		if (sent < words.size())
			dut.s_word_tdata = words[sent];
		dut.eval();
		bool taken = dut.s_word_tvalid && dut.s_word_tready;
		drive::clock(dut);
		if (taken) {
			sent++;
			dut.s_word_tvalid = 0;
		}
		if (bits < 0 && !dut.txd) { // a start bit: read the middles of those that follow
			bits = 0, byte = 0;
			next = t + 1.5 * bit;
		} else if (bits >= 0 && t >= next) {
			if (bits == 8) {
				stops &= dut.txd;
				bytes.push_back(byte);
				bits = -1;
			} else {
				byte |= dut.txd << bits++;
				next += bit;
			}
		}
	}
	drive::check(words_of(bytes) == words && stops && dut.txd, "50 words to the line, idle " + std::to_string(idle) + " %");
}

// While the parser hunts, words begin with the magic wherever it stands; else as they come.
static void sliding()
{
	for (unsigned lead = 0; lead < 8; lead++) {
		Vhostlink_serial dut;
		std::vector<uint8_t> bytes(lead, 0xEE);
		std::vector<uint32_t> got;
		const uint8_t packet[] = {0x5A, 1, 8, 0, 1, 2, 3, 4, 5, 6, 7, 8};

		bytes.insert(bytes.end(), packet, packet + sizeof(packet));
		dut.rxd = 1;
		drive::reset(dut);
		dut.hunting = 1;
		dut.m_word_tready = 1;
		for (uint64_t t = 0; t < 9000; t++) {
			dut.rxd = level(bytes, 80.0 / 3.0, 0, t);
			dut.eval();
			if (dut.m_word_tvalid) {
				got.push_back(dut.m_word_tdata);
				dut.hunting = 0; // as the parser would
			}
			drive::clock(dut);
		}
		drive::check(got == words_of({packet, packet + sizeof(packet)}),
			     "in step after " + std::to_string(lead) + " stray bytes");
	}
}

// A glitch is no byte, a byte without its stop bit is none either; the next one is.
static void noise()
{
	Vhostlink_serial dut;
	std::vector<uint32_t> got;
	std::vector<uint8_t> good = {0x11, 0x22, 0x33, 0x44};

	dut.rxd = 1;
	drive::reset(dut);
	dut.m_word_tready = 1;
	for (uint64_t t = 0; t < 6000; t++) {
		dut.rxd = t >= 50 && t < 58 ? 0 : t >= 1000 && t < 1400 ? 0 : t < 2000 ? 1 : level(good, 80.0 / 3.0, 0, t - 2000);
		dut.eval();
		if (dut.m_word_tvalid)
			got.push_back(dut.m_word_tdata);
		drive::clock(dut);
	}
	drive::check(got == words_of(good), "a glitch and a break are no bytes");
}

int main()
{
	for (double off : {0.0, 0.02, -0.02})
		for (double pause : {0.0, 0.3, 5.0})
			from_the_line(off, pause, pause > 1 ? 80 : 0);
	to_the_line(0);
	to_the_line(99);
	sliding();
	noise();
	return drive::failures() != 0;
}
