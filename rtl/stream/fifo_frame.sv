// fifo_frame - a queue of whole frames in block RAM: store and forward, all of a frame or nothing.
//
//                    start          wr_ptr
//                      v              v
//   | ... frame | frame | head | w w w w ...        s_axis --> mem --> m_axis
//         ^ rd_ptr
//
// A frame leaves as its head word and then its words; m_axis_tlast marks the last. The head is known only when
// the frame ends (its length, whether its check sum was right), so its slot is left open and filled
// last: `s_axis_tuser`, taken with s_axis_tlast. Nothing of a frame is offered before.
//
// `s_drop` forgets the words of the frame that is open (a word offered in that clock is not taken).
// A frame needs its words and one more; one longer than DEPTH - 1 words fills the queue and waits
// forever, so the writer must bound it or drop it. A frame has one word at least besides its head.
//
// Two registers stand behind the memory, since a block RAM's own output is slow; they hold two words more. The memory is read when
// the first of them is empty, so a word leaves every other clock at most, and no tready reaches the memory.

`default_nettype none

module fifo_frame #(
  parameter int unsigned WIDTH = 32,
  parameter int unsigned DEPTH = 4096          // words, a power of two
) (
  input  wire  logic             clk,
  input  wire  logic             rst,          // synchronous, active high

  input  wire  logic [WIDTH-1:0] s_axis_tdata,
  input  wire  logic [WIDTH-1:0] s_axis_tuser,
  input  wire  logic             s_axis_tlast,
  input  wire  logic             s_axis_tvalid,
  output       logic             s_axis_tready,
  input  wire  logic             s_drop,

  output       logic [WIDTH-1:0] m_axis_tdata,
  output       logic             m_axis_tlast,
  output       logic             m_axis_tvalid,
  input  wire  logic             m_axis_tready,

  output       logic             empty         // no word inside, of a whole frame or the open one
);

  localparam int unsigned AW = $clog2(DEPTH);

  if (DEPTH < 4 || DEPTH != 1 << AW) begin : g_check
    $error("DEPTH must be a power of two, 4 or more");
  end

  (* no_rw_check *)                            // never read where it is written: see the assertion
  logic [WIDTH:0] mem [DEPTH];                 // {last, word}
  logic [AW:0]    start, wr_ptr, rd_ptr;       // one bit more than the address: full is not empty
  logic           closing;                     // the words are in, the head is to be written
  logic [WIDTH-1:0] head;

  // The open head's slot counts as used; behind a full queue `used` is DEPTH + 1 and the slot not yet free,
  // which does no harm: a word is taken first, and there is none without room for both.
  wire [AW:0] used  = wr_ptr - rd_ptr;
  wire        push  = s_axis_tvalid && s_axis_tready;

  logic [WIDTH:0] ram_word;                    // the memory's output
  logic           ram_valid;

  wire        move  = m_axis_tready || !m_axis_tvalid;
  wire        fetch = rd_ptr != start && !ram_valid;

  assign empty         = used == (AW + 1)'(1) && !ram_valid && !m_axis_tvalid;
  assign s_axis_tready = !used[AW] && !closing && !s_drop;

  wire          wr_en   = push || closing;
  wire [AW-1:0] wr_addr = closing ? start[AW-1:0] : wr_ptr[AW-1:0];
  wire [WIDTH:0] wr_word = closing ? {1'b0, head} : {s_axis_tlast, s_axis_tdata};

  always_ff @(posedge clk) begin
    if (wr_en) mem[wr_addr] <= wr_word;
  end

  always_ff @(posedge clk) begin
    if (push) begin
      wr_ptr <= wr_ptr + 1'b1;
      if (s_axis_tlast) begin
        closing <= 1'b1;
        head    <= s_axis_tuser;
      end
    end
    if (closing) begin
      closing <= 1'b0;
      start   <= wr_ptr;
      wr_ptr  <= wr_ptr + 1'b1;
    end else if (s_drop) begin
      wr_ptr  <= start + 1'b1;
    end
    if (rst) begin
      closing <= 1'b0;
      start   <= '0;
      wr_ptr  <= (AW + 1)'(1);
    end
  end

  always_ff @(posedge clk) begin
    if (fetch) begin
      ram_word <= mem[rd_ptr[AW-1:0]];
      rd_ptr   <= rd_ptr + 1'b1;
    end
    if (move || !ram_valid) ram_valid <= fetch;
    if (move) begin
      {m_axis_tlast, m_axis_tdata} <= ram_word;
      m_axis_tvalid                <= ram_valid;
    end
    if (rst) begin
      {ram_valid, m_axis_tvalid} <= '0;
      rd_ptr                     <= '0;
    end
  end

`ifdef FORMAL
  initial assume (rst);
  wire [AW:0] whole = start - rd_ptr;          // words of whole frames, not yet fetched
  wire [AW:0] open  = wr_ptr - start;          // words of the open frame, its head's slot included

  // Any one word of the open frame, followed until it is offered: `nth` is free, so it stands for all.
  (* anyconst *) logic [AW:0] nth;
  logic                       written;         // the slot holds the word
  logic [WIDTH:0]             word;
  wire [AW:0]                 ahead = nth - rd_ptr;

  always @(posedge clk) begin
    if (push && wr_ptr == nth) begin
      written <= 1'b1;
      word    <= wr_word;
    end else if (closing && start == nth) begin
      written <= 1'b1;
      word    <= wr_word;
    end
    if (s_drop && !closing && nth - start < open) written <= 1'b0;
    if (fetch && rd_ptr == nth) written <= 1'b0;
    if (rst) written <= 1'b0;
  end

  always @(posedge clk) if (!rst) begin
    assert (open >= 1 && whole <= DEPTH);
    assert (open <= used && whole <= used);                        // the pointers stand in this order
    assert (used <= DEPTH || (used == DEPTH + 1 && open == 1));    // only an empty open frame may overhang
    assert (!closing || open >= 2);
    assert (!empty || (whole == 0 && open == 1 && !closing));
    assert (!(wr_en && fetch && wr_addr == rd_ptr[AW-1:0]));
    assert (written == (ahead < used && nth != start));            // every word but the open head, and no other
    if (written) assert (mem[nth[AW-1:0]] == word);                // nobody wrote over it
  end

  // What is fetched is what was written, and what is offered stays until it is taken.
  always @(posedge clk) if (!rst && $past(!rst && fetch && rd_ptr == nth)) begin
    assert (ram_valid && ram_word == $past(word));
  end
  always @(posedge clk) if (!rst && $past(!rst && ram_valid && move)) begin
    assert (m_axis_tvalid && {m_axis_tlast, m_axis_tdata} == $past(ram_word));
  end
  always @(posedge clk) if (!rst && $past(!rst && ram_valid && !move)) assert (ram_valid && $stable(ram_word));
  always @(posedge clk) if (!rst && $past(!rst && m_axis_tvalid && !m_axis_tready)) begin
    assert (m_axis_tvalid);
    assert ($stable({m_axis_tlast, m_axis_tdata}));
  end
`endif

endmodule

`default_nettype wire
