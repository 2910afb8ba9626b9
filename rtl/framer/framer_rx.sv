// framer_rx - the receive side of the framer: what rx decodes becomes RX_FRAME packets, whole or not at all.
//
//   s_desc, s_axis (octets) --> [ pack, check the FCS ] --> [ queue of whole frames ] --> m_axis
//
// Receivers cannot wait: a frame that finds no room is swallowed to its end and counted, and so is one with a bad FCS
// unless `fcs_bad_too`. In the queue the descriptor's words stand in front of the octets; the head, written last,
// tells what only the end does. A frame whose octets are not as many as its descriptor says is
// treated as one with a bad FCS and never delivered.

`default_nettype none

module framer_rx #(
  parameter int unsigned QUEUE_WORDS = 4096
) (
  input  wire  logic        clk,
  input  wire  logic        rst,               // synchronous, active high
  input  wire  logic        enable,            // else frames are swallowed, uncounted
  input  wire  logic        fcs_bad_too,

  input  wire  logic [3:0]  s_desc_rate,       // from rx, before or with the first octet
  input  wire  logic [11:0] s_desc_length,
  input  wire  logic [31:0] s_desc_energy,
  input  wire  logic [31:0] s_desc_signal,
  input  wire  logic [31:0] s_desc_noise,
  input  wire  logic [31:0] s_desc_cfo,
  input  wire  logic [63:0] s_desc_time,
  input  wire  logic        s_desc_tvalid,
  output       logic        s_desc_tready,

  input  wire  logic [7:0]  s_axis_tdata,
  input  wire  logic        s_axis_tlast,
  input  wire  logic        s_axis_tvalid,
  output       logic        s_axis_tready,

  output       logic [31:0] m_axis_tdata,      // RX_FRAME
  output       logic        m_axis_tlast,
  output       logic        m_axis_tvalid,
  input  wire  logic        m_axis_tready,

  output       logic        event_frame,       // put into the queue
  output       logic        event_fcs_bad,
  output       logic        event_dropped,     // for want of room
  output       logic        idle,
  output       logic        waits              // for an octet: till one comes nothing moves here
);

  // Writer: descriptor, octets four to a word, verdict -----------------------------------

  typedef enum logic [2:0] {Describe, Octets, Word, Verdict, Close} state_e;
  logic [2:0]  state;

  logic [2:0]  field;                          // next descriptor word
  logic [3:0]  rate;
  logic [11:0] length, count;                  // octets promised, octets seen
  logic [31:0] word, crc, crc_next;
  logic        good, fcs_good;
  logic        wanted;                         // `enable` when the frame began
  logic        lost;                           // a word found no room

  framer_fcs fcs (.crc, .octet(s_axis_tdata), .next(crc_next), .good);

  logic [31:0] described;
  always_comb begin
    case (field)
      3'd0:    described = s_desc_energy;
      3'd1:    described = s_desc_signal;
      3'd2:    described = s_desc_noise;
      3'd3:    described = s_desc_cfo;
      3'd4:    described = s_desc_time[31:0];
      default: described = s_desc_time[63:32];
    endcase
  end

  wire whole   = fcs_good && count == length;
  wire worth   = wanted && (whole || (fcs_bad_too && count == length));
  wire offer   = !lost && ((state == Describe && s_desc_tvalid) || state == Word || (state == Verdict && worth));
  wire room;
  logic        kept;                           // the frame has gone into the queue; Close forgets it otherwise

  assign s_desc_tready = state == Describe && field == 3'd5;
  assign s_axis_tready = state == Octets;

  always_ff @(posedge clk) begin
    event_frame   <= 1'b0;
    event_fcs_bad <= 1'b0;
    event_dropped <= 1'b0;
    if (offer && !room) lost <= 1'b1;

    case (state)
      Describe: if (s_desc_tvalid) begin
        field  <= field + 1'b1;
        rate   <= s_desc_rate;
        length <= s_desc_length;
        count  <= '0;
        crc    <= '1;
        wanted <= enable;
        if (s_desc_tready) begin
          field <= '0;
          state <= Octets;
        end
      end

      Octets: if (s_axis_tvalid) begin
        word[8 * count[1:0] +: 8] <= s_axis_tdata;
        if (count[1:0] == 2'd0) word[31:8] <= '0;
        count    <= count + 1'b1;
        crc      <= crc_next;
        fcs_good <= good;
        if (s_axis_tlast)             state <= Verdict;
        else if (count[1:0] == 2'd3)  state <= Word;
      end

      Word: state <= Octets;

      Verdict: begin                            // the last word is offered, if it is worth it
        state         <= Close;
        kept          <= offer && room;
        event_frame   <= offer && room;
        event_fcs_bad <= wanted && !whole;
        event_dropped <= worth && !(offer && room);
      end

      default: begin                            // Close: the queue writes the head, or forgets
        state <= Describe;
        lost  <= 1'b0;
      end
    endcase

    if (rst) begin
      state <= Describe;
      field <= '0;
      lost  <= 1'b0;
      {event_frame, event_fcs_bad, event_dropped} <= '0;
    end
  end

  wire [31:0] head = {length, 15'd0, whole, rate};
  wire [31:0] queued;
  wire        queued_last, queued_valid, queued_ready, queue_empty;

  fifo_frame #(.WIDTH(32), .DEPTH(QUEUE_WORDS)) queue (
    .clk, .rst,
    .s_axis_tdata(state == Describe ? described : word), .s_axis_tuser(head), .s_axis_tlast(state == Verdict),
    .s_axis_tvalid(offer), .s_axis_tready(room), .s_drop(state == Close && !kept),
    .m_axis_tdata(queued), .m_axis_tlast(queued_last), .m_axis_tvalid(queued_valid), .m_axis_tready(queued_ready),
    .empty(queue_empty)
  );

  // Reader: the head becomes the packet's header and two words, the rest follows --------------

  logic [1:0] part;                            // 0 header, 1 and 2 from the head, 3 as queued

  logic [7:0] mbps;
  always_comb begin
    case (queued[3:0])
      ofdm_pkg::Rate6:  mbps = 8'd6;
      ofdm_pkg::Rate9:  mbps = 8'd9;
      ofdm_pkg::Rate12: mbps = 8'd12;
      ofdm_pkg::Rate18: mbps = 8'd18;
      ofdm_pkg::Rate24: mbps = 8'd24;
      ofdm_pkg::Rate36: mbps = 8'd36;
      ofdm_pkg::Rate48: mbps = 8'd48;
      default:          mbps = 8'd54;
    endcase
    case (part)
      2'd0:    m_axis_tdata = {16'(queued[31:20]) + 16'd32, 16'h905A};
      2'd1:    m_axis_tdata = {4'd0, queued[31:20], mbps, 8'd1};
      2'd2:    m_axis_tdata = {31'd0, queued[4]};
      default: m_axis_tdata = queued;
    endcase
  end

  assign m_axis_tvalid = queued_valid;
  assign m_axis_tlast  = part == 2'd3 && queued_last;
  assign queued_ready  = m_axis_tready && part >= 2'd2;
  assign waits         = state == Octets && !s_axis_tvalid && !queued_valid;
  assign idle          = state == Describe && field == 0 && !s_desc_tvalid && queue_empty;

  always_ff @(posedge clk) begin
    if (m_axis_tvalid && m_axis_tready) begin
      if (part != 2'd3)     part <= part + 1'b1;
      else if (queued_last) part <= '0;
    end
    if (rst) part <= '0;
  end

`ifdef FORMAL
  initial assume (rst);
  // rx: descriptors and octets stay until taken; a frame has at most 4,095 octets.
  always @(posedge clk) if (!rst) begin
    if ($past(!rst && s_desc_tvalid && !s_desc_tready)) assume (s_desc_tvalid && $stable({s_desc_rate, s_desc_length, s_desc_energy,
                                                                 s_desc_signal, s_desc_noise, s_desc_cfo, s_desc_time}));
    if (state == Octets && count == 12'd4094) assume (s_axis_tlast);
  end

  logic [10:0] put;                            // words of the frame in work that the queue took
  logic [11:0] promised;                       // the descriptor's length
  logic [10:0] full;                           // words that it comes to
  always_comb full = 11'd6 + 11'(count[11:2]) + 11'(count[1:0] != 0);

  always @(posedge clk) begin
    if (offer && room) put <= put + 1'b1;
    if (s_desc_tvalid && s_desc_tready) promised <= s_desc_length;
    if (rst || state == Close) put <= '0;
  end

  always @(posedge clk) if (!rst && $past(!rst)) begin
    assert (state <= Close && field <= 3'd5 && (field == 0 || state == Describe));
    if (state == Describe && !lost) assert (put == 11'(field));
    if (state != Describe) assert (length == promised && count <= 12'd4095);
    if (state == Octets)           assert (count <= 12'd4094);
    if (state == Octets && !lost)  assert (put == 11'd6 + 11'(count[11:2]));
    if (state == Word)             assert (count[1:0] == 0 && count != 0 && count <= 12'd4094);
    if (state == Word && !lost)    assert (put == 11'd5 + 11'(count[11:2]));
    if (state == Verdict)          assert (count != 0);
    if (state == Verdict && !lost) assert (put == full - 1'b1);
    // A frame that is kept is there to its last word, as many as its descriptor says; one that is not is forgotten.
    if (state == Close && kept)    assert (!lost && put == full && count == length);
    if (state == Close)            assert (kept == event_frame);
    assert (event_frame + event_dropped <= 1);                     // delivered or lost, not both
    if ($past(state == Verdict && wanted)) assert (event_frame || event_dropped || event_fcs_bad);
  end

  // The reader: a header and the head's two words, then the queue's up to its last; what is offered stays until taken.
  always @(posedge clk) if (!rst && $past(!rst)) begin
    if ($past(m_axis_tvalid && m_axis_tready)) assert (part == ($past(m_axis_tlast) ? 2'd0 : $past(part) == 2'd3 ? 2'd3 : $past(part) + 2'd1));
    else assert ($stable(part));
    if ($past(m_axis_tvalid && !m_axis_tready)) assert (m_axis_tvalid && $stable({m_axis_tlast, m_axis_tdata}));
    if (queued_valid && queued_ready) assert (part == 2'd2 || part == 2'd3);
  end
`endif

endmodule

`default_nettype wire
