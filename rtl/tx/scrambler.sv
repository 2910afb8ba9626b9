// scrambler - the generator x^7 + x^4 + 1 of IEEE 802.11-2012, 18.3.5.5.
//
//      +---> (+) ------------------------+--> out
//      |      ^                          |
//      x7 x6 x5 x4 x3 x2 x1 <------------+        moves one place left on `step`
//
// `seed` is {x7..x1}. With the seed all ones, `out` is the pilot polarity of 18.3.5.10 (1 means
// -1), which is the second use of this cell. `load` wins over `step`. A seed of zero gives zeros.

`default_nettype none

module scrambler (
  input  wire  logic       clk,
  input  wire  logic       load,
  input  wire  logic [6:0] seed,
  input  wire  logic       step,
  output       logic       out
);

  logic [6:0] x;

  assign out = x[6] ^ x[3];

  always_ff @(posedge clk) begin
    if (load)      x <= seed;
    else if (step) x <= {x[5:0], out};
  end

endmodule

`default_nettype wire
