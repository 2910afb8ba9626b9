#!/usr/bin/env python3
"""driver=skywave on a LimeSDR Mini 2.0: a board of a few lines with an LMS7002M's registers behind its SPI. What the host
sets is checked by the data sheet's formulas: synthesisers, clocks, gains, paths, LimeLight, pins; and trouble.

The chip here has registers, one set for each channel, and oscillators whose frequency follows their coarse control, so
that tuning finds what it looks for; no analog signal."""
import ctypes, os, pathlib, socket, struct, sys, tempfile, threading, time
sys.path.insert(0, os.path.dirname(__file__))
from skw_tap import check, status

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("BUILD", ROOT / "build")).resolve()
os.environ["SOAPY_SDR_PLUGIN_PATH"] = str(BUILD / "soapy")
os.environ["SOAPY_SDR_LOG_LEVEL"] = "1"
scratch = tempfile.TemporaryDirectory()
REFERENCE = 40e6
TX, RX = 0, 1


def bits(word, high, low):
    return word >> low & (1 << high - low + 1) - 1


class Chip:
    """LMS7002M: MAC (0x0020, 1:0) says whose registers from 0x0100 on are meant."""

    def __init__(self):
        self.version = 0x3841
        self.reset()

    def reset(self):
        self.common, self.a, self.b = {0x20: 0xFFFF}, {}, {}

    def transfer(self, word):
        address, value = word >> 16 & 0x7FFF, word & 0xFFFF
        if word >> 31:
            if address < 0x100:
                self.common[address] = value
            for mask, side in ((1, self.a), (2, self.b)):
                if address >= 0x100 and self.common[0x20] & mask:
                    side[address] = value
            return 0
        if address == 0x2F:
            return self.version
        if address < 0x100:
            value = self.common.get(address, 0)
            return value & 0xCFFF | self.compare(self.cgen(), self.cgen_vco()) if address == 0x8C else value
        side = self.b if self.common[0x20] & 3 == 2 else self.a
        if address == 0x123:
            return side.get(0x123, 0) & 0xCFFF | self.compare(self.sx(side), self.sx_vco(side))
        return side.get(address, 0)

    # Bits 13:12 of the comparators: 10 in lock, 11 when the oscillator's control is too high, 00 when too low.
    @staticmethod
    def compare(wanted, tuned):
        return (2 if abs(tuned - wanted) < 0.01 * wanted else 3 if tuned > wanted else 0) << 12

    def cgen(self):
        c = self.common
        n = bits(c.get(0x88, 0), 13, 4) + 1 + (bits(c.get(0x88, 0), 3, 0) << 16 | c.get(0x87, 0)) / 2 ** 20
        return REFERENCE * n

    def cgen_vco(self):
        return 1.90e9 + 1.1e9 * bits(self.common.get(0x8B, 0), 8, 1) / 255

    def clock(self):
        """F_CLKH of the clock synthesiser."""
        return self.cgen() / (2 * (bits(self.common.get(0x89, 0), 10, 3) + 1))

    def sx(self, side):
        e = side.get(0x11E, 0)
        n = bits(e, 13, 4) + 4 + (bits(e, 3, 0) << 16 | side.get(0x11D, 0)) / 2 ** 20
        return REFERENCE * n * (2 if bits(side.get(0x11C, 0), 10, 10) else 1)

    def sx_vco(self, side):
        low, high = ((3.7e9, 5.3e9), (4.9e9, 6.8e9), (6.2e9, 7.8e9), (1, 2))[bits(side.get(0x121, 0), 2, 1)]
        return low + (high - low) * bits(side.get(0x121, 0), 10, 3) / 255

    def carrier(self, side):
        return self.sx(side) / 2 ** (bits(side.get(0x11F, 0), 8, 6) + 1)


class Calibrating(Chip):
    """With its controller's end of the SPI (registers 0 to 6): takes a program, and notes which procedures are asked for."""

    def __init__(self, takes=8192, answer=0):
        super().__init__()
        self.takes, self.answer = takes, answer
        self.program, self.bytes, self.asked, self.port, self.fifo = bytearray(), [], [], 0, 0

    def transfer(self, word):
        address, value = word >> 16 & 0x7FFF, word & 0xFFFF
        if address > 6:
            return super().transfer(word)
        if not word >> 31:
            self.fifo = 0 if address == 3 else self.fifo
            return 1 | (len(self.program) >= self.takes and 1 << 6) if address == 3 else self.answer if address == 1 else 0
        if address == 0:
            self.port = value & 0xFF
        elif address == 4:
            self.fifo += 1
            if self.fifo <= 32:                                         # the rest is lost
                self.program.append(value & 0xFF)
        elif address == 2 and value == 2:
            self.program = bytearray()
        elif address == 2 and value == 4:
            self.bytes.append(self.port)
        elif address == 2 and value == 8:
            self.asked.append((self.port, bytes(self.bytes)))
            self.bytes = []
        return 0


