// ulx3s - the ULX3S board: 25 MHz to 80 MHz, the serial port behind its USB connector, lights.
//
// The names ftdi_* are the USB chip's: its rxd is our output. Button 1 resets. wifi_gpio0 held high
// keeps the board's own module from restarting it.

`default_nettype none

module ulx3s (
  input  wire  logic       clk_25mhz,
  input  wire  logic       ftdi_txd,
  output       logic       ftdi_rxd,
  input  wire  logic [1:1] btn,
  output       logic [7:0] led,
  output       logic       wifi_gpio0
);

  assign wifi_gpio0 = 1'b1;

  // 25 MHz / 5 * 16 = 80 MHz; the oscillator inside runs at 640 MHz.
  wire clk, locked;

  (* FREQUENCY_PIN_CLKI = "25", FREQUENCY_PIN_CLKOP = "80" *)
  EHXPLLL #(
    .CLKI_DIV(5), .CLKFB_DIV(16), .CLKOP_DIV(8), .CLKOP_ENABLE("ENABLED"), .CLKOP_CPHASE(3), .CLKOP_FPHASE(0),
    .FEEDBK_PATH("CLKOP"), .PLLRST_ENA("DISABLED"), .INTFB_WAKE("DISABLED"), .STDBY_ENABLE("DISABLED"),
    .DPHASE_SOURCE("DISABLED"), .OUTDIVIDER_MUXA("DIVA")
  ) pll (
    .CLKI(clk_25mhz), .CLKFB(clk), .CLKOP(clk), .LOCK(locked),
    .RST(1'b0), .STDBY(1'b0), .ENCLKOP(1'b0), .PLLWAKESYNC(1'b0),
    .PHASESEL0(1'b0), .PHASESEL1(1'b0), .PHASEDIR(1'b1), .PHASESTEP(1'b1), .PHASELOADREG(1'b1)
  );

  wire rst;
  settle settle (.clk, .hold(!locked || btn[1]), .rst);

  board_serial #(.CLK_HZ(80_000_000), .BAUD(3_000_000), .CLOCKS_PER_SAMPLE(4), .BOARD("ULX3")) board (
    .clk, .rst, .rxd(ftdi_txd), .txd(ftdi_rxd), .led
  );

endmodule

`default_nettype wire
