// limelight_rx - samples from an LMS7002M's LimeLight port (TRXIQ, double data rate), 12 bits at its pins.
//
//   MCLK   __/‾‾\__/‾‾\__/‾‾\__/‾‾\__           LMS_MCLK2: clock of this module
//   DIQ     AI  AQ  BI  BQ  AI  AQ  ...         a word for each half of MCLK
//   IQSEL  \_______/‾‾‾‾‾‾‾\_______/            FIDM 0: a frame begins where it falls
//
// A sample is the word at which IQSEL is low after it was high, and the word behind it: so it is channel A in MIMO DDR, with
// or without TRXIQPULSE, and every frame in SISO DDR, whichever edge of MCLK a frame begins with. Nothing is configured here.
//
// Words change 1 to 3 ns after MCLK at the pins (the board maker's measurement). Each passes a delay of 3 ns, so that a word ends after the
// clock, which takes some 2 to 3 ns to the registers, has taken it.

`default_nettype none

module limelight_rx (
  input  wire  logic        mclk,
  input  wire  logic        rst,               // synchronous to mclk
  input  wire  logic [11:0] diq,               // pins
  input  wire  logic        iqsel,

  output       logic [31:0] m_axis_tdata,      // {q, i}, s1.15
  output       logic        m_axis_tvalid      // for one clock; nobody can wait
);

  wire [12:0] pin = {iqsel, diq};
  wire [12:0] first, second;                   // words at the rising edge, and at the falling edge behind it

  for (genvar k = 0; k < 13; k++) begin : g_pin
    wire late;
    DELAYG #(.DEL_MODE("USER_DEFINED"), .DEL_VALUE(120)) delay (.A(pin[k]), .Z(late));
    IDDRX1F ddr (.D(late), .SCLK(mclk), .RST(1'b0), .Q0(first[k]), .Q1(second[k]));
  end

  logic [12:0] last;                           // the word before `first`
  logic        oldest;                         // IQSEL of the one before that

  wire at_last  = oldest && !last[12];     // where a frame begins
  wire at_first = last[12] && !first[12];

  always_ff @(posedge mclk) begin
    oldest <= first[12];
    last   <= second;
    m_axis_tvalid <= at_last || at_first;
    if (at_last)       m_axis_tdata <= {first[11:0], 4'd0, last[11:0], 4'd0};
    else if (at_first) m_axis_tdata <= {second[11:0], 4'd0, first[11:0], 4'd0};
    if (rst) m_axis_tvalid <= 1'b0;
  end

endmodule

`default_nettype wire
