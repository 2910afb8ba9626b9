// hostlink_regs - the registers of docs/hostlink.md: identity, control, time, counters, front end.
//
//   reg_write, reg_read --> [ registers ] --m_axis--> REG_VALUE packets
//        event_* (one clock each) --> counters
//                               board_* --> the board's own, 0x80 to 0xFF
//
// An access waits while `board_busy`, if it is one of the board's. Unknown addresses read 0 and ignore writes. Counters wrap at 2^32. TIME_LO latches TIME_HI.

`default_nettype none

module hostlink_regs #(
  parameter int unsigned CLOCKS_PER_SAMPLE = 4,
  parameter int unsigned TX_SPACE          = 16384
) (
  input  wire  logic        clk,
  input  wire  logic        rst,               // synchronous, active high

  input  wire  logic        reg_write,         // until reg_taken, both
  input  wire  logic        reg_read,
  output       logic        reg_taken,
  input  wire  logic [31:0] reg_address,
  input  wire  logic [31:0] reg_value,

  output       logic [31:0] m_axis_tdata,      // REG_VALUE
  output       logic        m_axis_tlast,
  output       logic        m_axis_tvalid,
  input  wire  logic        m_axis_tready,

  input  wire  logic [63:0] now,
  output       logic        time_set,          // for one clock
  output       logic [63:0] time_value,

  output       logic        rx_frames,         // CONTROL
  output       logic        rx_iq,
  output       logic        loopback,
  output       logic        fcs_bad_too,

  input  wire  logic        event_rx_frame, event_rx_fcs_bad, event_rx_dropped, event_rx_detected,
  input  wire  logic        event_rx_signal_bad, event_tx_frame, event_tx_late, event_tx_underrun,
  input  wire  logic        event_link_error,
  input  wire  logic [8:0]  iq_lost,           // samples lost in this clock

  output       logic [63:0] fe_rx_hz,
  output       logic [63:0] fe_tx_hz,
  output       logic [31:0] fe_rate,
  output       logic [31:0] fe_rx_gain,
  output       logic [31:0] fe_tx_gain,
  output       logic [31:0] fe_rx_antenna,

  output       logic        board_write,       // until not board_busy, both
  output       logic        board_read,
  input  wire  logic        board_busy,
  output       logic [6:0]  board_address,     // 0 is 0x80
  output       logic [31:0] board_value,
  input  wire  logic [31:0] board_result       // of a read, in the clock in which it ends
);

  localparam logic [31:0] ID      = 32'h534B5957;            // "SKYW"
  localparam logic [31:0] VERSION = 32'h0001_0001;
  localparam logic [31:0] CAPS    = {14'd0, 2'b11, 8'd16, 8'(CLOCKS_PER_SAMPLE)};

  wire [7:0] at = reg_address[31:8] == 0 ? reg_address[7:0] : 8'hFF;   // nothing lives at 0xFF

  // The board's -------------------------------------------------------------------------

  wire   beyond        = reg_address[31:7] == 25'd1;
  assign board_write   = reg_write && beyond;
  assign board_read    = reg_read && beyond && !m_axis_tvalid;
  assign board_address = reg_address[6:0];
  assign board_value   = reg_value;

  // Written by the host ---------------------------------------------------------------

  logic [31:0] set_lo;

  always_ff @(posedge clk) begin
    time_set <= 1'b0;
    if (reg_write) begin
      case (at)
        8'h03: {fcs_bad_too, loopback, rx_iq, rx_frames} <= reg_value[3:0];
        8'h06: set_lo <= reg_value;
        8'h07: begin
          time_set   <= 1'b1;
          time_value <= {reg_value, set_lo};
        end
        8'h40: fe_rx_hz[31:0]  <= reg_value;
        8'h41: fe_rx_hz[63:32] <= reg_value;
        8'h42: fe_tx_hz[31:0]  <= reg_value;
        8'h43: fe_tx_hz[63:32] <= reg_value;
        8'h44: fe_rate         <= reg_value;
        8'h45: fe_rx_gain      <= reg_value;
        8'h46: fe_tx_gain      <= reg_value;
        8'h47: fe_rx_antenna   <= reg_value;
        default: ;
      endcase
    end
    if (rst) begin
      {fcs_bad_too, loopback, rx_iq, rx_frames, time_set} <= '0;
      {set_lo, fe_rx_hz, fe_tx_hz, fe_rate, fe_rx_gain, fe_tx_gain, fe_rx_antenna} <= '0;
    end
  end

  // Counters --------------------------------------------------------------------------

  logic [31:0] n_rx_frame, n_fcs_bad, n_dropped, n_detected, n_signal_bad;
  logic [31:0] n_tx_frame, n_late, n_underrun, n_iq_lost, n_link_error;

  always_ff @(posedge clk) begin
    if (event_rx_frame)      n_rx_frame   <= n_rx_frame + 1'b1;
    if (event_rx_fcs_bad)    n_fcs_bad    <= n_fcs_bad + 1'b1;
    if (event_rx_dropped)    n_dropped    <= n_dropped + 1'b1;
    if (event_rx_detected)   n_detected   <= n_detected + 1'b1;
    if (event_rx_signal_bad) n_signal_bad <= n_signal_bad + 1'b1;
    if (event_tx_frame)      n_tx_frame   <= n_tx_frame + 1'b1;
    if (event_tx_late)       n_late       <= n_late + 1'b1;
    if (event_tx_underrun)   n_underrun   <= n_underrun + 1'b1;
    if (event_link_error)    n_link_error <= n_link_error + 1'b1;
    if (iq_lost != 0)        n_iq_lost    <= n_iq_lost + 32'(iq_lost);
    if (rst) begin
      {n_rx_frame, n_fcs_bad, n_dropped, n_detected, n_signal_bad} <= '0;
      {n_tx_frame, n_late, n_underrun, n_iq_lost, n_link_error}    <= '0;
    end
  end

  // Read: header, address, tag, value -------------------------------------------------

  logic [31:0] time_hi, tag, value;
  logic [31:0] address;
  logic [1:0]  word;

  assign reg_taken    = (reg_write || (reg_read && !m_axis_tvalid)) && !(beyond && board_busy);
  wire   read         = reg_read && reg_taken;
  assign m_axis_tlast = word == 2'd3;

  always_comb begin
    case (word)
      2'd0:    m_axis_tdata = 32'h000C_825A;
      2'd1:    m_axis_tdata = address;
      2'd2:    m_axis_tdata = tag;
      default: m_axis_tdata = value;
    endcase
  end

  always_ff @(posedge clk) begin
    if (read) begin
      m_axis_tvalid <= 1'b1;
      word    <= '0;
      address <= reg_address;
      tag     <= reg_value;
      if (at == 8'h04) time_hi <= now[63:32];
      case (at)
        8'h00:   value <= ID;
        8'h01:   value <= VERSION;
        8'h02:   value <= CAPS;
        8'h03:   value <= {28'd0, fcs_bad_too, loopback, rx_iq, rx_frames};
        8'h04:   value <= now[31:0];
        8'h05:   value <= time_hi;
        8'h08:   value <= TX_SPACE;
        8'h10:   value <= n_rx_frame;
        8'h11:   value <= n_fcs_bad;
        8'h12:   value <= n_dropped;
        8'h13:   value <= n_detected;
        8'h14:   value <= n_signal_bad;
        8'h15:   value <= n_tx_frame;
        8'h16:   value <= n_late;
        8'h17:   value <= n_underrun;
        8'h18:   value <= n_iq_lost;
        8'h19:   value <= n_link_error;
        8'h40:   value <= fe_rx_hz[31:0];
        8'h41:   value <= fe_rx_hz[63:32];
        8'h42:   value <= fe_tx_hz[31:0];
        8'h43:   value <= fe_tx_hz[63:32];
        8'h44:   value <= fe_rate;
        8'h45:   value <= fe_rx_gain;
        8'h46:   value <= fe_tx_gain;
        8'h47:   value <= fe_rx_antenna;
        default: value <= beyond ? board_result : '0;
      endcase
    end else if (m_axis_tvalid && m_axis_tready) begin
      word <= word + 1'b1;
      if (m_axis_tlast) m_axis_tvalid <= 1'b0;
    end
    if (rst) begin
      m_axis_tvalid <= 1'b0;
      time_hi       <= '0;
    end
  end

endmodule

`default_nettype wire
