// framer_tx with the test in the transmitter's place: what the transmitter is told, when samples leave, which status each
// frame gets; with random stalls on every stream and random distances of the sample strobe.

#include <deque>
#include <map>

#include "Vframer_tx.h"
#include "stream_drive.h"
#include "verilated.h"

static const unsigned mbps[] = {6, 9, 12, 18, 24, 36, 48, 54};
static const unsigned fields[] = {0xB, 0xF, 0xA, 0xE, 0x9, 0xD, 0x8, 0xC}; // {R4..R1}: table 18-6

static unsigned rate_field(unsigned rate)
{
	unsigned k = 0;
	while (mbps[k] != rate)
		k++;
	return fields[k];
}

static uint32_t crc32(const std::vector<uint8_t> &data)
{
	uint32_t crc = ~0u;
	for (uint8_t octet : data)
		for (int bit = 0; bit < 8; bit++)
			crc = (crc >> 1) ^ (((crc ^ octet >> bit) & 1) ? 0xEDB88320u : 0);
	return ~crc;
}

enum { SENT, LATE, UNDERRUN, REFUSED };

struct Frame {
	unsigned rate, length, flags, seed, amplitude;
	uint32_t tag;
	uint64_t time;
	std::vector<uint8_t> payload;
};

struct Status {
	uint32_t tag, status;
	uint64_t time;
};

struct Bench {
	Vframer_tx dut;
	std::mt19937 random;
	unsigned idle;
	std::deque<uint32_t> words, heads; // of the packet stream; the head goes with the last word
	std::deque<bool> lasts;
	bool offered = false;
	std::vector<Status> statuses;
	std::vector<uint32_t> status_words;
	std::map<uint64_t, uint32_t> antenna; // time -> sample that left
	struct Seen {
		unsigned rate, length, seed;
		std::vector<uint8_t> octets;
	};
	std::vector<Seen> seen; // what the transmitter was told
	std::deque<uint64_t> wave; // samples it has to give
	bool on_air = false, octet_due = false;
	int starve = -1; // samples after which the transmitter stalls for a long time
	unsigned starved = 0, gap = 4, samples_of_frame = 50;
	uint64_t now = 0;
	unsigned sent = 0, late = 0, underrun = 0;
	bool trailer = true;

	explicit Bench(unsigned idle_percent, unsigned seed) : random(seed), idle(idle_percent)
	{
		drive::reset(dut);
	}
	bool stall()
	{
		return random() % 100 < idle;
	}
	void queue(const Frame &f)
	{
		std::vector<uint32_t> w = {1u | f.rate << 8 | f.length << 16,
					   f.flags | f.seed << 8 | f.amplitude << 16, f.tag, uint32_t(f.time),
					   uint32_t(f.time >> 32)};
		for (size_t k = 0; k < f.payload.size(); k += 4) {
			uint32_t word = 0;
			for (size_t n = 0; n < 4; n++) // padding is rubbish: it must not matter
				word |= uint32_t(k + n < f.payload.size() ? f.payload[k + n] : random() & 255) << 8 * n;
			w.push_back(word);
		}
		put(w, f.payload.size());
	}
	void put(const std::vector<uint32_t> &w, uint32_t head)
	{
		for (size_t k = 0; k < w.size(); k++) {
			words.push_back(w[k]);
			lasts.push_back(k + 1 == w.size());
			heads.push_back(k + 1 == w.size() ? head : random());
		}
	}
	// A sample of frame n: recognisable, never zero.
	static uint32_t sample_of(size_t n, unsigned k)
	{
		return uint32_t(0x0100 + n) << 16 | (k + 1);
	}
	void clock()
	{
		// The packet stream.
		if (!offered)
			offered = !words.empty() && !stall();
		dut.s_axis_tvalid = offered;
		if (offered) {
			dut.s_axis_tdata = words.front();
			dut.s_axis_tlast = lasts.front();
			dut.s_axis_tuser = heads.front();
		}
		// The transmitter: takes a descriptor, then exactly `length` octets, meanwhile gives samples.
		dut.m_desc_tready = !on_air && !stall();
		dut.m_axis_tready = on_air && seen.back().octets.size() < seen.back().length && !stall();
		bool starving = starve >= 0 && wave.size() == samples_of_frame - unsigned(starve) && starved < 2000;
		starved += starving;
		dut.s_wave_tvalid = !wave.empty() && !starving;
		if (!wave.empty()) {
			dut.s_wave_tdata = uint32_t(wave.front());
			dut.s_wave_tlast = wave.front() >> 32;
		}
		dut.m_status_tready = !stall();
		// The sample strobe, 4 clocks apart or more.
		gap = gap ? gap - 1 : 3 + (idle ? random() % 3 : 0);
		dut.sample = gap == 0;
		dut.now = now;
		dut.eval();
		if (offered && dut.s_axis_tready) {
			words.pop_front();
			lasts.pop_front();
			heads.pop_front();
			offered = false;
		}
		if (dut.m_desc_tvalid && dut.m_desc_tready) {
			seen.push_back({dut.m_desc_rate, dut.m_desc_length, dut.m_desc_seed, {}});
			on_air = true;
			for (unsigned k = 0; k < samples_of_frame; k++)
				wave.push_back(sample_of(seen.size(), k) | uint64_t(k + 1 == samples_of_frame) << 32);
		}
		if (dut.m_axis_tvalid && dut.m_axis_tready)
			seen.back().octets.push_back(dut.m_axis_tdata);
		else if (dut.m_axis_tvalid && !on_air)
			trailer = false; // octets nobody asked for
		if (dut.s_wave_tvalid && dut.s_wave_tready)
			wave.pop_front();
		if (on_air && wave.empty() && seen.back().octets.size() == seen.back().length)
			on_air = false;
		if (dut.m_status_tvalid && dut.m_status_tready) {
			status_words.push_back(dut.m_status_tdata);
			if (dut.m_status_tlast) {
				auto &w = status_words;
				if (w.size() != 5 || w[0] != 0x0010925A)
					trailer = false;
				else
					statuses.push_back({w[1], w[2], w[3] | uint64_t(w[4]) << 32});
				w.clear();
			}
		}
		bool strobe = dut.sample;
		drive::clock(dut);
		sent += dut.event_sent, late += dut.event_late, underrun += dut.event_underrun;
		if (strobe) {
			if (dut.tx_active)
				antenna[now] = uint32_t(dut.tx_q) << 16 | dut.tx_i;
			else if (dut.tx_i || dut.tx_q)
				trailer = false; // silence is zero
			now++;
		}
	}
	void run(unsigned clocks)
	{
		while (clocks--)
			clock();
	}
	// The samples of frame n left at `time`, in a row.
	bool left(size_t n, uint64_t time, unsigned count)
	{
		for (unsigned k = 0; k < count; k++)
			if (!antenna.count(time + k) || antenna[time + k] != sample_of(n, k))
				return false;
		return !antenna.count(time + count);
	}
};

