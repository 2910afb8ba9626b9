// hostlink_rx against a reader of the same stream written from docs/hostlink.md: good packets, bad ones and rubbish mixed,
// with random stalls on every stream. Every good packet comes out whole, in order, and every drop is counted.

#include "Vhostlink_rx.h"
#include "stream_drive.h"
#include "verilated.h"

struct Event { // a register access, or a word for the transmit queue
	char kind; // 'w', 'r', 'q'
	uint32_t a, b;
	bool last;
	bool operator==(const Event &o) const
	{
		return kind == o.kind && a == o.a && b == o.b && last == o.last;
	}
};

struct Model {
	std::vector<Event> events;
	unsigned errors = 0;
};

// Reads the words as the document says. `heads` are compared with the last word of a packet only.
static Model read(const std::vector<uint32_t> &w)
{
	Model m;
	bool hunting = false;

	for (size_t at = 0; at < w.size();) {
		uint32_t type = w[at] >> 8 & 255, len = w[at] >> 16, words = (len + 3) / 4;
		bool good = (w[at] & 255) == 0x5A &&
			    ((type <= 2 && type >= 1 && len == 8) || (type == 0x10 && len >= 25 && len <= 24 + 4095) ||
			     (type == 0x11 && len >= 16 && len <= 16 + 4 * 1024 && len % 4 == 0));
		if (!good) {
			m.errors += !hunting;
			bool skip = (w[at] & 255) == 0x5A && !hunting;
			hunting |= !skip;
			at += 1 + (skip ? words : 0);
			continue;
		}
		hunting = false;
		if (at + 1 + words > w.size())
			break;
		if (type <= 2)
			m.events.push_back({type == 1 ? 'w' : 'r', w[at + 1], w[at + 2], false});
		else
			for (size_t k = 0; k < words; k++)
				if (type == 0x11 || k != 3) {
					bool last = k + 1 == words;
					uint32_t head = type == 0x11 ? 0x10000 : len - 24;
					m.events.push_back({'q', w[at + 1 + k], last ? head : 0, last});
				}
		at += 1 + words;
	}
	return m;
}

static void run(unsigned idle, unsigned seed)
{
	Vhostlink_rx dut;
	std::mt19937 random(seed);
	std::vector<uint32_t> words;
	Model got;

	for (int n = 0; n < 600; n++) {
		static const uint32_t types[] = {1, 2, 1, 2, 0x10, 0x10, 0x11, 0x11, 0, 3, 0x82, 0xFF};
		uint32_t type = types[random() % 12], len = random() % 100;
		if (type <= 2 && random() % 5)
			len = 8;
		else if (type == 0x11 && random() % 5)
			len = 16 + 4 * (random() % 30);
		else if (random() % 20 == 0)
			len = random() % 2 ? 24 + 4090 + random() % 10 : 16 + 4 * (1020 + random() % 10);
		if (n == 200)
			len = 65535, type = 0x7F;
		if (random() % 10 == 0) // rubbish of a few words
			for (unsigned k = 1 + random() % 5; k; k--) {
				uint32_t word = random();
				words.push_back((word & 255) == 0x5A ? word ^ 1 : word);
			}
		words.push_back(0x5A | type << 8 | len << 16);
		for (uint32_t k = 0; k < (len + 3) / 4; k++)
			words.push_back(random() % 4 ? random() : 0x0008015A); // what looks like a header inside, too
	}
	drive::Source<uint32_t> source(words, idle, seed + 1);
	drive::reset(dut);
	for (size_t n = 0; n < 40 * words.size() && !source.done(); n++) {
		source.offer();
		dut.s_host_tvalid = source.valid;
		dut.s_host_tdata = source.beat();
		dut.reg_taken = random() % 100 >= idle;
		dut.m_axis_tready = random() % 100 >= idle;
		dut.eval();
		source.sample(dut.s_host_tready);
		if (dut.reg_write && dut.reg_taken)
			got.events.push_back({'w', dut.reg_address, dut.reg_value, false});
		if (dut.reg_read && dut.reg_taken)
			got.events.push_back({'r', dut.reg_address, dut.reg_value, false});
		if (dut.m_axis_tvalid && dut.m_axis_tready)
			got.events.push_back({'q', dut.m_axis_tdata, dut.m_axis_tlast ? dut.m_axis_tuser : 0, !!dut.m_axis_tlast});
		drive::clock(dut);
		got.errors += dut.event_error;
	}
	for (int n = 0; n < 10; n++) { // the last packet's act
		dut.s_host_tvalid = 0;
		dut.reg_taken = 1;
		dut.eval();
		if (dut.reg_write && dut.reg_taken)
			got.events.push_back({'w', dut.reg_address, dut.reg_value, false});
		if (dut.reg_read && dut.reg_taken)
			got.events.push_back({'r', dut.reg_address, dut.reg_value, false});
		drive::clock(dut);
		got.errors += dut.event_error;
	}
	Model want = read(words);
	std::string what = ", idle " + std::to_string(idle) + " %, seed " + std::to_string(seed);
	drive::check(source.done(), "every word is taken" + what);
	drive::check(got.events == want.events, std::to_string(want.events.size()) + " words and accesses as sent" + what);
	drive::check(got.errors == want.errors, std::to_string(want.errors) + " drops counted" + what);
}

int main()
{
	for (unsigned idle : {0, 50, 85})
		for (unsigned seed : {1, 2, 3})
			run(idle, seed);
	return drive::failures() != 0;
}
