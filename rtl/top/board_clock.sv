// board_clock - the core's clock, made of a board's by the FPGA's clock generator: f = f_in / IN * FEEDBACK, the oscillator at f * OUT.
//
// The oscillator must run at 400 to 800 MHz. Place and route follows the frequency of the input pin through it.

`default_nettype none

module board_clock #(
  parameter int unsigned IN       = 1,
  parameter int unsigned FEEDBACK = 1,
  parameter int unsigned OUT      = 8
) (
  input  wire  logic clk_in,
  output       logic clk,
  output       logic locked
);

  EHXPLLL #(
    .CLKI_DIV(IN), .CLKFB_DIV(FEEDBACK), .CLKOP_DIV(OUT), .CLKOP_ENABLE("ENABLED"), .CLKOP_CPHASE(OUT / 2 - 1), .CLKOP_FPHASE(0),
    .FEEDBK_PATH("CLKOP"), .PLLRST_ENA("DISABLED"), .INTFB_WAKE("DISABLED"), .STDBY_ENABLE("DISABLED"),
    .DPHASE_SOURCE("DISABLED"), .OUTDIVIDER_MUXA("DIVA")
  ) pll (
    .CLKI(clk_in), .CLKFB(clk), .CLKOP(clk), .LOCK(locked),
    .RST(1'b0), .STDBY(1'b0), .ENCLKOP(1'b0), .PLLWAKESYNC(1'b0),
    .PHASESEL0(1'b0), .PHASESEL1(1'b0), .PHASEDIR(1'b1), .PHASESTEP(1'b1), .PHASELOADREG(1'b1)
  );

endmodule

`default_nettype wire
