#include "radio/skw_radio_trace.h"

#include <cstdio>
#include <fcntl.h>
#include <unistd.h>

#include "gtkwave/fstapi.h"

static bool write_vcd(const char *path, void *reader)
{
	FILE *out = fopen(path, "w");
	bool whole = false;

	if (out == nullptr)
		return false;
	fstReaderProcessHier(reader, out);
	fstReaderSetFacProcessMaskAll(reader);
	fstReaderIterBlocks(reader, nullptr, nullptr, out);
	whole = fflush(out) == 0 && ferror(out) == 0;
	return fclose(out) == 0 && whole;
}

// The library tells nobody that a disk was full. Where it was, there is no room for another octet.
static bool has_room(const char *path)
{
	int file = open(path, O_WRONLY | O_APPEND);
	off_t end = file < 0 ? -1 : lseek(file, 0, SEEK_END);
	bool room = end >= 0 && write(file, "", 1) == 1 && ftruncate(file, end) == 0;

	return file >= 0 && close(file) == 0 && room;
}

bool Trace::stop()
{
	void *reader = nullptr;
	bool whole;

	if (!fst.isOpen())
		return true;
	fst.close();
	whole = has_room(fst_path.c_str());
	if (!vcd.empty()) {
		reader = whole ? fstReaderOpen(fst_path.c_str()) : nullptr;
		whole =
		    reader != nullptr && write_vcd(vcd.c_str(), reader) && has_room(vcd.c_str());
		unlink(fst_path.c_str());
	}
	if (reader != nullptr)
		fstReaderClose(reader);
	return whole;
}

Trace::~Trace()
{
	stop();
}
