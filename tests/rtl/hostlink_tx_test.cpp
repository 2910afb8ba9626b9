// hostlink_tx: four sources' packets on one stream, each whole and in its source's order, none lost and none extra; the short
// answers' rank is kept.

#include "Vhostlink_tx.h"
#include "stream_drive.h"
#include "verilated.h"

struct Word {
	uint32_t data; // source 31:28, packet 27:12, word 11:0
	bool last;
	bool operator==(const Word &o) const
	{
		return data == o.data && last == o.last;
	}
};

static void run(unsigned idle, unsigned host_idle)
{
	Vhostlink_tx dut;
	std::mt19937 random(idle + host_idle);
	std::vector<drive::Source<Word>> sources;
	drive::Sink<Word> sink(host_idle, 5);
	std::vector<std::vector<Word>> sent(4);
	size_t total = 0, quiet = 0;

	for (uint32_t s = 0; s < 4; s++) {
		for (uint32_t p = 0; p < 300; p++)
			for (uint32_t k = 0, n = 1 + random() % 12; k < n; k++)
				sent[s].push_back({s << 28 | p << 12 | k, k + 1 == n});
		total += sent[s].size();
		sources.emplace_back(sent[s], idle, 10 + s);
	}
	drive::reset(dut);
	bool ranked = true;
	int chosen = -1; // between packets, of those that offer one the highest in rank
	while (quiet < 100) {
		bool before[4];
		for (int s = 0; s < 4; s++)
			sources[s].offer();
		sink.decide();
#define PUT(s, name)                                                                                         \
	dut.s_##name##_tvalid = sources[s].valid, dut.s_##name##_tdata = sources[s].beat().data,                \
	dut.s_##name##_tlast = sources[s].beat().last
		PUT(0, value);
		PUT(1, status);
		PUT(2, frame);
		PUT(3, iq);
		dut.m_host_tready = sink.ready;
		dut.eval();
		const bool ready[] = {!!dut.s_value_tready, !!dut.s_status_tready, !!dut.s_frame_tready, !!dut.s_iq_tready};
		for (int s = 0; s < 4; s++)
			before[s] = sources[s].valid;
		bool ended = false;
		for (int s = 0; s < 4; s++) {
			if (before[s] && ready[s]) {
				ranked &= s == chosen;
				ended = sources[s].beat().last;
			}
			sources[s].sample(ready[s]);
		}
		for (int s = 0; s < 4 && chosen < 0; s++)
			if (before[s])
				chosen = s;
		if (ended)
			chosen = -1;
		sink.sample(dut.m_host_tvalid, Word{dut.m_host_tdata, !!dut.m_host_tlast});
		drive::clock(dut);
		quiet = sink.beats.size() >= total ? quiet + 1 : 0;
	}
	bool whole = sink.beats.size() == total && sink.steady;
	std::vector<std::vector<Word>> got(4);
	for (size_t k = 0; whole && k < sink.beats.size(); k++) {
		const Word &w = sink.beats[k];
		got[w.data >> 28].push_back(w);
		if (k && !sink.beats[k - 1].last) // inside a packet the source stays
			whole &= w.data == sink.beats[k - 1].data + 1;
	}
	std::string what = ", idle " + std::to_string(idle) + " % in, " + std::to_string(host_idle) + " % out";
	drive::check(whole && got == sent, "1200 packets, each whole, in order" + what);
	drive::check(ranked, "rank is kept" + what);
}

int main()
{
	for (unsigned idle : {0, 50, 90})
		for (unsigned host_idle : {0, 50, 90})
			run(idle, host_idle);
	return drive::failures() != 0;
}
