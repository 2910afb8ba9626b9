// rx_sync - the end of the long training symbols, by correlation of signs.
//
//   c(n) = sum_t sgn x(n - 63 + t) sgn* l(t),      largest |c(n)| + |c(n - 64)|
//
// l is the long training symbol of IEEE 802.11-2012, equation 18-8, in time. Only signs are multiplied, so a tap is
// two gates; that costs 2 dB of 18. Both symbols together leave one clear peak: beside it, at +-64, one of them is missing.
//
// `start` clears the search; samples are numbered from 0 then. `again` numbers them anew and keeps the best so far. From sample FIRST on, when both windows are full,
// the best is kept: `best` (0..384) and the number of its last sample, `best_at`. Samples are at least two clocks apart;
// the result counts LATENCY = 9 clocks after the last.

`default_nettype none

module rx_sync #(
  parameter int unsigned FIRST = 127
) (
  input  wire  logic       clk,
  input  wire  logic       rst,                 // synchronous, active high

  input  wire  logic       start,
  input  wire  logic       again,
  input  wire  logic       s_i,                 // signs: 1 is negative
  input  wire  logic       s_q,
  input  wire  logic       s_valid,

  output       logic [8:0] best,
  output       logic [7:0] best_at
);

  // Bit t: the sign of l(t).
  localparam logic [63:0] LONG_I = 64'h862467d937cc48c2;
  localparam logic [63:0] LONG_Q = 64'h3084fc1e0f81bde6;

  // Bit t is x(n - 63 + t): the newest sample is bit 63.
  logic [63:0] xi, xq;
  logic [7:1]  v;

  always_ff @(posedge clk) begin
    if (s_valid) begin
      xi <= {s_i, xi[63:1]};
      xq <= {s_q, xq[63:1]};
    end
    v <= {v[6:1], s_valid};
    if (rst || start || again) v <= '0;
  end

  // Real part in the first clock, imaginary part in the second ---------------------------------------

  function automatic logic [4:0] ones16(input logic [15:0] bits);
    ones16 = '0;
    for (int i = 0; i < 16; i++) ones16 = ones16 + 5'(bits[i]);
  endfunction

  wire         imaginary = v[2];
  wire [127:0] differ = imaginary ? {xi ^ ~LONG_Q, xq ^ LONG_I} : {xi ^ LONG_I, xq ^ LONG_Q};

  logic [4:0]        part [8];
  logic [7:0]        count;
  logic signed [8:0] sum;                       // agreeing taps less differing ones
  logic        [7:0] size, first_size, second_size;

  always_comb begin
    count = '0;
    for (int i = 0; i < 8; i++) count = count + 8'(part[i]);
  end

  always_ff @(posedge clk) begin
    if (v[1] || v[2]) for (int i = 0; i < 8; i++) part[i] <= ones16(differ[16*i +: 16]);
    if (v[2] || v[3]) sum  <= 9'sd128 - $signed({count, 1'b0});
    if (v[3] || v[4]) size <= sum < 0 ? 8'(-sum) : 8'(sum);
    if (v[4]) first_size <= size;
  end

  assign second_size = size;

  // |c| is max + min/2; two of them, 64 samples apart --------------------------------------------------

  (* ram_style = "block", no_rw_check *)        // read a clock before it is written: see the assertion
  logic [7:0] older [64];
  logic [7:0] n;
  logic [7:0] now, other;
  wire  [7:0] most  = first_size > second_size ? first_size : second_size;
  wire  [7:0] least = first_size > second_size ? second_size : first_size;
  logic [8:0] both;
  logic [7:0] both_at;
  logic       full;                             // both windows were

  always_ff @(posedge clk) if (!rst) assert (!(v[5] && v[6]));

  always_ff @(posedge clk) begin
    if (v[5]) begin
      now    <= most + (least >> 1);            // at most 192
      other  <= older[n[5:0]];
    end
    if (v[6]) begin
      older[n[5:0]] <= now;
      both          <= {1'b0, now} + {1'b0, other};
      both_at       <= n;
      full          <= n >= 8'(FIRST);
      n             <= n + 1'b1;
    end
    if (v[7] && full && both > best) begin
      best    <= both;
      best_at <= both_at;
    end
    if (rst || start || again) n <= '0;
    if (rst || start) best <= '0;
  end

endmodule

`default_nettype wire
