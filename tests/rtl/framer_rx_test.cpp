// framer_rx with the test in the receiver's and the host's places: every frame arrives whole with its descriptor, or is
// dropped whole and counted; random stalls on every stream, a queue that is often full.
// verilator: -GQUEUE_WORDS=256

#include "Vframer_rx.h"
#include "stream_drive.h"
#include "verilated.h"

static const unsigned mbps[] = {6, 9, 12, 18, 24, 36, 48, 54};
static const unsigned rate_field[] = {0xB, 0xF, 0xA, 0xE, 0x9, 0xD, 0x8, 0xC}; // {R4..R1}: table 18-6

static uint32_t crc32(const std::vector<uint8_t> &data)
{
	uint32_t crc = ~0u;
	for (uint8_t octet : data)
		for (int bit = 0; bit < 8; bit++)
			crc = (crc >> 1) ^ (((crc ^ octet >> bit) & 1) ? 0xEDB88320u : 0);
	return ~crc;
}

struct Frame {
	unsigned rate, promised;
	uint32_t word[4];
	uint64_t time;
	std::vector<uint8_t> psdu;
	bool good;
};

struct Word {
	uint32_t data;
	bool last;
	bool operator==(const Word &o) const
	{
		return data == o.data && last == o.last;
	}
};

static std::vector<Word> packet_of(const Frame &f)
{
	std::vector<uint32_t> w = {0x905Au | uint32_t(32 + f.psdu.size()) << 16,
				   1u | mbps[f.rate] << 8 | uint32_t(f.psdu.size()) << 16, f.good,
				   f.word[0], f.word[1], f.word[2], f.word[3], uint32_t(f.time), uint32_t(f.time >> 32)};
	for (size_t k = 0; k < f.psdu.size(); k += 4) {
		uint32_t word = 0;
		for (size_t n = 0; n < 4 && k + n < f.psdu.size(); n++)
			word |= uint32_t(f.psdu[k + n]) << 8 * n;
		w.push_back(word);
	}
	std::vector<Word> out;
	for (size_t k = 0; k < w.size(); k++)
		out.push_back({w[k], k + 1 == w.size()});
	return out;
}

