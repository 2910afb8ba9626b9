// SkywaveSoapy - the classes that SoapySDR's registry demands, around the C of skw_device and skw_stream.
//
// Nothing is decided here: a call is turned into its C function, a failure into the exception that
// SoapySDR expects. Streams return codes and never throw.

#include <cmath>
#include <cstring>
#include <memory>
#include <stdexcept>

#include <SoapySDR/Device.hpp>
#include <SoapySDR/Formats.hpp>
#include <SoapySDR/Registry.hpp>
#include <SoapySDR/Time.hpp>

#include "soapy/lms7002m.hpp"

extern "C" {
#include "soapy/skw_device.h"
#include "soapy/skw_stream.h"
#include "soapy/skw_transport.h"
#include "wire/skw_hostlink.h"
}

namespace {

struct Counter {
	const char *name;
	uint8_t address;
	const char *what;
};

const Counter COUNTERS[] = {
	{ "rx_frames", SKW_REG_RX_FRAMES, "frames delivered" },
	{ "rx_fcs_bad", SKW_REG_RX_FCS_BAD, "frames with a bad FCS" },
	{ "rx_dropped", SKW_REG_RX_DROPPED, "frames lost for want of room in the board" },
	{ "rx_detected", SKW_REG_RX_DETECTED, "preambles detected" },
	{ "rx_signal_bad", SKW_REG_RX_SIGNAL_BAD, "SIGNAL fields refused" },
	{ "tx_frames", SKW_REG_TX_FRAMES, "frames sent" },
	{ "tx_late", SKW_REG_TX_LATE, "frames dropped as late" },
	{ "tx_underrun", SKW_REG_TX_UNDERRUN, "frames or bursts cut short" },
	{ "iq_overflow", SKW_REG_IQ_OVERFLOW, "samples lost in the board" },
	{ "link_errors", SKW_REG_LINK_ERRORS, "host link packets dropped by the board" },
};

const double RATES[] = { 5e6, 10e6, 20e6 };
const SoapySDR::Range GAINS(-100, 100, 0.01);
const SoapySDR::Range FREQUENCIES(0, 10e9);
const char *const ANTENNAS[2][2] = { { "TX", nullptr }, { "RX1", "RX2" } };
// With an LMS7002M on a LimeSDR Mini.
const SoapySDR::Range LMS_GAINS[2] = { { Lms7002m::TX_LEAST_DB, Lms7002m::TX_MOST_DB, 1 },
				       { Lms7002m::RX_LEAST_DB, Lms7002m::RX_MOST_DB, 1 } };
const SoapySDR::Range LMS_FREQUENCIES(Lms7002m::LOWEST_HZ, Lms7002m::HIGHEST_HZ);
const char *const LMS_ANTENNAS[2][2] = { { "BAND1", "BAND2" }, { "LNAH", "LNAW" } };

std::string arg(const SoapySDR::Kwargs &args, const char *key)
{
	const auto it = args.find(key);
	return it == args.end() ? std::string() : it->second;
}

bool place_of(skw_transport_place *place, const SoapySDR::Kwargs &args)
{
	return skw_transport_place_set(place, arg(args, "path").c_str(), arg(args, "radio").c_str(),
				       arg(args, "baud").c_str());
}

void check(skw_device_status status)
{
	if (status != SKW_DEVICE_OK)
		throw std::runtime_error(std::string("skywave: ") + skw_device_strerror(status));
}

void refuse(const std::string &what)
{
	throw std::invalid_argument("skywave: " + what);
}

class Skywave : public SoapySDR::Device {
public:
	explicit Skywave(const SoapySDR::Kwargs &args)
	{
		const skw_transport *t = skw_transport_named(arg(args, "transport").c_str());
		skw_transport_place place;
		char error[256] = "";
		skw_device_status status;

		if (!t)
			refuse("no transport " + arg(args, "transport"));
		if (!place_of(&place, args))
			refuse("path=, radio= or baud= is too long");
		const int fd = t->open(&place, &state_, error, sizeof(error));
		if (fd < 0)
			throw std::runtime_error(std::string("skywave: ") + error);
		transport_ = t;
		radio_ = place.radio;
		device_ = skw_device_new(fd, &status);
		if (!device_) {
			hang_up();
			check(status);
		}
		try {
			if (arg(args, "chip") != "off" && word(SKW_REG_BOARD) == LIMESDR_MINI_2)
				lms_ = std::make_unique<Lms7002m>(device_, skw_device_rate(device_));
		} catch (...) {
			skw_device_free(device_);
			hang_up();
			throw;
		}
	}
	~Skywave() override
	{
		lms_.reset();
		skw_device_free(device_);
		hang_up();
	}
	Skywave(const Skywave &) = delete;
	Skywave &operator=(const Skywave &) = delete;

