// orangecrab - the OrangeCrab r0.2: 48 MHz to 80 MHz, a serial port on the header's pins 0 (in) and 1 (out), one light of three colours.
//
// The board has no USB chip, and its own USB pins are not used: an adapter of 3.3 V makes the host link. The light is
// low-active: red: the antenna sends; green: a frame arrives; blue: the link is being looked for. The button resets.

`default_nettype none

module orangecrab (
  input  wire  logic clk48,
  input  wire  logic gpio_0,
  output       logic gpio_1,
  input  wire  logic usr_btn,
  output       logic rgb_led0_r,
  output       logic rgb_led0_g,
  output       logic rgb_led0_b
);

  // 48 MHz / 3 * 5 = 80 MHz; the oscillator inside runs at 640 MHz.
  wire clk, locked;

  board_clock #(.IN(3), .FEEDBACK(5), .OUT(8)) board_clock (.clk_in(clk48), .clk, .locked);

  wire rst;
  settle settle (.clk, .hold(!locked || !usr_btn), .rst);

  /* verilator lint_off UNUSEDSIGNAL */
  wire [7:0] led;
  /* verilator lint_on UNUSEDSIGNAL */

  board_serial #(.CLK_HZ(80_000_000), .BAUD(3_000_000), .CLOCKS_PER_SAMPLE(4), .BOARD("ORCR")) board (
    .clk, .rst, .rxd(gpio_0), .txd(gpio_1), .led
  );

  assign {rgb_led0_r, rgb_led0_g, rgb_led0_b} = ~{led[0], led[1], led[6]};

endmodule

`default_nettype wire