static void run(unsigned idle, unsigned host_idle, bool bad_too, unsigned octet_every, unsigned most)
{
	Vframer_rx dut;
	std::mt19937 random(idle + host_idle + most);
	drive::Stall stall(idle, 1);
	drive::Sink<Word> sink(host_idle, 2);
	std::vector<Frame> frames;
	unsigned delivered = 0, bad = 0, dropped = 0, all_bad = 0, broken = 0;

	for (int n = 0; n < 300; n++) {
		Frame f;
		f.rate = random() % 8;
		f.psdu.resize(5 + random() % most);
		for (auto &octet : f.psdu)
			octet = random();
		uint32_t fcs = crc32({f.psdu.begin(), f.psdu.end() - 4});
		f.good = random() % 4 != 0;
		for (int k = 0; k < 4; k++)
			f.psdu[f.psdu.size() - 4 + k] = fcs >> 8 * k;
		if (!f.good)
			f.psdu[random() % f.psdu.size()] ^= 1 << random() % 8;
		f.promised = f.psdu.size() + (n % 50 == 49); // the receiver broke off
		if (f.promised != f.psdu.size())
			f.good = false, broken++;
		for (auto &w : f.word)
			w = random();
		f.time = uint64_t(random()) << 32 | random();
		all_bad += !f.good;
		frames.push_back(f);
	}
	drive::reset(dut);
	dut.enable = 1;
	dut.fcs_bad_too = bad_too;
	bool desc = false, octet = false;
	size_t at = 0, in = 0, quiet = 0, clocks = 0, waited = 0, moved = 0;
	bool described = false;
	while (quiet < 3000) {
		bool more = at < frames.size();
		if (more && !described && !desc)
			desc = !stall();
		// The descriptor comes before or with the first octet.
		if (more && !octet && (described || desc) && clocks % octet_every == 0)
			octet = !stall();
		clocks++;
		dut.s_desc_tvalid = desc;
		dut.s_axis_tvalid = octet;
		if (more) {
			const Frame &f = frames[at];
			dut.s_desc_rate = rate_field[f.rate];
			dut.s_desc_length = f.promised;
			dut.s_desc_energy = f.word[0];
			dut.s_desc_signal = f.word[1];
			dut.s_desc_noise = f.word[2];
			dut.s_desc_cfo = f.word[3];
			dut.s_desc_time = f.time;
			dut.s_axis_tdata = f.psdu[in];
			dut.s_axis_tlast = in + 1 == f.psdu.size();
		}
		sink.decide();
		dut.m_axis_tready = sink.ready;
		dut.eval();
		waited += dut.waits;
		moved += dut.waits && (dut.s_axis_tvalid || dut.m_axis_tvalid || dut.idle);
		sink.sample(dut.m_axis_tvalid, Word{dut.m_axis_tdata, !!dut.m_axis_tlast});
		if (desc && dut.s_desc_tready)
			desc = false, described = true;
		if (octet && dut.s_axis_tready) {
			octet = false;
			if (++in == frames[at].psdu.size())
				at++, in = 0, described = false;
		}
		drive::clock(dut);
		delivered += dut.event_frame, bad += dut.event_fcs_bad, dropped += dut.event_dropped;
		quiet = more || dut.m_axis_tvalid ? 0 : quiet + 1;
	}
	// What came out is a subsequence of the frames, each whole.
	size_t beat = 0, n = 0, whole = 0, last = 0;
	while (beat < sink.beats.size() && n < frames.size()) {
		const Frame &f = frames[n++];
		if (f.promised != f.psdu.size() || (!f.good && !bad_too))
			continue;
		std::vector<Word> want = packet_of(f);
		if (beat + want.size() <= sink.beats.size() &&
		    std::equal(want.begin(), want.end(), sink.beats.begin() + beat)) {
			beat += want.size();
			whole++;
			last = n;
		}
	}
	std::string what = ", idle " + std::to_string(idle) + "/" + std::to_string(host_idle) + " %, octets up to " +
			   std::to_string(most) + (bad_too ? ", bad ones too" : "") + ": " + std::to_string(delivered) +
			   " delivered, " + std::to_string(dropped) + " dropped";
	unsigned wanted = bad_too ? 300 - broken : 300 - all_bad;
	drive::check(beat == sink.beats.size() && whole == delivered && sink.steady, "whole frames, in order" + what);
	drive::check(delivered + dropped == wanted && bad == all_bad, "every frame is counted once" + what);
	drive::check(host_idle < 95 ? true : dropped > 0, "and a slow host loses some" + what);
	drive::check(host_idle == 0 && octet_every >= 8 && most < 900 ? dropped == 0 : true, "a quick one none" + what);
	drive::check(last > 240, "and it goes on when there is room again" + what);
	drive::check(dut.idle, "idle at the end" + what);
	drive::check(moved == 0 && (waited > 0 || octet_every == 1), "while it waits it has nothing to say" + what);
}

int main()
{
	run(0, 0, false, 8, 200);
	run(0, 0, true, 8, 200);
	run(0, 0, false, 1, 200);
	run(50, 50, false, 1, 200);
	run(50, 50, true, 8, 6);
	run(0, 95, false, 1, 200);
	run(30, 95, true, 1, 6);
	run(30, 98, false, 2, 900); // near the size of the queue, 1024 bytes
	run(0, 0, false, 8, 1500);  // and beyond it

	Vframer_rx dut; // disabled: swallowed, uncounted
	drive::reset(dut);
	dut.s_desc_tvalid = 1;
	dut.s_desc_length = 3;
	dut.m_axis_tready = 1;
	unsigned events = 0, taken = 0;
	for (int n = 0; n < 200; n++) {
		dut.s_axis_tvalid = 1;
		dut.s_axis_tlast = taken % 3 == 2;
		dut.eval();
		taken += dut.s_axis_tready;
		events += dut.m_axis_tvalid;
		drive::clock(dut);
		events += dut.event_frame + dut.event_fcs_bad + dut.event_dropped;
	}
	drive::check(taken > 20 && events == 0, "disabled it swallows and says nothing");
	return drive::failures() != 0;
}
