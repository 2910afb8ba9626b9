// rf215_rx - samples from an AT86RF215's I/Q interface: serial, both edges of RXCLK (64 MHz), one pair of pins for each band.
//
//   RXD  |10|I_DATA[13:0]|01|Q_DATA[13:0]|   32 bits, highest first, 13 of each 14 used; zero words between, RXDFE.SR - 1 of them
//
// The stream is found by its synchronisation bits, at either edge: a word counts once WORDS of them have stood in the same place, and the
// place is given up when what stands there is neither a word nor zeros.
//
// The chip sends while it receives; its clock runs on while it transmits. The core's time must run on, too: so a sample leaves
// every 16 * SR clocks, zero where no word came. Source: Atmel-42415E, 4.5.

`default_nettype none

module rf215_rx #(
  parameter int unsigned WORDS = 4
) (
  input  wire  logic        rxclk,
  input  wire  logic        rst,               // synchronous to rxclk
  input  wire  logic        rxd09,             // pins: below 1 GHz, and 2.4 GHz
  input  wire  logic        rxd24,
  input  wire  logic        band24,            // which; steady
  input  wire  logic [3:0]  rate,              // SR: 1 4 MS/s, 2 2 MS/s, ... 10 400 kS/s; steady

  output       logic [31:0] m_axis_tdata,      // {q, i}, s1.15
  output       logic        m_axis_tvalid
);

  wire [1:0] pin = {rxd24, rxd09};
  wire [1:0] first, second;                    // bits at the rising edge, and at the falling edge behind it

  for (genvar k = 0; k < 2; k++) begin : g_pin
    IDDRX1F ddr (.D(pin[k]), .SCLK(rxclk), .RST(1'b0), .Q0(first[k]), .Q1(second[k]));
  end

  // The last 33 bits: a word may end at either edge ------------------------------------------

  logic [32:0] bits;
  logic        late;                           // words end with the bit before the last
  logic [3:0]  phase;                          // clocks since a word ended
  logic [2:0]  seen;                           // words in this place, up to WORDS

  wire [31:0] word   = late ? bits[32:1] : bits[31:0];
  wire        due    = phase == 4'd15;
  wire        framed = word[31:30] == 2'b10 && word[15:14] == 2'b01;
  wire        locked = seen == 3'(WORDS);
  wire        good   = due && framed && locked;

  logic [7:0] slot;                            // clocks since a sample left
  wire        slot_over = slot == {rate, 4'd0} - 8'd1;

  always_ff @(posedge rxclk) begin
    bits  <= {bits[30:0], first[band24], second[band24]};
    phase <= phase + 1'b1;

    if (due) begin
      if (framed && !locked)      seen <= seen + 1'b1;
      if (!framed && word != '0)  seen <= '0;
    end
    if (seen == '0 && bits[31:30] == 2'b10 && bits[15:14] == 2'b01) begin
      {late, phase, seen} <= {1'b0, 4'd0, 3'd1};
    end else if (seen == '0 && bits[32:31] == 2'b10 && bits[16:15] == 2'b01) begin
      {late, phase, seen} <= {1'b1, 4'd0, 3'd1};
    end

    slot          <= good || slot_over ? '0 : slot + 1'b1;
    m_axis_tvalid <= good || slot_over;
    m_axis_tdata  <= good ? {word[13:1], 3'd0, word[29:17], 3'd0} : '0;
    if (rst) begin
      {seen, slot, phase, late, m_axis_tvalid} <= '0;
    end
  end

endmodule

`default_nettype wire
