// board_serial: a whole board by its two wires. A register is read and a frame sent over the serial line comes back
// over the looped antenna, decoded; a byte lost on the line does not stop it.
// verilator: -GCLK_HZ=80000000 -GBAUD=8000000

#include "Vboard_serial.h"
#include "serial_line.h"
#include "verilated.h"

int main()
{
	const std::vector<uint8_t> read_id = {0x5A, 2, 8, 0, 0, 0, 0, 0, 0xAA, 0xBB, 0xCC, 0xDD};
	const std::vector<uint8_t> id = {0x5A, 0x82, 12,   0,	 0,    0,    0,	   0,
					 0xAA, 0xBB, 0xCC, 0xDD, 0x57, 0x59, 0x4B, 0x53};
	SerialLine<Vboard_serial> line; // 10 clocks a bit, so that the test is quick; other rates are hostlink_serial_test's

	line.send(read_id, 3000);
	drive::check(line.got == id, "ID");

	line.got.clear();
	line.put({read_id.begin() + 1, read_id.end()}); // the magic is lost
	line.put({0, 0, 0});
	line.send(read_id, 3000);
	drive::check(line.got == id, "in step again after a lost byte");

	line.got.clear();
	line.put({0x5A, 1, 8, 0, 3, 0, 0, 0, 1, 0, 0, 0}); // RX_FRAMES
	std::vector<uint8_t> frame = {0x5A, 0x10, 24 + 33, 0, 1, 24, 37, 0, 2, 0, 0xFF, 0xFF, 7, 0, 0, 0};
	frame.resize(28);
	for (int k = 0; k < 33; k++)
		frame.push_back(k * 7);
	frame.resize(28 + 36);
	line.send(frame, 40000);
	bool sent = false, came = false;
	if (line.got.size() == 20 + 4 + 32 + 40) {
		const uint8_t *status = line.got.data(), *rx = status;
		if (status[1] == 0x92)
			rx += 20;
		else
			status += 4 + 32 + 40;
		sent = status[1] == 0x92 && status[4] == 7 && status[8] == 0;
		came = rx[1] == 0x90 && rx[2] == 32 + 37 && rx[5] == 24 && rx[6] == 37 && rx[8] == 1;
		for (int k = 0; k < 33; k++)
			came &= rx[36 + k] == uint8_t(k * 7);
	}
	drive::check(sent, "a frame leaves");
	drive::check(came, "and comes back over the looped antenna");
	return drive::failures() != 0;
}
