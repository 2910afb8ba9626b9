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

  // Adding just under a half, and one LSB more where the kept part is odd.
  localparam logic [IN:0] UNDER_HALF = (IN + 1)'((64'd1 << (DROP - 1)) - 64'd1);

  /* verilator lint_off UNUSEDSIGNAL */             // the fraction has done its work
  wire [IN:0] sum = {value[IN-1], value} + UNDER_HALF + {{IN{1'b0}}, value[DROP]};
  /* verilator lint_on UNUSEDSIGNAL */
  wire [KEPT-1:0] kept = sum[IN:DROP];

  wire fits = kept[KEPT-1:OUT-1] == {(KEPT - OUT + 1){kept[KEPT-1]}};

  always_comb begin
    if (fits) result = kept[OUT-1:0];
    else      result = {kept[KEPT-1], {(OUT - 1){!kept[KEPT-1]}}};
  end

endmodule

`default_nettype wire
