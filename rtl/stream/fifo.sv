// fifo - a short queue: what goes in comes out, in order, a clock later.
//
//   s_axis --> [ DEPTH words, registers or distributed RAM ] --> m_axis
//
// For some dozens of words; `fifo_frame` is the long one. Full takes nothing, also while it is read. tvalid and tready are registers.

`default_nettype none

module fifo #(
  parameter int unsigned WIDTH = 32,
  parameter int unsigned DEPTH = 16            // a power of two
) (
  input  wire  logic             clk,
  input  wire  logic             rst,          // synchronous, active high

  input  wire  logic [WIDTH-1:0] s_axis_tdata,
  input  wire  logic             s_axis_tvalid,
  output       logic             s_axis_tready,

  output       logic [WIDTH-1:0] m_axis_tdata,
  output       logic             m_axis_tvalid,
  input  wire  logic             m_axis_tready
);

  localparam int unsigned AW = $clog2(DEPTH);

  if (DEPTH < 2 || DEPTH != 1 << AW) begin : g_check
    $error("DEPTH must be a power of two, 2 or more");
  end

  logic [WIDTH-1:0] mem [DEPTH];
  logic [AW:0]      wr_ptr, rd_ptr;            // one bit more than the address: full is not empty

  wire [AW:0] level = wr_ptr - rd_ptr;
  wire        push  = s_axis_tvalid && s_axis_tready;
  wire        pop   = m_axis_tvalid && m_axis_tready;

  assign m_axis_tdata  = mem[rd_ptr[AW-1:0]];

  always_ff @(posedge clk) begin
    if (push) mem[wr_ptr[AW-1:0]] <= s_axis_tdata;
  end

  always_ff @(posedge clk) begin
    if (push) wr_ptr <= wr_ptr + 1'b1;
    if (pop)  rd_ptr <= rd_ptr + 1'b1;
    if (push != pop) begin
      m_axis_tvalid <= push || level != (AW + 1)'(1);
      s_axis_tready <= pop  || level != (AW + 1)'(DEPTH - 1);
    end
    if (rst) begin
      {wr_ptr, rd_ptr, m_axis_tvalid} <= '0;
      s_axis_tready                   <= 1'b1;
    end
  end

`ifdef FORMAL
  // Any one word, followed from its way in to its way out: `nth` is free, so it stands for all.
  initial assume (rst);
  (* anyconst *) logic [AW:0]      nth;        // the slot and lap of the word followed
  logic                            inside;     // it is in the queue
  logic [WIDTH-1:0]                word;

  wire [AW:0] ahead = nth - rd_ptr;            // words before it, if it is inside

  always @(posedge clk) begin
    if (push && wr_ptr == nth) begin
      inside <= 1'b1;
      word   <= s_axis_tdata;
    end
    if (pop && rd_ptr == nth) inside <= 1'b0;
    if (rst) inside <= 1'b0;
  end

  always @(posedge clk) if (!rst) begin
    assert (level <= DEPTH);                                       // never more than there is room for
    assert (m_axis_tvalid == (level != 0) && s_axis_tready == !level[AW]);
    assert (inside == (ahead < level));                            // in from push to pop
    if (inside) assert (mem[nth[AW-1:0]] == word);                 // kept unharmed
    if (inside && rd_ptr == nth) assert (m_axis_tdata == word);    // and handed on
  end

  // AXI4-Stream: what is offered stays until it is taken.
  always @(posedge clk) if (!rst && $past(!rst && m_axis_tvalid && !m_axis_tready)) begin
    assert (m_axis_tvalid);
    assert ($stable(m_axis_tdata));
  end
`endif

endmodule

`default_nettype wire
