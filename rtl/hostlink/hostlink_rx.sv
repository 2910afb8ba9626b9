// hostlink_rx - reads the host's packets (docs/hostlink.md) and hands each to its place.
//
//                            +--> reg_*    registers, one write or read at a time
//   s_host --> [ parser ] ---+
//                            +--> m_axis   transmit queue: frames and I/Q packets, behind a head word
//
// A packet is judged by its header alone, type and length together, before a word of it is passed on, so a bad one
// leaves nothing half done: it is skipped by its length and counted. A word that is no header where one is due starts
// a hunt: words are dropped until one is a header in every bit that can be checked, which random payload
// seldom is. A run of dropped words counts as one error.
//
// m_axis carries for a frame: descriptor words 0, 1, 2, 4, 5 and the payload; for I/Q: flags, tag, time and
// samples. m_axis_tuser is the head word: bit 16 I/Q, bits 15:0 payload bytes (frame) or 0.

`default_nettype none

module hostlink_rx (
  input  wire  logic        clk,
  input  wire  logic        rst,               // synchronous, active high

  input  wire  logic [31:0] s_host_tdata,
  input  wire  logic        s_host_tvalid,
  output       logic        s_host_tready,
  output       logic        hunting,           // no header where one was due; a serial wire slides by a byte

  output       logic        reg_write,         // until reg_taken, both
  output       logic        reg_read,
  input  wire  logic        reg_taken,
  output       logic [31:0] reg_address,
  output       logic [31:0] reg_value,         // value to write, or the reader's tag

  output       logic [31:0] m_axis_tdata,
  output       logic [31:0] m_axis_tuser,
  output       logic        m_axis_tlast,
  output       logic        m_axis_tvalid,
  input  wire  logic        m_axis_tready,

  output       logic        event_error,       // a packet or a run of words was dropped
  output       logic        idle               // between packets
);

  localparam logic [7:0] MAGIC = 8'h5A;
  localparam logic [7:0] REG_WRITE = 8'h01, REG_READ = 8'h02, TX_FRAME = 8'h10, TX_IQ = 8'h11;

  typedef enum logic [2:0] {Header, Address, Value, Act, Queue, Skip} state_e;
  logic [2:0]  state;

  logic [7:0]  kind;
  logic [14:0] left;                           // words of the packet still to come
  logic [2:0]  nth;                            // descriptor word, stops at 6
  logic [15:0] payload;                        // bytes behind a frame's descriptor

  wire [7:0]  type_in = s_host_tdata[15:8];
  wire [15:0] length  = s_host_tdata[31:16];
  wire [14:0] words   = {1'b0, length[15:2]} + {14'd0, length[1:0] != 2'd0};

  // A frame has 24 bytes of descriptor and 1..4095 of payload; I/Q 16 and 0..1024 samples.
  wire known = s_host_tdata[7:0] == MAGIC &&
               (((type_in == REG_WRITE || type_in == REG_READ) && length == 16'd8) ||
                (type_in == TX_FRAME && length > 16'd24 && length <= 16'd4119) ||
                (type_in == TX_IQ && length >= 16'd16 && length <= 16'd4112 && length[1:0] == 2'd0));

  wire take = s_host_tvalid && s_host_tready;
  wire pass = state == Queue && !(kind == TX_FRAME && nth == 3'd3);   // word 3 is reserved: its place is the head's

  assign s_host_tready = pass ? m_axis_tready : state != Act;
  assign m_axis_tvalid = pass && s_host_tvalid;
  assign m_axis_tdata  = s_host_tdata;
  assign m_axis_tlast  = left == 15'd1;
  assign m_axis_tuser  = {15'd0, kind == TX_IQ, payload};

  assign idle      = state == Header;

  always_ff @(posedge clk) begin
    event_error <= 1'b0;
    if (state == Act && reg_taken) begin
      state <= Header;
      {reg_write, reg_read} <= '0;
    end

    if (take) begin
      left <= left - 1'b1;
      case (state)
        Header: begin
          kind    <= type_in;
          left    <= words;
          nth     <= '0;
          payload <= type_in == TX_FRAME ? length - 16'd24 : 16'd0;
          if (known) begin
            hunting <= 1'b0;
            state   <= type_in == TX_FRAME || type_in == TX_IQ ? Queue : Address;
          end else if (!hunting) begin
            event_error <= 1'b1;
            if (s_host_tdata[7:0] != MAGIC) hunting <= 1'b1;
            else if (length != 0)           state   <= Skip;
          end
        end
        Address: begin
          reg_address <= s_host_tdata;
          state       <= Value;
        end
        Value: begin
          reg_value <= s_host_tdata;
          reg_write <= kind == REG_WRITE;
          reg_read  <= kind == REG_READ;
          state     <= Act;
        end
        Queue: begin
          if (nth != 3'd6)   nth   <= nth + 1'b1;
          if (left == 15'd1) state <= Header;
        end
        default: if (left == 15'd1) state <= Header;
      endcase
    end

    if (rst) begin
      state   <= Header;
      hunting <= 1'b0;
      {reg_write, reg_read} <= '0;
    end
  end

`ifdef FORMAL
  initial assume (rst);
  always @(posedge clk) if ($past(!rst && s_host_tvalid && !s_host_tready)) begin
    assume (s_host_tvalid && $stable(s_host_tdata));
  end

  logic [14:0] total, seen, passed;            // words that the header promised, that came, that went to m_axis

  always @(posedge clk) begin
    if (take && state == Header) begin
      total <= words;
      {seen, passed} <= '0;
    end else if (take) begin
      seen   <= seen + 1'b1;
      if (pass) passed <= passed + 1'b1;
    end
  end

  wire bulk = state == Queue;
  always @(posedge clk) if (!rst && $past(!rst)) begin
    assert (state <= Skip);
    if (bulk || state == Skip) assert (left >= 1 && left <= total && seen == total - left);
    if (bulk) begin
      assert (kind == TX_FRAME ? total >= 15'd7 && total <= 15'd1030 : kind == TX_IQ && total >= 15'd4 && total <= 15'd1028);
      assert (nth == (seen < 15'd6 ? 3'(seen) : 3'd6));
      assert (passed == seen - 15'(kind == TX_FRAME && seen > 15'd3));
    end

    // A packet is handed on whole: its last word goes out, is marked, and is as far from the first as the header said.
    if (bulk && take && left == 15'd1) assert (m_axis_tvalid && m_axis_tlast && passed + 1'b1 == total - 15'(kind == TX_FRAME));
    if (m_axis_tvalid) assert (bulk && m_axis_tlast == (left == 15'd1));
    if ($past(bulk) && bulk) assert ($stable({m_axis_tuser, total}) || $past(take && left == 15'd1));
    // What is offered stays until it is taken; so does a register's turn.
    if ($past(m_axis_tvalid && !m_axis_tready)) assert (m_axis_tvalid && $stable({m_axis_tlast, m_axis_tdata, m_axis_tuser}));
    if ($past((reg_write || reg_read) && !reg_taken)) assert ($stable({reg_write, reg_read, reg_address, reg_value}));
    assert (!(reg_write && reg_read) && (reg_write || reg_read) == (state == Act));
    if (state == Address || state == Value) assert (kind == REG_WRITE || kind == REG_READ);
  end
`endif

endmodule

`default_nettype wire
