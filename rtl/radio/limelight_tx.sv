// limelight_tx - samples to an LMS7002M's LimeLight port (TRXIQ, MIMO DDR, FIDM 0), 12 bits at its pins.
//
//   FCLK   ‾‾\__/‾‾\__/‾‾\__/‾‾\__/            LMS_FCLK1: falls with the first word of a clock, 3 ns late
//   DIQ     AI  AQ  BI  BQ  AI  AQ  ...        a word for each half of LMS_MCLK1, the clock of this module; B is silent
//   IQSEL  \_______/‾‾‾‾‾‾‾\_______/
//
// A sample is asked for every second clock; where there is none, zeros go. The chip takes a word 3 ns after it began: its set-up is 1.2 ns,
// and it holds for the rest of half a clock (12.5 ns at 20 MS/s), of which the chip needs 1 ns. s1.15 is rounded to 12 bits, convergent.

`default_nettype none

module limelight_tx (
  input  wire  logic        mclk,
  input  wire  logic        rst,               // synchronous to mclk

  input  wire  logic [31:0] s_axis_tdata,      // {q, i}, s1.15
  input  wire  logic        s_axis_tvalid,
  output       logic        s_axis_tready,     // for one clock in two, whether or not there is a sample

  output       logic [11:0] diq,               // pins
  output       logic        iqsel,
  output       logic        fclk
);

  wire signed [11:0] i, q;

  round #(.IN(16), .DROP(4), .OUT(12)) round_i (.value($signed(s_axis_tdata[15:0])), .result(i));
  round #(.IN(16), .DROP(4), .OUT(12)) round_q (.value($signed(s_axis_tdata[31:16])), .result(q));

  logic        channel_b;                      // of the words in the registers
  logic [11:0] first, second;

  assign s_axis_tready = channel_b;

  always_ff @(posedge mclk) begin
    channel_b <= !channel_b;
    first     <= channel_b && s_axis_tvalid ? i : '0;
    second    <= channel_b && s_axis_tvalid ? q : '0;
    if (rst) {channel_b, first, second} <= '0;
  end

  for (genvar k = 0; k < 12; k++) begin : g_pin
    ODDRX1F ddr (.SCLK(mclk), .RST(1'b0), .D0(first[k]), .D1(second[k]), .Q(diq[k]));
  end
  ODDRX1F ddr_iqsel (.SCLK(mclk), .RST(1'b0), .D0(channel_b), .D1(channel_b), .Q(iqsel));

  wire clock;
  ODDRX1F ddr_fclk (.SCLK(mclk), .RST(1'b0), .D0(1'b0), .D1(1'b1), .Q(clock));
  DELAYG #(.DEL_MODE("USER_DEFINED"), .DEL_VALUE(120)) delay (.A(clock), .Z(fclk));

endmodule

`default_nettype wire
