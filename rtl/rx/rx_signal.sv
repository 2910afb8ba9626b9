// rx_signal - reads the 24 bits of SIGNAL (IEEE 802.11-2012, 18.3.4).
//
//   bits   0..3   4         5..16                17      18..23
//          RATE   reserved  LENGTH, least first  parity  tail
//
// ok: RATE is one of the eight, the reserved bit is 0, LENGTH is not, parity over bits 0..17 is even, the
// tail is 0 and the code agrees. The decoder ends in state 0, so the tail it reports is 0
// whatever was sent; what a wrong tail changes, as noise that never was a SIGNAL does, is how
// much of the soft weight speaks against the decoded word. 5/64 of it and more is refused: that is 98 %
// of noise, every tail four code bits off, and 0.2 % of true SIGNALs in the noise that ends 6 Mb/s.
//
// symbols = ceil((16 + 8 LENGTH + 6) / N_DBPS) = ceil((4 LENGTH + 11) / (N_DBPS/2)) by long division,
// a bit a clock: valid pulses 17 clocks after start, with the fields; they stay until the next start.

`default_nettype none

module rx_signal (
  input  wire  logic        clk,
  input  wire  logic        rst,              // synchronous, active high

  input  wire  logic        start,
  input  wire  logic [23:0] bits,             // first in [0]
  input  wire  logic [7:0]  cost,             // soft weight against the decoded word
  input  wire  logic [8:0]  weight,           // all of it

  output       logic        valid,
  output       logic        ok,
  output       logic [3:0]  rate,             // ofdm_pkg::rate_e
  output       logic [11:0] length,
  output       logic [15:0] symbols
);

  localparam logic [4:0] QUOTIENT_BITS = 5'd15;

  logic [14:0] dividend;                      // shifts out above, the quotient in below
  logic [6:0]  rest;                          // < divisor <= 108
  logic [4:0]  count;
  logic        dividing;

  wire [6:0] divisor = 7'(ofdm_pkg::n_dbps(rate) >> 1);
  wire [7:0] trial   = {rest, dividend[14]};
  wire       fits    = trial >= {1'b0, divisor};

  wire [13:0] limit = {3'b0, weight, 2'b0} + {5'b0, weight};     // 5 weight

  // Rounded up: ceil(x/d) = floor((x - 1)/d) + 1, and x - 1 = 4 LENGTH + 10.
  wire [14:0] dividend_start = {1'b0, bits[16:5], 2'b0} + 15'd10;

  always_ff @(posedge clk) begin
    if (start) begin
      ok       <= ofdm_pkg::rate_valid(bits[3:0]) && !bits[4] && bits[16:5] != 0
                  && !(^bits[17:0]) && bits[23:18] == 0 && {cost, 6'b0} < limit;
      rate     <= bits[3:0];
      length   <= bits[16:5];
      dividend <= dividend_start;
      rest     <= '0;
      count    <= QUOTIENT_BITS;
    end else if (dividing) begin
      dividend <= {dividend[13:0], fits};
      rest     <= 7'(fits ? trial - {1'b0, divisor} : trial);
      count    <= count - 1'b1;
      if (count == 0) symbols <= {1'b0, dividend} + 1'b1;
    end
    if (start)                       dividing <= 1'b1;
    else if (count == 0)             dividing <= 1'b0;
    valid <= dividing && count == 0;
    if (rst) {dividing, valid} <= '0;
  end

endmodule

`default_nettype wire