static void every_frame(unsigned idle)
{
	Bench b(idle, 7 + idle);
	std::vector<Frame> frames;
	std::vector<uint32_t> seeds;
	bool told = true, placed = true, answered = true;
	uint64_t time = 3000;

	for (uint32_t n = 0; n < 60; n++) {
		Frame f = {mbps[n % 8], 0, 0, n % 3 ? 1 + n % 127 : 0, 0xFFFF, 1000 + n, 0, {}};
		bool append = b.random() % 2;
		f.payload.resize(1 + b.random() % 150);
		for (auto &octet : f.payload)
			octet = b.random();
		f.length = f.payload.size() + (append ? 4 : 0);
		f.flags = append << 1 | 1;
		f.time = time;
		time += 1000;
		frames.push_back(f);
		b.queue(f);
	}
	while (b.now < time + 1000)
		b.clock();
	for (size_t n = 0; n < frames.size(); n++) {
		const Frame &f = frames[n];
		std::vector<uint8_t> psdu = f.payload;
		if (f.flags & 2)
			for (int k = 0; k < 4; k++)
				psdu.push_back(crc32(f.payload) >> 8 * k);
		told &= n < b.seen.size() && b.seen[n].rate == rate_field(f.rate) && b.seen[n].length == f.length &&
			b.seen[n].octets == psdu && (f.seed ? b.seen[n].seed == f.seed : b.seen[n].seed != 0);
		if (n < b.seen.size() && !f.seed)
			seeds.push_back(b.seen[n].seed);
		placed &= b.left(n + 1, f.time, b.samples_of_frame);
		answered &= n < b.statuses.size() && b.statuses[n].tag == f.tag && b.statuses[n].status == SENT &&
			    b.statuses[n].time == f.time;
	}
	for (size_t k = 1; k < seeds.size(); k++)
		told &= seeds[k] != seeds[k - 1];
	std::string idles = ", idle " + std::to_string(idle) + " %";
	drive::check(told && b.seen.size() == 60, "60 frames told to the transmitter as they were sent" + idles);
	drive::check(placed && b.antenna.size() == 60 * b.samples_of_frame, "each leaves in its time, to the sample" + idles);
	drive::check(answered && b.statuses.size() == 60 && b.sent == 60 && !b.late && !b.underrun && b.trailer,
		     "each is answered once, in order" + idles);
	drive::check(b.dut.idle && !b.dut.waiting, "and then all is idle" + idles);
}

static void own_seeds()
{
	Bench b(0, 1);
	std::vector<bool> used(128);
	unsigned different = 0;

	b.samples_of_frame = 2;
	for (uint32_t n = 0; n < 127; n++)
		b.queue({6, 1, 0, 0, 0xFFFF, n, 0, {1}});
	b.run(20000);
	for (auto &s : b.seen)
		if (s.seed && !used[s.seed])
			used[s.seed] = true, different++;
	drive::check(different == 127, "127 frames, all 127 seeds");
}

