// ft601_model - the chip's side of the FT601's multi-channel FIFO bus, cycle by cycle, for tests.
//
// Written from FTDI's data sheet (DS_FT600Q-FT601Q, multi-channel FIFO protocol) and from what the two published masters of this
// bus that run on hardware agree in: the first word of a read stands on the bus three cycles after the command, RXF_N low with it;
// the first of a write is taken two cycles after. A word counts in a cycle in which RXF_N and WR_N are both low.
//
// `edge` is one rising edge of CLK: it takes what the master drove in the cycle that ends and sets what the chip drives in the next.
// The host's side are `out` (to the board) and `in` (from it). Buffers of random size end bursts; random waits stall channels.

#pragma once

#include <cstdint>
#include <deque>
#include <random>
#include <string>
#include <vector>

struct Ft601 {
	// What the chip drives.
	uint32_t data = 0;
	uint32_t data_oe = 0x0000FF00; // bits of DATA
	uint8_t be = 0;
	bool be_oe = false;
	bool rxf_n = true, txe_n = true;

	std::deque<uint32_t> out;	   // words the host has written
	std::vector<uint32_t> in;	   // words the host has read
	std::vector<size_t> packets;	   // words of each burst from the board
	std::string wrong;		   // the first breach of the protocol
	unsigned reads = 0, writes = 0, cut = 0; // bursts; those that the chip ended before the board did

	explicit Ft601(unsigned channel_, unsigned stall_percent, unsigned seed)
	    : channel(channel_), stall(stall_percent), random(seed)
	{
	}

	void edge(bool wr_n, uint32_t bus, uint8_t bus_be, uint32_t master_oe, bool master_be_oe)
	{
		turn++;
		if (master_oe & data_oe)
			breach("both drive DATA");
		if (master_be_oe && be_oe)
			breach("both drive BE");
		switch (phase) {
		case Idle:
			idle(wr_n, bus, bus_be, master_oe, master_be_oe);
			break;
		case Reading:
			read(wr_n, master_oe, master_be_oe);
			break;
		case Writing:
			write(wr_n, bus, bus_be, master_oe, master_be_oe);
			break;
		case Ending:
			if (!wr_n && step > 0) // the master sees RXF_N a cycle later
				breach("WR_N low after the end of a burst");
			if (++step >= 3)
				become_idle();
			break;
		}
	}

      private:
	enum { Idle, Reading, Writing, Ending } phase = Idle;
	unsigned channel, stall, step = 0, room = 0, words = 0, turn = 0;
	std::mt19937 random;
	bool can_read = false, can_write = false, driven = false;

	void breach(const std::string &what)
	{
		if (wrong.empty())
			wrong = what + " (cycle " + std::to_string(turn) + ")";
	}
	bool wait()
	{
		return random() % 100 < stall;
	}
	void release()
	{
		data_oe = 0;
		be_oe = false;
		rxf_n = true;
	}
	void become_idle()
	{
		phase = Idle;
		driven = false;
		step = 0;
		data_oe = 0x0000FF00;
		be_oe = false;
		rxf_n = true;
		status();
	}
	void status()
	{
		txe_n = turn < 50;
		if (!can_read)
			can_read = !out.empty() && !wait();
		if (!can_write)
			can_write = turn > 60 && !wait();
		uint32_t low = (can_write ? 1u << (7 + channel) : 0) | (can_read ? 1u << (11 + channel) : 0);
		data = 0x0000FF00 & ~low;
	}
	void idle(bool wr_n, uint32_t bus, uint8_t bus_be, uint32_t master_oe, bool master_be_oe)
	{
		bool driving = master_oe == 0xFFFF00FF && master_be_oe;
		if (driven && !driving)
			breach("idle, and the bus is not driven");
		driven |= driving; // from the first time on; before, the lines are turned around
		if (wr_n) {
			if (driving && ((bus & 0xFFFF00FF) != 0xFFFF00FF || bus_be != 0xF))
				breach("idle, and the bus is not all ones");
			status();
			return;
		}
		if (!driving || (bus & 0xFF) != channel || bus_be > 1)
			return breach("not a command");
		if (txe_n)
			return breach("a command while the chip is not ready");
		if (bus_be == 0 ? !can_read : !can_write)
			return breach("a command that the status did not allow");
		phase = bus_be == 0 ? Reading : Writing;
		step = 1;
		words = 0;
		// A buffer of up to 1,024 words; often a small one, so that ends are met often.
		room = random() % 4 ? 1 + random() % 40 : 1024;
		release();
		(bus_be == 0 ? reads : writes)++;
	}
	void end()
	{
		release();
		phase = Ending;
		step = 0;
	}
	void read(bool wr_n, uint32_t master_oe, bool master_be_oe)
	{
		if (step++ < 3) { // step 1 is the cycle after the command
			if (master_oe || master_be_oe)
				breach("a read, and the master has not let go of the bus");
			if (wr_n)
				return end();
			if (step == 3)
				show();
			return;
		}
		if (!wr_n) {
			out.pop_front();
			words++;
		}
		if (wr_n || out.empty() || words == room) {
			can_read = false;
			return end();
		}
		show();
	}
	void show()
	{
		data = out.front();
		data_oe = 0xFFFFFFFF;
		be = 0xF;
		be_oe = true;
		rxf_n = false;
		step = 3;
	}
	void write(bool wr_n, uint32_t bus, uint8_t bus_be, uint32_t master_oe, bool master_be_oe)
	{
		if (step == 1) {
			if (master_oe & 0xFF00)
				breach("DATA[15:8] driven before the chip can have let go");
			if (wr_n)
				return close();
			step = 2;
			rxf_n = false;
			return;
		}
		if (!wr_n && !rxf_n) {
			if (master_oe != 0xFFFFFFFF || !master_be_oe || bus_be != 0xF)
				breach("a word, and the bus is not driven");
			in.push_back(bus);
			words++;
		}
		if (wr_n)
			return close();
		if (rxf_n && step++ > 2) // as above
			return breach("WR_N stays low after RXF_N rose");
		if (words == room && !rxf_n) {
			cut++;
			rxf_n = true;
		}
	}
	void close()
	{
		packets.push_back(words);
		can_write = false;
		end();
	}
};