	// ---- who it is ----
	std::string getDriverKey() const override { return "skywave"; }
	std::string getHardwareKey() const override { return transport_->name; }
	SoapySDR::Kwargs getHardwareInfo() const override
	{
		const struct skw_device_info info = skw_device_info(device_);
		return { { "radio", radio_ },
			 { "hostlink_version", std::to_string(info.version) },
			 { "build", std::to_string(info.build) },
			 { "clocks_per_sample", std::to_string(info.clocks_per_sample) },
			 { "sample_bits", std::to_string(info.sample_bits) },
			 { "radio_chip", lms_ ? "LMS7002M" : "none" },
			 { "framer", info.framer ? "true" : "false" },
			 { "tx_space", std::to_string(info.tx_space) } };
	}
	size_t getNumChannels(const int) const override { return 1; }
	bool getFullDuplex(const int, const size_t channel) const override
	{
		only_one(channel);
		return true;
	}

	// ---- streams ----
	std::vector<std::string> getStreamFormats(const int, const size_t) const override
	{
		return { SOAPY_SDR_CS16, SOAPY_SDR_CF32, SOAPY_SDR_U8 };
	}
	std::string getNativeStreamFormat(const int, const size_t, double &full_scale) const override
	{
		full_scale = 32768;
		return SOAPY_SDR_CS16;
	}
	SoapySDR::ArgInfoList getStreamArgsInfo(const int, const size_t) const override
	{
		SoapySDR::ArgInfo mode;
		mode.key = "mode";
		mode.value = "iq";
		mode.name = "Mode";
		mode.description = "iq: samples (CS16, CF32); frame: 802.11 frames (U8), one whole frame a call";
		mode.type = SoapySDR::ArgInfo::STRING;
		mode.options = { "iq", "frame" };
		mode.optionNames = { "Samples", "Frames" }; // without names SoapySDR's C interface shows no options
		return { mode };
	}
	SoapySDR::Stream *setupStream(const int direction, const std::string &format,
				      const std::vector<size_t> &channels,
				      const SoapySDR::Kwargs &args) override
	{
		const std::string mode = arg(args, "mode");
		const bool rx = direction == SOAPY_SDR_RX, frames = mode == "frame";
		skw_stream_format f = SKW_STREAM_U8;

		if (channels.size() > 1 || (channels.size() == 1 && channels[0] != 0))
			refuse("there is one channel, 0");
		if (!frames && !mode.empty() && mode != "iq")
			refuse("stream mode " + mode + ": iq or frame");
		if (format == SOAPY_SDR_CS16)
			f = SKW_STREAM_CS16;
		else if (format == SOAPY_SDR_CF32)
			f = SKW_STREAM_CF32;
		else if (format != SOAPY_SDR_U8)
			refuse("stream format " + format + ": CS16, CF32, or U8 for frames");
		if (frames != (f == SKW_STREAM_U8))
			refuse("format U8 and mode=frame belong together");
		skw_stream *s = skw_stream_open(device_,
						frames ? (rx ? SKW_STREAM_RX_FRAMES : SKW_STREAM_TX_FRAMES) :
							 (rx ? SKW_STREAM_RX_IQ : SKW_STREAM_TX_IQ),
						f);
		if (!s)
			refuse("that stream is open already");
		return reinterpret_cast<SoapySDR::Stream *>(s);
	}
	void closeStream(SoapySDR::Stream *stream) override { skw_stream_close(of(stream)); }
	size_t getStreamMTU(SoapySDR::Stream *stream) const override { return skw_stream_mtu(of(stream)); }
	int activateStream(SoapySDR::Stream *stream, const int flags, const long long time,
			   const size_t elements) override
	{
		return skw_stream_activate(of(stream), flags, time, elements);
	}
	int deactivateStream(SoapySDR::Stream *stream, const int flags, const long long time) override
	{
		return skw_stream_deactivate(of(stream), flags, time);
	}
	int readStream(SoapySDR::Stream *stream, void *const *buffers, const size_t elements, int &flags,
		       long long &time, const long timeout) override
	{
		return skw_stream_read(of(stream), buffers ? buffers[0] : nullptr, elements, &flags, &time,
				       timeout);
	}
	int writeStream(SoapySDR::Stream *stream, const void *const *buffers, const size_t elements,
			int &flags, const long long time, const long timeout) override
	{
		return skw_stream_write(of(stream), buffers ? buffers[0] : nullptr, elements, &flags, time,
					timeout);
	}
	int readStreamStatus(SoapySDR::Stream *stream, size_t &mask, int &flags, long long &time,
			     const long timeout) override
	{
		return skw_stream_status(of(stream), &mask, &flags, &time, timeout);
	}

