// rf215_tx - samples to an AT86RF215's I/Q interface: serial, both edges of TXCLK (64 MHz).
//
//   TXCLK __/‾‾\__/‾‾\__/   edges together with the data's, a word's first bit with a rising one
//   TXD   |10|I_DATA[13:0]|01|Q_DATA[13:0]|   32 bits, highest first; SR - 1 zero words behind each
//
// A sample is asked for every 16 * SR clocks. The lowest bit of i says that the antenna sends, and goes as I_DATA[0], the chip's embedded transmit
// control (IQIFC0.EEC); what is left of i is s1.14. Words go while it is set and once more, to say that it is not; else zero
// words, of which the chip needs 32 bits before it finds its place. I and Q are rounded to 13 bits, convergent. Source: Atmel-42415E, 4.5.

`default_nettype none

module rf215_tx #(
  parameter logic CROSSED = 1'b0               // the pair of TXD is wired crosswise: the data leave inverted
) (
  input  wire  logic        txclk,
  input  wire  logic        rst,               // synchronous to txclk
  input  wire  logic [3:0]  rate,              // SR, 1..10; steady

  input  wire  logic [31:0] s_axis_tdata,      // {q, i}, s1.15; i[0]: transmit
  input  wire  logic        s_axis_tvalid,
  output       logic        s_axis_tready,     // for one clock in 16 * SR, whether or not there is a sample

  output       logic        txd,               // pins
  output       logic        txclk_out
);

  wire signed [12:0] i, q;

  round #(.IN(15), .DROP(2), .OUT(13)) round_i (.value($signed(s_axis_tdata[15:1])), .result(i));
  round #(.IN(16), .DROP(3), .OUT(13)) round_q (.value($signed(s_axis_tdata[31:16])), .result(q));

  logic [31:0] shift;
  logic [3:0]  phase;
  logic [3:0]  slot;                           // word of a sample's SR
  logic        sent;                           // the antenna was sending with the last sample

  wire send = s_axis_tvalid && (s_axis_tdata[0] || sent);

  assign s_axis_tready = phase == 4'd15 && slot == '0;

  always_ff @(posedge txclk) begin
    phase <= phase + 1'b1;
    shift <= {shift[29:0], 2'b00};
    if (phase == 4'd15) slot <= slot + 4'd1 >= rate ? '0 : slot + 4'd1;
    if (s_axis_tready) begin
      sent <= s_axis_tvalid && s_axis_tdata[0];
      if (send) shift <= {2'b10, i, s_axis_tdata[0], 2'b01, q, 1'b0};
    end
    if (rst) {phase, slot, shift, sent} <= '0;
  end

  ODDRX1F ddr_data  (.SCLK(txclk), .RST(1'b0), .D0(shift[31] ^ CROSSED), .D1(shift[30] ^ CROSSED), .Q(txd));
  ODDRX1F ddr_clock (.SCLK(txclk), .RST(1'b0), .D0(1'b1), .D1(1'b0), .Q(txclk_out));

endmodule

`default_nettype wire
