// fifo_async - a queue between two clocks: what goes in by one comes out by the other, in order.
//
//   s_clk |  s_axis --> [ mem ] --> [ register ] --> m_axis  | m_clk
//         |  wr_ptr --gray--> two registers --> what the reader knows
//         |  rd_ptr <--gray-- two registers <--             |
//
// A pointer crosses in Gray code, of which one bit changes at a time: whichever of two neighbours the other clock reads,
// it is one that was true, so each side errs on the safe side only. `s_level` is never less than what the memory holds, `m_level` never
// more than what is inside; both trail by a few clocks. Reset both sides together, each by its own clock, before a word is offered.

`default_nettype none

module fifo_async #(
  parameter int unsigned WIDTH = 32,
  parameter int unsigned DEPTH = 16            // a power of two, 4 or more
) (
  input  wire  logic                   s_clk,
  input  wire  logic                   s_rst,  // synchronous to s_clk, active high
  input  wire  logic [WIDTH-1:0]       s_axis_tdata,
  input  wire  logic                   s_axis_tvalid,
  output       logic                   s_axis_tready,
  output       logic [$clog2(DEPTH):0] s_level,

  input  wire  logic                   m_clk,
  input  wire  logic                   m_rst,  // synchronous to m_clk, active high
  output       logic [WIDTH-1:0]       m_axis_tdata,
  output       logic                   m_axis_tvalid,
  input  wire  logic                   m_axis_tready,
  output       logic [$clog2(DEPTH):0] m_level
);

  localparam int unsigned AW = $clog2(DEPTH);

  if (DEPTH < 4 || DEPTH != 1 << AW) begin : g_check
    $error("DEPTH must be a power of two, 4 or more");
  end

  function automatic logic [AW:0] binary(input logic [AW:0] gray);
    binary = gray;
    for (int k = AW - 1; k >= 0; k--) binary[k] = binary[k+1] ^ gray[k];
  endfunction

  // One bit more than the address: full is not empty. They start at 0 with the device, too: the other side's clock
  // may run long before this one's.
  logic [WIDTH-1:0] mem [DEPTH];
  logic [AW:0]      wr_ptr = '0, wr_gray = '0, rd_ptr = '0, rd_gray = '0;

  // Writer --------------------------------------------------------------------------------

  logic [AW:0] rd_meta = '0, rd_near = '0, rd_seen = '0;

  wire        push   = s_axis_tvalid && s_axis_tready;
  wire [AW:0] wr_inc = wr_ptr + 1'b1;

  assign s_level       = wr_ptr - rd_seen;
  assign s_axis_tready = !s_level[AW];

  always_ff @(posedge s_clk) begin
    if (push) mem[wr_ptr[AW-1:0]] <= s_axis_tdata;
  end

  always_ff @(posedge s_clk) begin
    if (push) begin
      wr_ptr  <= wr_inc;
      wr_gray <= wr_inc ^ (wr_inc >> 1);
    end
    rd_meta <= rd_gray;
    rd_near <= rd_meta;
    rd_seen <= binary(rd_near);
    if (s_rst) {wr_ptr, wr_gray, rd_meta, rd_near, rd_seen} <= '0;
  end

  // Reader --------------------------------------------------------------------------------

  logic [AW:0] wr_meta = '0, wr_near = '0, wr_seen = '0;
  logic        valid = 1'b0;

  wire [AW:0] waiting = wr_seen - rd_ptr;      // in the memory
  wire [AW:0] rd_inc  = rd_ptr + 1'b1;
  wire        fetch   = waiting != 0 && (m_axis_tready || !valid);

  assign m_axis_tvalid = valid;
  assign m_level       = waiting + (AW + 1)'(valid);

  always_ff @(posedge m_clk) begin
    if (fetch) m_axis_tdata <= mem[rd_ptr[AW-1:0]];
  end

  always_ff @(posedge m_clk) begin
    if (fetch) begin
      rd_ptr  <= rd_inc;
      rd_gray <= rd_inc ^ (rd_inc >> 1);
    end
    if (fetch || m_axis_tready) valid <= fetch;
    wr_meta <= wr_gray;
    wr_near <= wr_meta;
    wr_seen <= binary(wr_near);
    if (m_rst) {rd_ptr, rd_gray, wr_meta, wr_near, wr_seen, valid} <= '0;
  end

endmodule

`default_nettype wire