	// ---- antennas, gains, frequency, rate ----
	std::vector<std::string> listAntennas(const int direction, const size_t) const override
	{
		std::vector<std::string> names;
		for (const char *name : (lms_ ? LMS_ANTENNAS : ANTENNAS)[direction == SOAPY_SDR_RX])
			if (name)
				names.push_back(name);
		return names;
	}
	void setAntenna(const int direction, const size_t channel, const std::string &name) override
	{
		const auto names = listAntennas(direction, channel);
		for (size_t i = 0; i < names.size(); i++) {
			if (names[i] != name)
				continue;
			if (lms_)
				lms_->set_path(direction == SOAPY_SDR_TX, (unsigned)i);
			if (direction == SOAPY_SDR_RX)
				check(skw_device_write(device_, SKW_REG_FE_RX_ANTENNA, (uint32_t)i));
			else
				tx_antenna_ = i;
			return;
		}
		refuse("no antenna " + name);
	}
	std::string getAntenna(const int direction, const size_t channel) const override
	{
		const auto names = listAntennas(direction, channel);
		const size_t i = direction == SOAPY_SDR_RX ? word(SKW_REG_FE_RX_ANTENNA) : tx_antenna_;
		return i < names.size() ? names[i] : std::to_string(i);
	}
	std::vector<std::string> listGains(const int, const size_t) const override { return { "RF" }; }
	void setGain(const int direction, const size_t channel, const double value) override
	{
		only_one(channel);
		const SoapySDR::Range range = getGainRange(direction, channel);
		if (!(value >= range.minimum() && value <= range.maximum()))
			refuse("gain out of range: " + std::to_string((int)range.minimum()) + " to " +
			       std::to_string((int)range.maximum()) + " dB");
		if (lms_)
			lms_->set_gain(direction == SOAPY_SDR_TX, value);
		check(skw_device_write(device_, gain_register(direction),
				       (uint32_t)(int32_t)std::lrint(100 * value)));
	}
	void setGain(const int direction, const size_t channel, const std::string &name,
		     const double value) override
	{
		if (name != "RF")
			refuse("no gain " + name);
		setGain(direction, channel, value);
	}
	double getGain(const int direction, const size_t) const override
	{
		if (lms_)
			return lms_->gain(direction == SOAPY_SDR_TX);
		return (int32_t)word(gain_register(direction)) / 100.0;
	}
	double getGain(const int direction, const size_t channel, const std::string &) const override
	{
		return getGain(direction, channel);
	}
	SoapySDR::Range getGainRange(const int direction, const size_t) const override
	{
		return lms_ ? LMS_GAINS[direction == SOAPY_SDR_RX] : GAINS;
	}
	SoapySDR::Range getGainRange(const int direction, const size_t channel, const std::string &) const override
	{
		return getGainRange(direction, channel);
	}
	std::vector<std::string> listFrequencies(const int, const size_t) const override { return { "RF" }; }
	SoapySDR::RangeList getFrequencyRange(const int, const size_t) const override
	{
		return { lms_ ? LMS_FREQUENCIES : FREQUENCIES };
	}
	SoapySDR::RangeList getFrequencyRange(const int direction, const size_t channel, const std::string &) const override
	{
		return getFrequencyRange(direction, channel);
	}
	void setFrequency(const int direction, const size_t channel, const double hz,
			  const SoapySDR::Kwargs &) override
	{
		only_one(channel);
		if (!(hz >= FREQUENCIES.minimum() && hz <= FREQUENCIES.maximum()))
			refuse("frequency out of range: 0 to 10 GHz");
		if (lms_)
			lms_->set_frequency(direction == SOAPY_SDR_TX, hz);
		check(skw_device_write64(device_, frequency_register(direction), (uint64_t)std::llrint(hz)));
	}
	void setFrequency(const int direction, const size_t channel, const std::string &name, const double hz,
			  const SoapySDR::Kwargs &args) override
	{
		if (name != "RF")
			refuse("no frequency " + name);
		setFrequency(direction, channel, hz, args);
	}
	double getFrequency(const int direction, const size_t) const override
	{
		if (lms_)
			return lms_->frequency(direction == SOAPY_SDR_TX);
		uint64_t hz = 0;
		check(skw_device_read64(device_, &hz, (uint8_t)frequency_register(direction)));
		return (double)hz;
	}
	double getFrequency(const int direction, const size_t channel, const std::string &) const override
	{
		return getFrequency(direction, channel);
	}
	void setSampleRate(const int, const size_t channel, const double rate) override
	{
		only_one(channel);
		check(skw_device_set_rate(device_, rate >= 1 && rate <= 1e9 ? (uint32_t)std::lrint(rate) : 0));
		if (lms_)
			lms_->set_rate(rate);
	}
	double getSampleRate(const int, const size_t) const override { return skw_device_rate(device_); }
	std::vector<double> listSampleRates(const int, const size_t) const override
	{
		return { std::begin(RATES), std::end(RATES) };
	}
	SoapySDR::RangeList getSampleRateRange(const int, const size_t) const override { return rates(); }
	// The channel is as wide as the sample rate: there is nothing else to choose.
	void setBandwidth(const int, const size_t, const double bandwidth) override
	{
		for (const double rate : RATES)
			if (bandwidth == rate || bandwidth == 0)
				return;
		refuse("bandwidth: 5, 10 or 20 MHz, as the sample rate says");
	}
	double getBandwidth(const int direction, const size_t channel) const override
	{
		return getSampleRate(direction, channel);
	}
	std::vector<double> listBandwidths(const int direction, const size_t channel) const override
	{
		return listSampleRates(direction, channel);
	}
	SoapySDR::RangeList getBandwidthRange(const int, const size_t) const override { return rates(); }

