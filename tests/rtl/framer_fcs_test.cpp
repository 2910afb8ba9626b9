// framer_fcs against the check value of CRC-32 and the division of polynomials, bit by bit.

#include "Vframer_fcs.h"
#include "stream_drive.h"
#include "verilated.h"

// 8.2.4.8: the remainder of the message times x^32, with the first 32 bits complemented, complemented.
static uint32_t divide(const std::vector<uint8_t> &message)
{
	uint32_t rest = 0xFFFFFFFF, reflected = 0;
	for (uint8_t octet : message)
		for (int bit = 0; bit < 8; bit++) {
			bool out = (rest >> 31) ^ (octet >> bit & 1);
			rest = (rest << 1) ^ (out ? 0x04C11DB7u : 0);
		}
	for (int n = 0; n < 32; n++) // the coefficient of x^31 is sent first
		reflected |= (~rest >> (31 - n) & 1u) << n;
	return reflected;
}

static uint32_t through(Vframer_fcs &dut, const std::vector<uint8_t> &message)
{
	dut.crc = 0xFFFFFFFF;
	for (uint8_t octet : message) {
		dut.octet = octet;
		dut.eval();
		dut.crc = dut.next;
	}
	return ~dut.crc;
}

int main()
{
	Vframer_fcs dut;
	std::mt19937 random(1);
	const std::string digits = "123456789";
	bool same = true, good = true, bad = false;

	drive::check(through(dut, {digits.begin(), digits.end()}) == 0xCBF43926, "the check value of CRC-32");
	for (int n = 0; n < 2000; n++) {
		std::vector<uint8_t> message(1 + random() % 200);
		for (auto &octet : message)
			octet = random();
		uint32_t fcs = divide(message);
		same &= through(dut, message) == fcs;
		for (int k = 0; k < 4; k++)
			message.push_back(fcs >> 8 * k);
		through(dut, message);
		good &= dut.good;
		message[random() % message.size()] ^= 1 << random() % 8;
		through(dut, message);
		bad |= dut.good;
	}
	drive::check(same, "2000 messages divided by hand");
	drive::check(good, "a message with its FCS is good");
	drive::check(!bad, "no message with a wrong bit is");
	return drive::failures() != 0;
}
