// clock_gate - a clock for a part that sleeps: saves the simulator the evaluation of what does not change.
//
//   awake --> [ latch, open while clk is low ] --> and --> gated
//                                            clk --'
//
// `gated` ticks with `clk` while `awake`, and LINGER clocks longer, so that pipelines run empty and pulses fall. The caller
// sees to it that a clock without `awake` would change nothing in the part but what LINGER covers: then the part cannot
// tell. LINGER 0 stops in the very clock, in the middle of what is under way. A board needs no such cell: outside of Verilator `gated` is `clk`; in it where a test sets `sleepless`.

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
  localparam int unsigned LW = $clog2(LINGER + 2);

  logic          sleepless /*verilator public_flat_rw*/;
  logic [LW-1:0] left;
  logic          open;

  initial sleepless = 1'b0;

  always_ff @(posedge clk) begin
    if (rst || awake)   left <= LW'(LINGER);
    else if (left != 0) left <= left - 1'b1;
  end

  always_latch if (!clk) open = rst || awake || left != 0 || sleepless;
  assign gated = clk && open;
`else
  assign gated = clk;
`endif

endmodule

`default_nettype wire