class Board:
    """The host link of docs/hostlink.md, registers only."""

    def __init__(self, letters=b"LIM2", chip=None):
        self.reg = {0: 0x534B5957, 1: 1, 2: 0x00030C04, 8: 20000, 0x44: 20000000, 0x80: int.from_bytes(letters, "big")}
        self.chip, self.samples, self.resets, self.deaf = chip, [], 0, False
        self.path = tempfile.mktemp(dir=scratch.name)
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        self.listener.listen(4)
        threading.Thread(target=self.serve, daemon=True).start()

    def args(self, more=""):
        return f"driver=skywave,transport=sim,path={self.path},radio=x{more}"

    def serve(self):
        while True:
            link, _ = self.listener.accept()
            file = link.makefile("rb")
            line = file.readline()
            link.sendall(b"ok\n" if line.startswith(b"radio") else b"radio x free\nok\n")
            while line.startswith(b"radio") and (head := file.read(4)):
                size = head[2] | head[3] << 8
                body = file.read((size + 3) // 4 * 4)
                address, value = struct.unpack_from("<II", body)
                if head[1] == 1:
                    self.write(address, value)
                elif head[1] == 2 and not self.deaf:
                    link.sendall(b"\x5a\x82\x0c\0" + struct.pack("<III", address, value, self.reg.get(address, 0)))
            link.close()

    def write(self, address, value):
        self.reg[address] = value
        if address == 0x81 and not value & 1 and self.chip:
            self.chip.reset()
            self.resets += 1
        if address == 0x83:
            held = self.reg.get(0x81, 0) & 3 != 3 or not self.chip or self.reg.get(0x82) != 31 << 8
            self.reg[0x83] = 0 if held else self.chip.transfer(value)
        if address == 0x84:
            self.samples.append(value)


class Range(ctypes.Structure):
    _fields_ = [("low", ctypes.c_double), ("high", ctypes.c_double), ("step", ctypes.c_double)]


soapy = ctypes.CDLL("libSoapySDR.so.0.8")
soapy.SoapySDRDevice_makeStrArgs.restype = ctypes.c_void_p
soapy.SoapySDRDevice_lastError.restype = ctypes.c_char_p
for name in ("Frequency", "Gain", "SampleRate"):
    getattr(soapy, "SoapySDRDevice_get" + name).restype = ctypes.c_double
soapy.SoapySDRDevice_getGainRange.restype = Range


class Radio:
    def __init__(self, args):
        self.device = soapy.SoapySDRDevice_makeStrArgs(args.encode())
        self.error = soapy.SoapySDRDevice_lastError().decode()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        soapy.SoapySDRDevice_unmake(ctypes.c_void_p(self.device))

    def call(self, name, *args):
        args = [ctypes.c_double(a) if isinstance(a, float) else a.encode() if isinstance(a, str) else a for a in args]
        result = getattr(soapy, "SoapySDRDevice_" + name)(ctypes.c_void_p(self.device), *args)
        self.error = soapy.SoapySDRDevice_lastError().decode()
        soapy.SoapySDRDevice_readRegister(ctypes.c_void_p(self.device), b"core", 0)     # the board has taken what was written
        return result

    def frequency(self, way, hz):
        return self.call("setFrequency", way, 0, float(hz), None)


def near(a, b, part=1e-6):
    return abs(a - b) <= part * abs(b)


def divided(chip, source, tsp):
    """MCLK by its source: 0, 1 the TX, RX clock divided (0x002C), 2, 3 undivided; TSP clock in, MCLK out."""
    enabled = bits(chip.common[0x2B], 1, 1) if source == 0 else bits(chip.common[0x2B], 0, 0)
    by = chip.common[0x2C] >> (8 if source == 0 else 0) & 0xFF
    return tsp if source >= 2 or not enabled else tsp / (2 * (by + 1))


def soon(so):
    for _ in range(100):
        if so():
            return True
        time.sleep(0.02)
    return False


def opened():
    chip = Chip()
    board = Board(chip=chip)
    with Radio(board.args()) as radio:
        check("the board opens and its chip is reset and set up", radio.device and board.resets >= 1, radio.error)
        pins = board.reg[0x81]
        check("powered, out of reset, both ways on, port 1 to transmit; sockets LNAH and BAND1",
              pins == 0x15F, hex(pins))
        check("samples come from the chip only when it is set up", board.samples[0] == 0 and board.samples[-1] == 1,
              board.samples)
        limelight = chip.common[0x23]
        check("LimeLight: TRXIQ both ports, frames begin where IQSEL falls, port 2 receives",
              limelight & 0x3F == 0x10 and limelight >> 6 & 1 == 1, hex(limelight))
        check("double data rate of two channels", chip.common[0x22] & 0x5000 == 0, hex(chip.common[0x22]))
        check("channel A on, B off", chip.common[0x20] & 0x3C == 0x14, hex(chip.common[0x20]))

        for rate in (20e6, 10e6, 5e6):
            radio.call("setSampleRate", RX, 0, rate)
            heard = chip.clock() / 4                                    # EN_ADCCLKH_CLKGN = 0: F_CLKH to the ADC, by 4
            sent = chip.clock() / 2 ** bits(chip.common[0x89], 12, 11)  # .. F_CLKL to the DAC
            halve, double = bits(chip.a.get(0x403, 0), 14, 12), bits(chip.a.get(0x203, 0), 14, 12)
            check(f"{rate / 1e6:g} MS/s: twice that from the ADC, halved, and twice that to the DAC, doubled",
                  radio.error == "" and bits(chip.common[0x86], 11, 11) == 0 and halve == 0 and double == 0 and
                  near(heard, 2 * rate) and near(sent, 2 * rate), (radio.error, heard, sent, halve, double))
            mclk = bits(chip.common[0x2B], 5, 4), bits(chip.common[0x2B], 3, 2)
            check("MCLK2 from the receive side, MCLK1 from the transmit side, each twice the sample rate", mclk[0] in (1, 3) and
                  mclk[1] in (0, 2) and all(divided(chip, source, 2 * rate) == 2 * rate for source in mclk),
                  (mclk, hex(chip.common[0x2B]), hex(chip.common[0x2C])))
            check("the clock synthesiser is in lock", chip.compare(chip.cgen(), chip.cgen_vco()) == 2 << 12)
            check("and samples flow again", board.samples[-2:] == [0, 1], board.samples[-4:])
            check("the board is told", board.reg[0x44] == rate)

        for rx, tx in ((2.412e9, 2.484e9), (1.2345678e9, 868.3e6), (3.5e9, 30e6), (100e6, 3.8e9)):
            radio.frequency(RX, rx)
            first = radio.error
            radio.frequency(TX, tx)
            got = chip.carrier(chip.a), chip.carrier(chip.b)
            check(f"receives at {rx / 1e6:g}, sends at {tx / 1e6:g} MHz, both in lock, each by its own synthesiser",
                  not first and not radio.error and near(got[0], rx) and near(got[1], tx) and
                  all(chip.compare(chip.sx(s), chip.sx_vco(s)) == 2 << 12 for s in (chip.a, chip.b)) and
                  bits(chip.b.get(0x11C, 0), 6, 6) == 1, (first, radio.error, got))
            check("and SoapySDR says so", near(radio.call("getFrequency", RX, 0), rx) and
                  near(radio.call("getFrequency", TX, 0), tx))
        radio.frequency(RX, 2.44e9)
        radio.frequency(TX, 2.44e9)
        check("one frequency: the transmit synthesiser feeds both", near(chip.carrier(chip.b), 2.44e9) and
              bits(chip.b[0x11C], 6, 6) == 0 and near(radio.call("getFrequency", RX, 0), 2.44e9), hex(chip.b[0x11C]))

        lna = {15: 30, 14: 29, 13: 28, 12: 27, 11: 26, 10: 25, 9: 24, 8: 21, 7: 18, 6: 15, 5: 12, 4: 9, 3: 6, 2: 3, 1: 0}
        tia = {3: 12, 2: 9, 1: 0}
        worst = 0
        for db in range(-12, 62):
            radio.call("setGain", RX, 0, float(db))
            total = lna[bits(chip.a[0x113], 9, 6)] + tia[bits(chip.a[0x113], 1, 0)] + bits(chip.a[0x119], 4, 0) - 12
            worst = max(worst, abs(total - db), abs(radio.call("getGain", RX, 0) - db))
        check("receive gain -12 to 61 dB: LNA, TIA and PGA add up to it", worst <= 1, worst)
        worst = 0
        for db in range(0, 53):
            radio.call("setGain", TX, 0, float(db))
            loss = bits(chip.a[0x101], 5, 1)                            # 1 dB a step to 10, then 2 dB
            worst = max(worst, abs(52 - (loss if loss <= 10 else 10 + 2 * (loss - 10)) - db))
        check("transmit gain 0 to 52 dB: the pad's loss", worst <= 1, worst)
        before = dict(chip.a)
        for way, low, high in ((RX, -12.5, 61.5), (TX, -0.5, 64.5)):
            r = radio.call("getGainRange", way, 0)
            check("gain range", (r.low, r.high) == (low + 0.5, high - 0.5), (r.low, r.high))
            for db in (low, high, float("nan")):
                check(f"gain {db}: refused", radio.call("setGain", way, 0, db) != 0 and "gain out of range" in radio.error,
                      radio.error)
        check("and nothing is changed by it", chip.a == before)

        for name, path, v in (("LNAW", 3, 0x80), ("LNAH", 1, 0x40)):
            radio.call("setAntenna", RX, 0, name)
            check(f"receive antenna {name}: the chip's input and the switch", bits(chip.a[0x10D], 8, 7) == path and
                  board.reg[0x81] & 0xC0 == v, (hex(chip.a[0x10D]), hex(board.reg[0x81])))
        for name, band, v in (("BAND2", 0b01, 0x200), ("BAND1", 0b10, 0x100)):
            radio.call("setAntenna", TX, 0, name)
            check(f"transmit antenna {name}: the chip's output and the switch", bits(chip.a[0x103], 11, 10) == band and
                  board.reg[0x81] & 0x300 == v, (hex(chip.a[0x103]), hex(board.reg[0x81])))
        check("an antenna that is not there", radio.call("setAntenna", RX, 0, "RX1") != 0 and "no antenna" in radio.error)

        for hz in (29.9e6, 3.81e9, 0.0, float("inf"), float("nan")):
            check(f"{hz} Hz: refused", radio.frequency(RX, hz) != 0 and "out of range" in radio.error, radio.error)
        chip.sx_vco = lambda side: 1e9
        check("no lock is an error that says so", radio.frequency(RX, 2.4e9) != 0 and "no lock" in radio.error, radio.error)
    check("closed: samples from the board's clock, the chip off and in reset",
          soon(lambda: board.reg[0x81] == 0 and board.samples[-1] == 0), hex(board.reg[0x81]))


def calibrated():
    chip = Calibrating()
    board = Board(chip=chip)
    with Radio(board.args()) as radio:
        radio.call("setSampleRate", RX, 0, 10e6)
        board.samples.clear()
        check("calibration runs", radio.call("writeSetting", "calibrate", "true") == 0, radio.error)
        check("the controller has its program", len(chip.program) == 8192 and any(chip.program), len(chip.program))
        procedures = [p for p in chip.asked if p[0] != 255]
        check("it is told of 40 MHz at the crystal and 10 MHz of channel each time, and asked for both filters, the receiver, "
              "the transmitter", procedures == [step for what in (5, 6, 2, 1)
                                                for step in ((4, b"\0\0\x28"), (3, b"\0\0\x0a"), (what, b""))], procedures)
        check("no samples meanwhile", board.samples == [0, 1], board.samples)
    for chip, what, when in ((Calibrating(takes=9000), "RX filter not tuned", "it never has its program"),
                             (Calibrating(answer=0x15), "RX filter not tuned", "it says that it failed")):
        board = Board(chip=chip)
        with Radio(board.args()) as radio:
            check(f"{when}: an error", radio.call("writeSetting", "calibrate", "true") != 0 and what in radio.error, radio.error)
            check("samples go on", board.samples[-1] == 1)
            check("the setting takes nothing but true", radio.call("writeSetting", "calibrate", "maybe") != 0)


def trouble():
    for version, what in ((0, "no answer"), (0xFFFF, "a stuck line"), (0x1841, "another chip")):
        chip = Chip()
        chip.version = version
        board = Board(chip=chip)
        with Radio(board.args()) as radio:
            check(f"{what} is an error", not radio.device and "no chip answers" in radio.error, radio.error)
        check("and its pins are off again", soon(lambda: board.reg[0x81] == 0 and board.reg[0x84] == 0))
    board = Board(chip=Chip())
    with Radio(board.args(",chip=off")) as radio:
        check("chip=off: untouched, for a self-test by loopback", radio.device and 0x81 not in board.reg and
              0x83 not in board.reg, board.reg)
    board = Board(letters=b"ULX3")
    with Radio(board.args()) as radio:
        check("a board without a chip opens as ever", radio.device and 0x83 not in board.reg)
        check("at any frequency", radio.frequency(RX, 5.9e9) == 0 and board.reg[0x40] == 5900000000 & 0xFFFFFFFF)


opened()
calibrated()
trouble()
sys.stdout.flush()
os._exit(status())
