// clock_gate - a clock for a part that sleeps: saves the simulator the evaluation of what does not change.
//
//   awake --> [ latch, open while clk is low ] --> and --> gated
//                                            clk --'
//
// `gated` ticks with `clk` while `awake`, and LINGER clocks longer, so that pipelines run empty and pulses fall. The caller
// sees to it that a clock without `awake` would change nothing in the part but what LINGER covers: then the part cannot
// tell. So boards need no such cell: outside of Verilator, or with SKYWAVE_UNGATED, `gated` is `clk`.

`default_nettype none

module clock_gate #(
  parameter int unsigned LINGER = 64
) (
  input  wire  logic clk,
  input  wire  logic rst,                        // awake too
  input  wire  logic awake,
  output       logic gated
);

`ifdef VERILATOR
`ifndef SKYWAVE_UNGATED
`define SKYWAVE_GATED
`endif
`endif

`ifdef SKYWAVE_GATED
  localparam int unsigned LW = $clog2(LINGER + 1);

  logic [LW-1:0] left;
  logic          open;

  always_ff @(posedge clk) begin
    if (rst || awake)   left <= LW'(LINGER);
    else if (left != 0) left <= left - 1'b1;
  end

  always_latch if (!clk) open = rst || awake || left != 0;
  assign gated = clk && open;
`else
  assign gated = clk;
`endif

endmodule

`default_nettype wire
