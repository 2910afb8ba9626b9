// framer_iq: every sample is in exactly one packet with its time, or counted as lost; random stalls at the host.

#include "Vframer_iq.h"
#include "stream_drive.h"
#include "verilated.h"

static uint32_t sample_of(uint64_t time)
{
	return uint32_t(time * 2654435761u) ^ uint32_t(time >> 32);
}

static void run(unsigned host_idle, unsigned samples)
{
	Vframer_iq dut;
	std::mt19937 random(host_idle);
	std::vector<uint32_t> packet;
	uint64_t now = 0xFFFFFFF000, lost = 0, got = 0, last = 0;
	unsigned gap = 0, extra = 0;
	bool right = true;

	drive::reset(dut);
	dut.enable = 1;
	const uint64_t first = now;
	for (unsigned n = 0; n < samples || extra++ < 400000;) {
		dut.s_axis_tvalid = n < samples && gap == 0;
		dut.s_axis_tdata = sample_of(now);
		dut.s_axis_tuser = now;
		dut.m_axis_tready = random() % 100 >= host_idle;
		dut.eval();
		if (dut.m_axis_tvalid && dut.m_axis_tready) {
			packet.push_back(dut.m_axis_tdata);
			if (dut.m_axis_tlast) {
				uint64_t time = packet.size() > 3 ? packet[1] | uint64_t(packet[2]) << 32 : 0;
				right &= packet.size() == 3 + 256 && packet[0] == (0x915Au | 1032u << 16) &&
					 time >= first && (got == 0 || time > last + 255);
				for (size_t k = 3; k < packet.size(); k++)
					right &= packet[k] == sample_of(time + k - 3);
				got += packet.size() - 3;
				last = time;
				packet.clear();
			}
		}
		drive::clock(dut);
		lost += dut.lost;
		if (dut.s_axis_tvalid)
			n++, now++;
		gap = gap ? gap - 1 : 3 + random() % 3;
	}
	std::string what = ", host idle " + std::to_string(host_idle) + " %: " + std::to_string(got) + " received, " +
			   std::to_string(lost) + " lost";
	drive::check(right && packet.empty(), "samples and times as they came" + what);
	// Neither received nor lost: the packet under way.
	drive::check(got + lost <= samples && samples - got - lost < 256, "each counted once" + what);
	drive::check(host_idle < 50 ? lost == 0 : host_idle > 90 ? lost > 0 : true, "lost only when the host is slow" + what);
	dut.enable = 0;
	dut.s_axis_tvalid = 0;
	drive::clock(dut);
	dut.eval();
	drive::check(dut.idle, "switched off it is idle" + what);
}

int main()
{
	for (unsigned idle : {0, 40, 80, 95, 99})
		run(idle, 20000);

	// A jump of the counter never hides inside a packet.
	Vframer_iq dut;
	uint64_t now = 5;
	unsigned lost = 0, words = 0;
	drive::reset(dut);
	dut.enable = 1;
	dut.m_axis_tready = 1;
	for (unsigned n = 0; n < 4 * 500; n++) {
		dut.s_axis_tvalid = n % 4 == 0;
		dut.s_axis_tuser = now;
		dut.s_axis_tdata = uint32_t(now);
		dut.eval();
		if (dut.m_axis_tvalid && words++ == 1)
			drive::check(dut.m_axis_tdata == 1000001, "a packet begins anew behind a jump of the time");
		drive::clock(dut);
		lost += dut.lost;
		if (n % 4 == 0)
			now = now == 104 ? 1000000 : now + 1;
	}
	drive::check(words == 259 && lost == 101, "and what was before it is counted: " + std::to_string(lost));
	return drive::failures() != 0;
}
