// rx_acs - the trellis of the convolutional code: 64 add-compare-selects, one step a clock.
//
//   {B, A} --> branch metrics --> [ 64 path metrics ] --> 64 decisions
//
// Code: K = 7, generators 133 (A) and 171 (B) octal (IEEE 802.11-2012, 18.3.5.6). State s holds
// the last six bits, the newest in s[5]; from state p the input u leads to {u, p[5:1]}. So the
// two ways into s come from {s[4:0], 0} and {s[4:0], 1}, and decision[s] is the bit that tells.
//
// A soft bit's four bits, -7..7, are the number of its size: 0, 1, 2, 3, 4, 5, 7, 9. So small ones are told apart
// and large ones weigh more, as much as eight bits of a metric bear: a branch costs the sum of those sizes
// that speak against it, 0..18. Any two path metrics differ by at most 6 x 18 = 108 (every state is
// within six steps of the best), the two sums compared by at most 126 < 128: a subtraction modulo 256
// decides, and nothing is ever normalised.
//
// start makes the next step the first of a block, which begins in state 0. What falls out of
// the register during the first six steps is then 0: these decisions are forced, and after them
// every survivor comes from state 0, whatever the metrics held before.
//
// One clock for the branch metrics, one for the decisions; no stall inside: the survivor memory
// behind leaves room for what is under way. weight is the sum of all sizes since start
// (it stops short of 512), cost the metric of state 0: at the end of a short block that ends in
// state 0, such as SIGNAL, the part of the weight that speaks against the best code word.

`default_nettype none

module rx_acs (
  input  wire  logic        clk,
  input  wire  logic        rst,              // synchronous, active high

  input  wire  logic        start,            // not together with s_axis_tvalid; nothing under way
  input  wire  logic [7:0]  s_axis_tdata,     // {B, A}, soft, positive = 1, 0 = erased
  input  wire  logic        s_axis_tvalid,    // always taken

  output       logic [63:0] decision,
  output       logic        decision_valid,
  output       logic        busy,
  output       logic [7:0]  cost,
  output       logic [8:0]  weight
);

  function automatic logic [3:0] size(input logic [3:0] value);
    case (value[3] ? ~value[2:0] + 3'd1 : value[2:0])
      3'd6:    size = 4'd7;
      3'd7:    size = 4'd9;
      3'd0:    size = value[3] ? 4'd9 : 4'd0;                     // -8 counts as -7
      default: size = {1'b0, value[3] ? ~value[2:0] + 3'd1 : value[2:0]};
    endcase
  endfunction

  // What {A, B} a branch carries: the input, the five bits that stay, the bit that falls out.
  function automatic logic [1:0] code(input logic [6:0] register);
    code = {^(register & 7'o133), ^(register & 7'o171)};
  endfunction

  function automatic logic [8:0] select(input logic [7:0] metric_0, input logic [4:0] branch_0,
                                        input logic [7:0] metric_1, input logic [4:0] branch_1,
                                        input logic forced);
    logic [7:0] sum_0, sum_1;
    logic       take_1;
    sum_0  = metric_0 + {3'b0, branch_0};
    sum_1  = metric_1 + {3'b0, branch_1};
    take_1 = $signed(sum_1 - sum_0) < 0 && !forced;
    select = {take_1, take_1 ? sum_1 : sum_0};
  endfunction

  // Branch metrics ----------------------------------------------------------------------------

  wire [3:0] soft_a = s_axis_tdata[3:0];
  wire [3:0] soft_b = s_axis_tdata[7:4];

  logic [19:0] branch;                        // cost of code {A, B} at [5*{A,B} +: 5]
  logic        branch_valid;

  always_ff @(posedge clk) begin
    if (s_axis_tvalid) begin
      for (int c = 0; c < 4; c++)
        branch[5*c +: 5] <= (soft_a[3] == c[1] ? {1'b0, size(soft_a)} : 5'd0)
                          + (soft_b[3] == c[0] ? {1'b0, size(soft_b)} : 5'd0);
    end
    branch_valid <= s_axis_tvalid;
    if (rst) branch_valid <= 1'b0;
  end

  // Add, compare, select ------------------------------------------------------------------------

  logic [511:0] metric;                       // of state s at [8*s +: 8]
  logic [2:0]   young;                        // steps of the block so far, up to six
  wire          forced = young != 3'd6;

  always_ff @(posedge clk) begin
    if (branch_valid) begin
      for (int s = 0; s < 64; s++)
        {decision[s], metric[8*s +: 8]} <=
            select(metric[8*((2*s) % 64) +: 8],     branch[5*code({s[5:0], 1'b0}) +: 5],
                   metric[8*((2*s) % 64 + 1) +: 8], branch[5*code({s[5:0], 1'b1}) +: 5], forced);
      if (forced) young <= young + 1'b1;
      if (!(&weight[8:5])) weight <= weight + {4'b0, branch[4:0]} + {4'b0, branch[19:15]};
    end
    if (start) begin
      young       <= '0;
      weight      <= '0;
      metric[7:0] <= '0;
    end
    decision_valid <= branch_valid;
    if (rst) decision_valid <= 1'b0;
  end

  assign busy = branch_valid || decision_valid;
  assign cost = metric[7:0];

endmodule

`default_nettype wire