	// ---- time ----
	bool hasHardwareTime(const std::string &what) const override { return what.empty(); }
	long long getHardwareTime(const std::string &what) const override
	{
		uint64_t samples = 0;
		if (!what.empty())
			refuse("no time " + what);
		check(skw_device_time(device_, &samples));
		return SoapySDR::ticksToTimeNs((long long)samples, skw_device_rate(device_));
	}
	void setHardwareTime(const long long ns, const std::string &what) override
	{
		if (!what.empty() || ns < 0)
			refuse("hardware time: at least 0, and only one of it");
		check(skw_device_set_time(
			device_, (uint64_t)SoapySDR::timeNsToTicks(ns, skw_device_rate(device_))));
	}

	// ---- sensors: the board's counters, and the last frame of the channel ----
	std::vector<std::string> listSensors() const override
	{
		std::vector<std::string> names;
		for (const Counter &c : COUNTERS)
			names.push_back(c.name);
		for (const char *name : { "host_frames_lost", "host_iq_lost", "host_link_errors" })
			names.push_back(name);
		return names;
	}
	SoapySDR::ArgInfo getSensorInfo(const std::string &key) const override
	{
		SoapySDR::ArgInfo info;
		info.key = key;
		info.type = SoapySDR::ArgInfo::INT;
		for (const Counter &c : COUNTERS)
			if (key == c.name)
				info.description = c.what;
		return info;
	}
	std::string readSensor(const std::string &key) const override
	{
		const struct skw_device_health health = skw_device_health(device_);
		for (const Counter &c : COUNTERS)
			if (key == c.name)
				return std::to_string(word(c.address));
		if (key == "host_frames_lost")
			return std::to_string(health.frames_lost);
		if (key == "host_iq_lost")
			return std::to_string(health.iq_lost);
		if (key == "host_link_errors")
			return std::to_string(health.link_garbage + health.link_refused);
		refuse("no sensor " + key);
		return "";
	}
	std::vector<std::string> listSensors(const int direction, const size_t) const override
	{
		if (direction != SOAPY_SDR_RX)
			return {};
		return { "lock", "rssi", "snr", "cfo" };
	}
	SoapySDR::ArgInfo getSensorInfo(const int, const size_t, const std::string &key) const override
	{
		SoapySDR::ArgInfo info;
		info.key = key;
		info.type = key == "lock" ? SoapySDR::ArgInfo::BOOL : SoapySDR::ArgInfo::FLOAT;
		info.units = key == "rssi" ? "dBFS" : key == "snr" ? "dB" : key == "cfo" ? "Hz" : "";
		info.description = key == "lock" ? "the board answers" : "of the last frame received";
		return info;
	}
	std::string readSensor(const int direction, const size_t, const std::string &key) const override
	{
		const struct skw_device_health health = skw_device_health(device_);
		uint32_t id = 0;
		const uint8_t address = SKW_REG_ID;
		if (direction != SOAPY_SDR_RX)
			refuse("no sensor " + key);
		if (key == "lock")
			return skw_device_read(device_, &id, &address, 1) == SKW_DEVICE_OK ? "true" : "false";
		if (key == "rssi")
			return hundredths(health, health.last.rssi_cdb);
		if (key == "snr")
			return hundredths(health, health.last.snr_cdb);
		if (key == "cfo")
			return health.any_frame ? std::to_string(health.last.cfo_hz) : "nan";
		refuse("no sensor " + key);
		return "";
	}

