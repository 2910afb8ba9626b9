// hostlink_regs against the table of docs/hostlink.md: a model of the registers, random accesses, events and stalls.

#include <map>

#include "Vhostlink_regs.h"
#include "stream_drive.h"
#include "verilated.h"

int main()
{
	for (unsigned idle : {0, 60}) {
		Vhostlink_regs dut;
		std::mt19937 random(idle + 1);
		const std::map<uint32_t, uint32_t> fresh = {
		    {0x00, 0x534B5957}, {0x02, 4 | 16 << 8 | 1 << 16 | 1 << 17}, {0x08, 16384}};
		std::map<uint32_t, uint32_t> want = fresh;
		uint64_t now = 0xFFFFF000, time_hi = 0, set = 0, sets = 0;
		uint32_t set_lo = 0, address = 0, tag = 0, value = 0;
		std::vector<uint32_t> packet;
		bool addressed = false, reading = false, writing = false, right = true, control = true, board = true;
		unsigned reads = 0, board_accesses = 0;

		drive::reset(dut);
		for (unsigned n = 0; n < 200000; n++) {
			if (n == 100000) { // a second life begins with nothing of the first
				drive::reset(dut);
				want = fresh;
				packet.clear();
				addressed = reading = writing = false;
				time_hi = set_lo = 0;
				sets = 0;
			}
			now += n % 4 == 0;
			dut.now = now;
			// One access at a time, as the parser makes them.
			if (addressed) { // a clock before
				(random() % 3 ? reading : writing) = true;
				addressed = false;
			} else if (!reading && !writing && random() % 4 == 0) {
				addressed = true;
				tag = random();
				address = random() % 5 ? random() % 0x50 : random() % 0x100;
				if (random() % 10 == 0 && (reading || address >= 0x80))
					address |= 1u << (8 + random() % 24); // nothing lives there
			}
			dut.board_busy = random() % 100 < idle;
			dut.board_result = random();
			dut.reg_write = writing;
			dut.reg_read = reading;
			dut.reg_address = address;
			dut.reg_value = tag;
			bool storm = n % 50000 >= 49000; // everything, in every clock
			uint32_t events = storm ? ~0u : random() & random();
			dut.event_rx_frame = events & 1;
			dut.event_rx_fcs_bad = events >> 1 & 1;
			dut.event_rx_dropped = events >> 2 & 1;
			dut.event_rx_detected = events >> 3 & 1;
			dut.event_rx_signal_bad = events >> 4 & 1;
			dut.event_tx_frame = events >> 5 & 1;
			dut.event_tx_late = events >> 6 & 1;
			dut.event_tx_underrun = events >> 7 & 1;
			dut.event_link_error = events >> 8 & 1;
			dut.iq_lost = events >> 9 & 0x1FF;
			dut.m_axis_tready = random() % 100 >= idle;
			dut.eval();
			if (dut.m_axis_tvalid && dut.m_axis_tready) {
				packet.push_back(dut.m_axis_tdata);
				if (dut.m_axis_tlast) {
					right &= packet.size() == 4 && packet[0] == (0x825Au | 12u << 16) && packet[3] == value;
					packet.clear();
					reads++;
				}
			}
			bool beyond = address >= 0x80 && address <= 0xFF;
			bool writes = writing && dut.reg_taken;
			board &= dut.board_write == (writing && beyond) && (!dut.board_read || (reading && beyond));
			if (beyond && (reading || writing)) {
				board &= !(dut.reg_taken && dut.board_busy) && dut.board_address == address - 0x80 &&
					 dut.board_value == tag && (!reading || !dut.reg_taken || dut.board_read);
				board_accesses += dut.reg_taken;
			}
			right &= !writing || beyond || writes;
			writing &= !writes;
			if (reading && dut.reg_taken) { // the value is that of this clock
				reading = false;
				if (beyond)
					value = dut.board_result;
				else if (address == 4)
					value = uint32_t(now), time_hi = now >> 32;
				else if (address == 5)
					value = time_hi;
				else if (address == 1)
					value = 1 | 1 << 16;
				else
					value = want.count(address) ? want[address] : 0;
			}
			if (writes && (address == 3 || (address >= 0x40 && address <= 0x47)))
				want[address] = address == 3 ? tag & 15 : tag;
			if (writes && address == 6)
				set_lo = tag;
			if (writes && address == 7)
				set = set_lo | uint64_t(tag) << 32, sets++;
			for (int k = 0; k < 8; k++)
				want[0x10 + k] += events >> k & 1;
			want[0x18] += dut.iq_lost;
			want[0x19] += events >> 8 & 1;
			drive::clock(dut);
			if (dut.time_set)
				right &= dut.time_value == set && sets-- == 1;
			control &= dut.rx_frames == (want[3] & 1) && dut.rx_iq == (want[3] >> 1 & 1) &&
				   dut.loopback == (want[3] >> 2 & 1) && dut.fcs_bad_too == want[3] >> 3 &&
				   dut.fe_rx_hz == (want[0x40] | uint64_t(want[0x41]) << 32) &&
				   dut.fe_tx_hz == (want[0x42] | uint64_t(want[0x43]) << 32) && dut.fe_rate == want[0x44] &&
				   dut.fe_rx_gain == want[0x45] && dut.fe_tx_gain == want[0x46] && dut.fe_rx_antenna == want[0x47];
		}
		std::string what = ", idle " + std::to_string(idle) + " %";
		drive::check(right && sets == 0 && reads > 5000, std::to_string(reads) + " reads as the table says" + what);
		drive::check(board && board_accesses > 1000,
			     std::to_string(board_accesses) + " accesses to the board's registers, when it is not busy" + what);
		drive::check(control, "what the registers control follows them" + what);
	}
	return drive::failures() != 0;
}
