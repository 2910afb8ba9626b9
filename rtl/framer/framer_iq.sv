// framer_iq - received samples for the host: RX_IQ packets of PACKET samples with the time of the first.
//
//   rx samples --> [ queue of whole packets ] --m_axis--> host
//
// Samples cannot wait: when the queue is full the packet under way is given up whole, and samples are lost until there is
// room again. `lost` counts them; the host sees a gap between the packets' times. Clearing `enable` gives up the
// packet under way too.

`default_nettype none

module framer_iq #(
  parameter int unsigned PACKET      = 256,    // samples in a packet, a power of two
  parameter int unsigned QUEUE_WORDS = 2048
) (
  input  wire  logic        clk,
  input  wire  logic        rst,               // synchronous, active high
  input  wire  logic        enable,

  input  wire  logic [31:0] s_axis_tdata,      // {q, i}, s1.15 each; at least 4 clocks apart
  input  wire  logic [63:0] s_axis_tuser,      // time
  input  wire  logic        s_axis_tvalid,

  output       logic [31:0] m_axis_tdata,      // RX_IQ
  output       logic        m_axis_tlast,
  output       logic        m_axis_tvalid,
  input  wire  logic        m_axis_tready,

  output       logic [8:0]  lost,              // samples given up in this clock
  output       logic        idle
);

  localparam int unsigned CW = $clog2(PACKET);
  localparam logic [31:0] HEADER = {16'(8 + 4 * PACKET), 16'h915A};

  if (PACKET > 256 || PACKET != 1 << CW) begin : g_check
    $error("PACKET must be a power of two, 256 or less");
  end

  // Writer: high half of the time as the first word, samples behind it; the head is the low half. The three words of
  // the first sample's clock take three clocks, which the distance of samples leaves.
  typedef enum logic [1:0] {Begin, First, Next} state_e;
  logic [1:0]    state;
  logic [CW-1:0] count;                        // samples in the packet under way
  logic [31:0]   time_lo;
  logic          room, give_up;

  // A sample is looked at a clock after it came. A jump of the counter (TIME_SET) ends a packet: its
  // samples are given up like those that find no room.
  logic [31:0]   data, due;
  logic [63:0]   stamp;
  logic          valid, jumped;

  always_ff @(posedge clk) begin
    valid <= s_axis_tvalid;
    if (s_axis_tvalid) begin
      data   <= s_axis_tdata;
      stamp  <= s_axis_tuser;
      due    <= s_axis_tuser[31:0] + 1'b1;
      jumped <= s_axis_tuser[31:0] != due;
    end
    if (rst) valid <= 1'b0;
  end

  wire [31:0] word  = state == Begin ? stamp[63:32] : data;
  wire        push  = enable && !give_up && (state == First || valid);
  wire        last  = state == Next && count == CW'(PACKET - 1);
  wire        jump  = state == Next && jumped;

  always_ff @(posedge clk) begin
    lost    <= '0;
    give_up <= 1'b0;
    if (give_up || !enable) begin
      state <= Begin;
      count <= '0;
      if (enable && valid) lost <= 9'd1;
    end else if (push) begin
      if (!room || jump) begin
        lost    <= 9'(count) + 9'd1;
        give_up <= 1'b1;
      end else begin
        case (state)
          Begin: begin
            time_lo <= stamp[31:0];
            state   <= First;
          end
          First: begin
            count <= CW'(1);
            state <= Next;
          end
          default: begin
            count <= count + 1'b1;
            if (last) state <= Begin;
          end
        endcase
      end
    end
    if (rst) begin
      state <= Begin;
      count <= '0;
      {lost, give_up} <= '0;
    end
  end

  wire [31:0] queued;
  wire        queued_last, queued_valid, queued_ready, queue_empty;

  fifo_frame #(.WIDTH(32), .DEPTH(QUEUE_WORDS)) queue (
    .clk, .rst,
    .s_axis_tdata(word), .s_axis_tuser(time_lo), .s_axis_tlast(last), .s_axis_tvalid(push && !jump),
    .s_axis_tready(room), .s_drop(give_up || !enable),
    .m_axis_tdata(queued), .m_axis_tlast(queued_last), .m_axis_tvalid(queued_valid), .m_axis_tready(queued_ready),
    .empty(queue_empty)
  );

  // Reader: a header in front ------------------------------------------------------------

  logic headed;                                // the header has gone

  assign m_axis_tdata  = headed ? queued : HEADER;
  assign m_axis_tvalid = queued_valid;
  assign m_axis_tlast  = headed && queued_last;
  assign queued_ready  = m_axis_tready && headed;
  assign idle          = !enable && queue_empty;

  always_ff @(posedge clk) begin
    if (m_axis_tvalid && m_axis_tready) headed <= !m_axis_tlast;
    if (rst) headed <= 1'b0;
  end

endmodule

`default_nettype wire