	// ---- registers and settings ----
	std::vector<std::string> listRegisterInterfaces() const override { return { "core" }; }
	void writeRegister(const std::string &name, const unsigned address, const unsigned value) override
	{
		core(name, address);
		check(skw_device_write(device_, address, value));
	}
	unsigned readRegister(const std::string &name, const unsigned address) const override
	{
		core(name, address);
		return word((uint8_t)address);
	}
	void writeRegister(const unsigned address, const unsigned value) override
	{
		writeRegister("core", address, value);
	}
	unsigned readRegister(const unsigned address) const override { return readRegister("core", address); }
	SoapySDR::ArgInfoList getSettingInfo() const override
	{
		SoapySDR::ArgInfo fcs, loop;
		fcs.key = "fcs_bad_too";
		fcs.description = "deliver frames with a bad FCS";
		loop.key = "loopback";
		loop.description = "transmitted samples feed the receiver";
		fcs.value = loop.value = "false";
		fcs.type = loop.type = SoapySDR::ArgInfo::BOOL;
		if (!lms_)
			return { fcs, loop };
		SoapySDR::ArgInfo calibrate;
		calibrate.key = "calibrate";
		calibrate.description = "true: filters, constants and image are measured and set, for this rate and frequency";
		calibrate.value = "false";
		calibrate.type = SoapySDR::ArgInfo::BOOL;
		return { fcs, loop, calibrate };
	}
	void writeSetting(const std::string &key, const std::string &value) override
	{
		if (lms_ && key == "calibrate") {
			if (value != "true")
				refuse("setting calibrate: true");
			lms_->calibrate();
			return;
		}
		const uint32_t bit = setting(key);
		if (value != "true" && value != "false")
			refuse("setting " + key + ": true or false");
		check(skw_device_control(device_, bit, value == "true" ? bit : 0));
	}
	std::string readSetting(const std::string &key) const override
	{
		if (lms_ && key == "calibrate")
			return "false";
		return skw_device_control_bits(device_) & setting(key) ? "true" : "false";
	}

private:
	static skw_stream *of(SoapySDR::Stream *stream) { return reinterpret_cast<skw_stream *>(stream); }
	static void only_one(size_t channel)
	{
		if (channel != 0)
			refuse("there is one channel, 0");
	}
	static void core(const std::string &name, unsigned address)
	{
		if (name != "core" || address > 0xFF)
			refuse("registers: interface core, addresses 0 to 255");
	}
	static uint32_t setting(const std::string &key)
	{
		if (key != "fcs_bad_too" && key != "loopback")
			refuse("no setting " + key);
		return key == "loopback" ? SKW_CONTROL_LOOPBACK : SKW_CONTROL_FCS_BAD_TOO;
	}
	static uint32_t gain_register(int direction)
	{
		return direction == SOAPY_SDR_RX ? SKW_REG_FE_RX_GAIN : SKW_REG_FE_TX_GAIN;
	}
	static uint32_t frequency_register(int direction)
	{
		return direction == SOAPY_SDR_RX ? SKW_REG_FE_RX_HZ_LO : SKW_REG_FE_TX_HZ_LO;
	}
	static SoapySDR::RangeList rates()
	{
		SoapySDR::RangeList list;
		for (const double rate : RATES)
			list.push_back(SoapySDR::Range(rate, rate));
		return list;
	}
	static std::string hundredths(const struct skw_device_health &health, int value)
	{
		char text[32];
		std::snprintf(text, sizeof(text), "%.2f", value / 100.0);
		return health.any_frame ? text : "nan";
	}
	uint32_t word(uint32_t address) const
	{
		const uint8_t a = (uint8_t)address;
		uint32_t value = 0;
		check(skw_device_read(device_, &value, &a, 1));
		return value;
	}

