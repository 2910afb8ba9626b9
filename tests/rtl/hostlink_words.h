// hostlink_words - what a host writes and reads on the link, from docs/hostlink.md, for tests of whole boards.

#pragma once

#include <cstdint>
#include <cstring>
#include <vector>

namespace host
{

using Words = std::vector<uint32_t>;

inline Words reg_write(uint32_t address, uint32_t value)
{
	return {0x0008015A, address, value};
}
inline Words reg_read(uint32_t address, uint32_t tag)
{
	return {0x0008025A, address, tag};
}
inline uint32_t padded(const std::vector<uint8_t> &bytes, size_t at)
{
	uint32_t word = 0;
	for (size_t k = 0; k < 4 && at + k < bytes.size(); k++)
		word |= uint32_t(bytes[at + k]) << (8 * k);
	return word;
}
// The board appends the FCS; at once, at full amplitude.
inline Words tx_frame(const std::vector<uint8_t> &psdu, unsigned mbps, uint32_t tag, uint32_t amplitude = 0xFFFF)
{
	Words w = {uint32_t(24 + psdu.size()) << 16 | 0x105A,
		   1u | mbps << 8 | uint32_t(psdu.size() + 4) << 16,
		   2u | amplitude << 16,
		   tag,
		   0,
		   0,
		   0};
	for (size_t k = 0; k < psdu.size(); k += 4)
		w.push_back(padded(psdu, k));
	return w;
}

struct Packet {
	unsigned type = 0, length = 0;
	Words words; // behind the header
};

// Takes whole packets off the front of `in`, from `at` on; what is no header is an error, and -1 `at`.
inline std::vector<Packet> packets(const Words &in, size_t &at)
{
	std::vector<Packet> out;
	while (at < in.size()) {
		unsigned length = in[at] >> 16, words = (length + 3) / 4;
		if ((in[at] & 0xFF) != 0x5A) {
			at = size_t(-1);
			break;
		}
		if (at + 1 + words > in.size())
			break;
		out.push_back({in[at] >> 8 & 0xFF, length, Words(in.begin() + at + 1, in.begin() + at + 1 + words)});
		at += 1 + words;
	}
	return out;
}
// An RX_FRAME's bytes, without the FCS; empty if it is none or its FCS is bad.
inline std::vector<uint8_t> psdu(const Packet &p, unsigned &mbps)
{
	std::vector<uint8_t> bytes;
	if (p.type != 0x90 || p.length < 36 || !(p.words[1] & 1))
		return bytes;
	mbps = p.words[0] >> 8 & 0xFF;
	unsigned length = p.words[0] >> 16;
	for (unsigned k = 0; k + 4 < length; k++)
		bytes.push_back(p.words[8 + k / 4] >> (8 * (k % 4)));
	return bytes;
}

} // namespace host
