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

  board_clock #(.IN(5), .FEEDBACK(16), .OUT(8)) board_clock (.clk_in(clk_25mhz), .clk, .locked);

  wire rst;
  settle settle (.clk, .hold(!locked || btn[1]), .rst);

  board_serial #(.CLK_HZ(80_000_000), .BAUD(3_000_000), .CLOCKS_PER_SAMPLE(4), .BOARD("ULX3")) board (
    .clk, .rst, .rxd(ftdi_txd), .txd(ftdi_rxd), .led
  );

endmodule

`default_nettype wire
