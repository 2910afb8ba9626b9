// round - drops the low bits of a signed number without bias, and saturates.
//
//   result = clamp(nearest(value / 2^DROP))
//
// Convergent: a value exactly between two results goes to the even one, so that a signal of many
// small steps keeps its mean. Half-up rounding adds half an LSB of DC for every bit dropped once,
// which a transform gathers into its bin 0. Combinational; the user registers it where it suits.

`default_nettype none

module round #(
  parameter int unsigned IN   = 20,           // bits of value
  parameter int unsigned DROP = 1,            // bits that go, 1 or more
  parameter int unsigned OUT  = 18            // bits of result, at most IN - DROP + 1
) (
  input  wire  logic signed [IN-1:0]  value,
  output       logic signed [OUT-1:0] result
);

  if (DROP < 1 || OUT > IN - DROP + 1) begin : g_check
    $error("nothing to round, or more bits asked for than there are");
  end

  localparam int unsigned KEPT = IN - DROP + 1;   // one more: rounding up may carry

  // Up, where more than a half goes, or a half and the kept part is odd. (Said so, it takes half the gates of adding it.)
  wire odd_or_more;
  if (DROP == 1) assign odd_or_more = value[DROP];
  else           assign odd_or_more = value[DROP] || value[DROP-2:0] != '0;

  wire [KEPT-1:0] kept = {value[IN-1], value[IN-1:DROP]} + KEPT'(value[DROP-1] && odd_or_more);

  wire fits = kept[KEPT-1:OUT-1] == {(KEPT - OUT + 1){kept[KEPT-1]}};

  always_comb begin
    if (fits) result = kept[OUT-1:0];
    else      result = {kept[KEPT-1], {(OUT - 1){!kept[KEPT-1]}}};
  end

endmodule

`default_nettype wire