static void trouble(unsigned idle)
{
	std::string idles = ", idle " + std::to_string(idle) + " %";
	std::vector<uint8_t> p(40, 0x55);
	{ // late: before it starts; when it could not be ready; and in the middle of others
		Bench b(idle, 3 + idle);
		b.now = 500;
		b.queue({6, 40, 1, 1, 0xFFFF, 1, 499, p});
		b.queue({6, 40, 1, 1, 0xFFFF, 2, 2000, p});
		b.queue({6, 40, 1, 1, 0xFFFF, 3, 2020, p});
		b.queue({6, 40, 0, 1, 0xFFFF, 4, 0, p});
		b.run(16000);
		drive::check(b.statuses.size() == 4 && b.statuses[0].status == LATE && b.statuses[1].status == SENT &&
				 b.statuses[2].status == LATE && b.statuses[3].status == SENT && b.late == 2 && b.sent == 2 &&
				 b.statuses[0].time >= 500 && b.statuses[2].time > 2020,
			     "late frames are dropped, others not" + idles);
		drive::check(b.left(1, 2000, 50) && b.antenna.size() == 100 && b.statuses[3].time > 2049 &&
				 b.left(2, b.statuses[3].time, 50),
			     "nothing of a late frame leaves" + idles);
	}
	{ // the transmitter was not quick enough: late, though it had begun
		Bench b(idle, 5 + idle);
		b.starve = 0;
		b.queue({6, 40, 1, 1, 0xFFFF, 1, 150, p});
		b.queue({6, 40, 1, 1, 0xFFFF, 2, 1500, p});
		b.run(12000);
		drive::check(b.statuses.size() == 2 && b.statuses[0].status == LATE && b.statuses[1].status == SENT &&
				 b.antenna.size() == 50 && b.left(2, 1500, 50),
			     "a frame that is not ready in its time is late, and drained" + idles);
	}
	{ // around the moment at which late and in time part, at every phase of the strobe: one or the other
		bool each = true;
		unsigned late = 0, sent = 0;
		for (unsigned time = 0; time < 60; time++)
			for (unsigned phase = 0; phase < 4; phase++) {
				Bench b(idle, 20 + time * 4 + phase);
				b.run(phase);
				b.queue({6, 40, 1, 1, 0xFFFF, 1, time, p});
				b.run(3000);
				each &= b.statuses.size() == 1 && b.late + b.sent == 1 && b.dut.idle &&
					(b.late ? b.antenna.empty() : b.left(1, time, 50));
				late += b.late;
				sent += b.sent;
			}
		drive::check(each && late > 0 && sent > 0, "late or in time, nothing between: " + std::to_string(late) +
							       " late, " + std::to_string(sent) + " sent" + idles);
	}
	{ // a gap inside a frame
		Bench b(idle, 9 + idle);
		b.starve = 30;
		b.queue({6, 40, 1, 1, 0xFFFF, 1, 500, p});
		b.queue({6, 40, 1, 1, 0xFFFF, 2, 2500, p});
		b.run(16000);
		drive::check(b.statuses.size() == 2 && b.statuses[0].status == UNDERRUN && b.statuses[0].time == 500 &&
				 b.statuses[1].status == SENT && b.underrun == 1 && b.sent == 1,
			     "a gap is an underrun" + idles);
		drive::check(b.left(1, 500, 30) && b.left(2, 2500, 50) && b.antenna.size() == 80,
			     "the frame is cut there, the next is whole" + idles);
	}
	{ // descriptors that lie
		Bench b(idle, 11 + idle);
		unsigned n = 0;
		b.queue({5, 40, 0, 1, 0xFFFF, n++, 0, p});
		b.queue({6, 39, 0, 1, 0xFFFF, n++, 0, p});
		b.queue({6, 40, 2, 1, 0xFFFF, n++, 0, p});
		b.queue({6, 4136, 0, 1, 0xFFFF, n++, 0, p});
		b.queue({6, 40, 0, 128, 0xFFFF, n++, 0, p});
		b.queue({6, 4096, 2, 1, 0xFFFF, n++, 0, std::vector<uint8_t>(4092)}); // too long with its FCS
		b.queue({6, 40, 0, 127, 0xFFFF, n++, 0, p});
		b.run(16000);
		bool refused = b.statuses.size() == n && b.statuses[n - 1].status == SENT;
		for (unsigned k = 0; k + 1 < n && refused; k++)
			refused = b.statuses[k].status == REFUSED && b.statuses[k].tag == k;
		drive::check(refused && b.seen.size() == 1 && b.antenna.size() == 50, "false descriptors are refused" + idles);
	}
}

int main()
{
	for (unsigned idle : {0, 50, 85})
		every_frame(idle);
	own_seeds();
	for (unsigned idle : {0, 50})
		trouble(idle);
	return drive::failures() != 0;
}
