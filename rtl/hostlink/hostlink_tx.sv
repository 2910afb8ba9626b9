// hostlink_tx - joins the board's packets to the host into one stream, a whole packet at a time.
//
//   registers  --s_value-->  \
//   statuses   --s_status-->  [ by this order of rank ] --> m_host
//   frames     --s_frame-->  /
//   I/Q        --s_iq-->    /
//
// Short answers come before bulk, and no source can starve them for longer than a packet. Each
// source brings its packet with the header word; tlast ends it. The choice has a clock of its own, between packets; a word
// leaves before the next is taken, so one every other clock at most: no tready here hangs on the host's.

`default_nettype none

module hostlink_tx (
  input  wire  logic        clk,
  input  wire  logic        rst,               // synchronous, active high

  input  wire  logic [31:0] s_value_tdata,
  input  wire  logic        s_value_tlast,
  input  wire  logic        s_value_tvalid,
  output       logic        s_value_tready,

  input  wire  logic [31:0] s_status_tdata,
  input  wire  logic        s_status_tlast,
  input  wire  logic        s_status_tvalid,
  output       logic        s_status_tready,

  input  wire  logic [31:0] s_frame_tdata,
  input  wire  logic        s_frame_tlast,
  input  wire  logic        s_frame_tvalid,
  output       logic        s_frame_tready,

  input  wire  logic [31:0] s_iq_tdata,
  input  wire  logic        s_iq_tlast,
  input  wire  logic        s_iq_tvalid,
  output       logic        s_iq_tready,

  output       logic [31:0] m_host_tdata,
  output       logic        m_host_tlast,
  output       logic        m_host_tvalid,
  input  wire  logic        m_host_tready
);

  logic       open;                            // a packet is under way, from `holder`
  logic [1:0] holder;
  logic [1:0] first;

  always_comb begin
    if (s_value_tvalid)       first = 2'd0;
    else if (s_status_tvalid) first = 2'd1;
    else if (s_frame_tvalid)  first = 2'd2;
    else                      first = 2'd3;
  end

  wire any  = s_value_tvalid || s_status_tvalid || s_frame_tvalid || s_iq_tvalid;
  wire room = !m_host_tvalid;

  assign s_value_tready  = room && open && holder == 2'd0;
  assign s_status_tready = room && open && holder == 2'd1;
  assign s_frame_tready  = room && open && holder == 2'd2;
  assign s_iq_tready     = room && open && holder == 2'd3;

  logic [31:0] word;
  logic        last, valid;

  always_comb begin
    case (holder)
      2'd0:    {valid, last, word} = {s_value_tvalid, s_value_tlast, s_value_tdata};
      2'd1:    {valid, last, word} = {s_status_tvalid, s_status_tlast, s_status_tdata};
      2'd2:    {valid, last, word} = {s_frame_tvalid, s_frame_tlast, s_frame_tdata};
      default: {valid, last, word} = {s_iq_tvalid, s_iq_tlast, s_iq_tdata};
    endcase
  end

  always_ff @(posedge clk) begin
    if (!open) begin
      holder <= first;
      open   <= any;
    end
    if (m_host_tready) m_host_tvalid <= 1'b0;
    if (room && open && valid) begin
      m_host_tvalid <= 1'b1;
      m_host_tdata  <= word;
      m_host_tlast  <= last;
      open          <= !last;
    end
    if (rst) {m_host_tvalid, open} <= '0;
  end

`ifdef FORMAL
  initial assume (rst);
  wire [3:0] take = {s_iq_tvalid, s_frame_tvalid, s_status_tvalid, s_value_tvalid} &
                    {s_iq_tready, s_frame_tready, s_status_tready, s_value_tready};
  logic [3:0] taken;                           // who gave the word that stands at m_host
  logic       inside;                          // a packet has begun and not ended, from `owner`
  logic [3:0] owner;

  always @(posedge clk) begin
    if (take != 0) begin
      taken  <= take;
      inside <= !last;
      owner  <= take;
    end
    if (rst) inside <= 1'b0;
  end

  always @(posedge clk) if (!rst) begin
    assert (take == 0 || take == 4'd1 || take == 4'd2 || take == 4'd4 || take == 4'd8);      // one at a time
    assert (!inside || (take & ~owner) == 0);                      // nobody breaks into a packet
    if (inside) assert (open && owner == 4'd1 << holder);           // chosen before, until its last word
  end

  // What is taken leaves next, once and as it was; nothing else does.
  always @(posedge clk) if (!rst && $past(!rst)) begin
    if ($past(take != 0))            assert (m_host_tvalid && {m_host_tlast, m_host_tdata} == $past({last, word}));
    else if ($past(m_host_tready))   assert (!m_host_tvalid);
    if ($past(m_host_tvalid && !m_host_tready)) assert (m_host_tvalid && $stable({m_host_tlast, m_host_tdata}));
  end
`endif

endmodule

`default_nettype wire