	void hang_up()
	{
		if (transport_->close)
			transport_->close(state_);
	}

	const skw_transport *transport_ = nullptr;
	void *state_ = nullptr;
	skw_device *device_ = nullptr;
	std::unique_ptr<Lms7002m> lms_;
	size_t tx_antenna_ = 0;
	std::string radio_;
};

struct Search {
	const char *transport, *what;
	SoapySDR::KwargsList found;
};

void note(void *ctx, const skw_transport_place *place)
{
	Search *search = static_cast<Search *>(ctx);
	search->found.push_back({ { "driver", "skywave" },
				  { "label", std::string("Skywave ") + place->radio + " (" + search->what + ")" },
				  { "transport", search->transport },
				  { "path", place->path },
				  { "radio", place->radio } });
}

SoapySDR::KwargsList find(const SoapySDR::Kwargs &args)
{
	const std::string wanted = arg(args, "transport");
	skw_transport_place place;
	Search search = {};

	if (!place_of(&place, args))
		return {};
	for (size_t i = 0; i < skw_transport_count; i++) {
		const skw_transport &t = skw_transports[i];
		if (!wanted.empty() && wanted != t.name)
			continue;
		search.transport = t.name;
		search.what = t.what;
		t.find(&place, note, &search);
	}
	return search.found;
}

SoapySDR::Device *make(const SoapySDR::Kwargs &args)
{
	return new Skywave(args);
}

const SoapySDR::Registry registration("skywave", &find, &make, SOAPY_SDR_ABI_VERSION);

} // namespace
