// hostlink_regs - the registers of docs/hostlink.md: identity, control, time, counters, front end.
//
//   reg_write, reg_read --> [ registers ] --m_axis--> REG_VALUE packets
//        event_* (one clock each) --> counters
//                               board_* --> the board's own, 0x80 to 0xFF
//
// What is only read back lies in a block RAM: the counters but for their low bits, and a copy of the front end's registers.
// A reading of it waits for the counters to be in order, some five dozen clocks at most after an event.
//
// reg_address stands a clock before the access that it is for. An access waits while `board_busy`, if it is one of the board's. Unknown addresses read 0 and ignore writes. Counters wrap at 2^32. TIME_LO latches TIME_HI.

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

  // What the address means is worked out in the clock before the access.
  localparam int unsigned COUNTERS = 10, LOST = 8, LOW = 6, LOST_LOW = 14;

  logic [7:0] at;
  logic       beyond, front, counter;          // the board's; of the front end; a counter

  always_ff @(posedge clk) begin
    at      <= reg_address[31:8] == 0 ? reg_address[7:0] : 8'hFF;      // nothing lives at 0xFF
    beyond  <= reg_address[31:7] == 25'd1;
    front   <= reg_address[31:3] == 29'h08;
    counter <= reg_address[31:4] == 28'h1 && reg_address[3:0] < 4'(COUNTERS);
  end

  // The board's -------------------------------------------------------------------------

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

  // Counters: what happened lately is counted beside the memory, LOW bits each, and carried into it one counter at a time.
  // A carry waits 5 COUNTERS clocks and a few more; the next one is 2^LOW events away, so none is lost even if all happens always.

  wire [COUNTERS-1:0] happened = {event_link_error, 1'b0, event_tx_underrun, event_tx_late, event_tx_frame,
                                  event_rx_signal_bad, event_rx_detected, event_rx_dropped, event_rx_fcs_bad, event_rx_frame};

  logic [COUNTERS*LOW-1:0] low;
  logic [LOST_LOW-1:0]     lost_low;
  logic [COUNTERS-1:0]     carry;               // waits to be added
  logic [COUNTERS-1:0]     carried;             // is being added

  wire [LOST_LOW:0] lost_sum = {1'b0, lost_low} + (LOST_LOW + 1)'(iq_lost);

  always_ff @(posedge clk) begin
    carry <= carry & ~carried;
    for (int n = 0; n < COUNTERS; n++) begin
      if (happened[n]) begin
        low[LOW*n +: LOW] <= low[LOW*n +: LOW] + 1'b1;
        if (&low[LOW*n +: LOW]) carry[n] <= 1'b1;
      end
    end
    if (iq_lost != 0) begin
      lost_low <= lost_sum[LOST_LOW-1:0];
      if (lost_sum[LOST_LOW]) carry[LOST] <= 1'b1;
    end
    if (rst) {low, lost_low, carry} <= '0;
  end

  // The memory: {0, counter}, its low bits 0, and {1, front-end register}. A word counts once it has been written. -------

  typedef enum logic [2:0] {Rest, Fetch, Take, Add, Store} state_e;
  logic [2:0]  state;

  (* ram_style = "block", no_rw_check *)        // never read where it is written: see the assertion
  logic [31:0] mem [32];
  logic [31:0] mem_q;
  logic [31:0] written;
  logic [3:0]  nth;                             // the counter in work

  wire         stores  = state == Store && !(reg_write && front);       // the host comes first

  wire         write   = (reg_write && front) || stores;
  wire [4:0]   wr_at   = stores ? {1'b0, nth} : {2'b10, at[2:0]};
  logic [31:0] added;
  logic [31:0] so_far;
  wire [31:0]  wr_word = stores ? added : reg_value;
  wire         get     = reg_read && !m_axis_tvalid && (beyond ? !board_busy : state == Rest && carry == 0);
  wire         read    = (get && !beyond) || state == Fetch;
  wire [4:0]   rd_at   = state == Fetch ? {1'b0, nth} : front ? {2'b10, at[2:0]} : {1'b0, at[3:0]};

  always_comb begin
    carried = '0;
    if (stores) carried[nth] = 1'b1;
  end

  always_ff @(posedge clk) begin
    if (write) mem[wr_at] <= wr_word;
    if (read)  mem_q <= mem[rd_at];
  end

  always_ff @(posedge clk) begin
    if (write) written[wr_at] <= 1'b1;
    so_far <= written[{1'b0, nth}] ? mem_q : '0;
    added  <= so_far + (nth == 4'(LOST) ? 32'(1 << LOST_LOW) : 32'(1 << LOW));
    if (state == Fetch)     state <= Take;
    else if (state == Take) state <= Add;
    else if (state == Add)  state <= Store;
    else if (stores)        state <= Rest;
    else if (state == Rest) begin
      if (carry != 0) state <= Fetch;
      for (int n = COUNTERS - 1; n >= 0; n--) if (carry[n]) nth <= 4'(n);
    end
    if (rst) begin
      state   <= Rest;
      written <= '0;
    end
  end

  always_ff @(posedge clk) if (!rst) assert (!(write && read && wr_at == rd_at));

  // Read: header, address, tag, value -------------------------------------------------

  logic [31:0] time_hi, tag, value;
  logic [31:0] address;
  logic [1:0]  word;
  logic        fetched;                         // the memory's word comes in this clock

  logic [LOW-1:0] lately;                       // of the counter at `at`

  always_comb begin
    lately = '0;
    for (int n = 0; n < COUNTERS; n++) if (at[3:0] == 4'(n)) lately = low[LOW*n +: LOW];
  end

  assign reg_taken    = reg_write ? !(beyond && board_busy) : get;
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
    fetched <= 1'b0;
    if (fetched) value <= value | mem_q;
    if (get) begin
      m_axis_tvalid <= 1'b1;
      word    <= '0;
      address <= reg_address;
      tag     <= reg_value;
      fetched <= (front || counter) && written[rd_at];
      if (at == 8'h04) time_hi <= now[63:32];
      case (at)
        8'h00:   value <= ID;
        8'h01:   value <= VERSION;
        8'h02:   value <= CAPS;
        8'h03:   value <= {28'd0, fcs_bad_too, loopback, rx_iq, rx_frames};
        8'h04:   value <= now[31:0];
        8'h05:   value <= time_hi;
        8'h08:   value <= TX_SPACE;
        8'h18:   value <= 32'(lost_low);
        default: value <= beyond ? board_result : counter ? 32'(lately) : '0;
      endcase
    end else if (m_axis_tvalid && m_axis_tready) begin
      word <= word + 1'b1;
      if (m_axis_tlast) m_axis_tvalid <= 1'b0;
    end
    if (rst) begin
      {m_axis_tvalid, fetched} <= '0;
      time_hi <= '0;
    end
  end

endmodule

`default_nettype wire
