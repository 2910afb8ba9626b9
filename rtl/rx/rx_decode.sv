// rx_decode - the back half of the receiver: soft bits of subcarriers in, PSDU octets out.
//
//   s_axis --> deinterleave --> acs --> traceback --+--> descramble --> m_axis
//              and depuncture                       +--> signal --> sig_*
//
// Into it go 48 beats a symbol, subcarriers in the order k = 0..47 of IEEE 802.11-2012, 18.3.5.10, six soft
// bits each: 4 bits signed, -7..7, the number of a size (rx_acs), positive = coded bit 1, bit b (B0 first,
// 18.3.5.8) at [4*b +: 4]; what the modulation does not use is ignored. tuser is 1 on the SIGNAL symbol of a frame.
//
// A SIGNAL is answered by one pulse of sig_valid, about 70 clocks after its last beat when nothing
// else is under way. After sig_ok the next sig_symbols symbols are the frame's, and sig_length octets
// leave, always; the last at most 500 clocks after the last beat. Data symbols that belong to no frame
// are swallowed. Two symbols wait inside, the rest outside (tready): a SIGNAL behind the
// last symbol of a frame waits for that frame's last traceback, not for its octets to leave.
//
// A frame ends early when a SIGNAL comes before its last symbol, or by abort. What has come as
// whole symbols is decoded, and zeros make up the length. abort also drops the symbol half received and
// every SIGNAL not yet answered, and then lets beats pass unheard until the next SIGNAL. A
// sig_valid in the clock of abort still counts; none follows. There is no time limit in here: when
// symbols fail to come, the front half must say so by abort.

`default_nettype none

module rx_decode (
  input  wire  logic        clk,
  input  wire  logic        rst,              // synchronous, active high

  input  wire  logic [23:0] s_axis_tdata,
  input  wire  logic        s_axis_tuser,
  input  wire  logic        s_axis_tvalid,
  output       logic        s_axis_tready,
  input  wire  logic        abort,

  output       logic        sig_valid,        // a pulse; the fields stay until the next
  output       logic        sig_ok,
  output       logic [3:0]  sig_rate,         // ofdm_pkg::rate_e
  output       logic [11:0] sig_length,
  output       logic [15:0] sig_symbols,

  output       logic [7:0]  m_axis_tdata,
  output       logic        m_axis_tvalid,
  output       logic        m_axis_tlast,
  input  wire  logic        m_axis_tready,

  output       logic        busy              // a whole symbol or a frame is inside
);

  localparam logic [7:0] SIGNAL_STEPS = 8'd24;

  typedef enum logic [2:0] {
    Idle,                                     // waits for a SIGNAL symbol
    Signal,                                   // decodes it
    Parse,                                    // reads it
    Data,                                     // takes the frame's symbols
    Flush                                     // last traceback
  } state_e;

  logic [2:0]  state;
  logic        muted;                         // the SIGNAL in work was aborted
  logic        aborted;                       // the frame in work was
  logic        cut;                           // the frame ended early
  logic        loaded;                        // the descrambler has the frame's length
  logic [15:0] left;                          // trellis steps of the frame to come

  // The chain --------------------------------------------------------------------------------------

  wire         symbol_valid, symbol_signal, symbol_dead;
  wire         symbol_take, symbol_drop;
  wire  [3:0]  symbol_rate;
  wire  [7:0]  symbol_steps;
  wire  [7:0]  step;
  wire         step_valid, step_ready;
  wire         deinterleave_busy, acs_busy, descramble_busy;

  wire         start;                         // of a trellis block
  wire         finish, done;
  wire  [63:0] decision;
  wire         decision_valid;
  wire  [7:0]  cost;
  wire  [8:0]  weight;
  wire  [23:0] bits;

  wire         parsed, parsed_ok;
  wire         load;
  wire  [7:0]  octet;
  wire         octet_valid, octet_ready;

  rx_deinterleave deinterleave (
    .clk, .rst, .s_axis_tdata, .s_axis_tuser, .s_axis_tvalid, .s_axis_tready, .abort,
    .symbol_valid, .symbol_signal, .symbol_dead, .symbol_take, .symbol_drop, .symbol_rate, .symbol_steps,
    .m_axis_tdata(step), .m_axis_tvalid(step_valid), .m_axis_tready(step_ready), .busy(deinterleave_busy)
  );

  rx_acs acs (
    .clk, .rst, .start, .s_axis_tdata(step), .s_axis_tvalid(step_valid && step_ready),
    .decision, .decision_valid, .busy(acs_busy), .cost, .weight
  );

  rx_traceback traceback (
    .clk, .rst, .start, .quiet(state == Signal), .go(loaded),
    .s_data(decision), .s_valid(decision_valid), .s_ready(step_ready), .finish, .done, .bits,
    .m_axis_tdata(octet), .m_axis_tvalid(octet_valid), .m_axis_tready(octet_ready)
  );

  rx_signal signal (
    .clk, .rst, .start(state == Signal && done), .bits, .cost, .weight,
    .valid(parsed), .ok(parsed_ok), .rate(sig_rate), .length(sig_length), .symbols(sig_symbols)
  );

  rx_descramble descramble (
    .clk, .rst, .start(load), .length(sig_length), .cut(state == Flush && done && cut), .busy(descramble_busy),
    .s_axis_tdata(octet), .s_axis_tvalid(octet_valid), .s_axis_tready(octet_ready),
    .m_axis_tdata, .m_axis_tlast, .m_axis_tvalid, .m_axis_tready
  );

  // Who takes the next symbol, and as what ------------------------------------------------------------

  logic [7:0] n_dbps;                         // of sig_rate, which is known long before the first symbol

  always_ff @(posedge clk) n_dbps <= ofdm_pkg::n_dbps(sig_rate);

  wire take_signal = state == Idle && symbol_valid && symbol_signal && !symbol_dead && !abort;
  wire take_data   = state == Data && symbol_valid && !symbol_signal;
  wire last_data   = left <= {8'b0, n_dbps};

  assign symbol_take  = take_signal || take_data;
  assign symbol_drop  = state == Idle && symbol_valid && (!symbol_signal || symbol_dead);
  assign symbol_rate  = take_signal ? ofdm_pkg::Rate6 : sig_rate;
  assign symbol_steps = take_signal ? SIGNAL_STEPS : last_data ? left[7:0] : n_dbps;

  // After abort no data symbol can become whole, so an empty bank is the end.
  wire cut_now = state == Data && !deinterleave_busy
                 && (symbol_valid ? symbol_signal : aborted);

  wire announce = state == Parse && parsed && parsed_ok && !muted && !abort;

  assign start  = take_signal || announce;
  assign finish = (state == Signal || (state == Flush && loaded)) && !deinterleave_busy && !acs_busy;
  assign load   = (state == Data || state == Flush) && !loaded && !descramble_busy;

  always_ff @(posedge clk) begin
    case (state)
      Idle:    if (take_signal) state <= Signal;
      Signal:  if (done) state <= Parse;
      Parse:   if (parsed) state <= announce ? Data : Idle;
      Data:    if (cut_now || (take_data && last_data)) state <= Flush;
      default: if (done) state <= Idle;
    endcase

    if (take_signal) muted <= 1'b0;
    else if (abort)  muted <= 1'b1;

    if (announce)   aborted <= 1'b0;
    else if (abort) aborted <= 1'b1;

    if (announce)     cut <= 1'b0;
    else if (cut_now) cut <= 1'b1;

    if (announce)  loaded <= 1'b0;
    else if (load) loaded <= 1'b1;

    if (announce)       left <= {1'b0, sig_length, 3'b0} + 16'd22;
    else if (take_data) left <= left - {8'b0, symbol_steps};

    sig_valid <= state == Parse && parsed && !muted && !abort;
    sig_ok    <= announce;

    if (rst) begin
      state <= Idle;
      {sig_valid, sig_ok} <= '0;
    end
  end

  assign busy = state != Idle || symbol_valid || descramble_busy || m_axis_tvalid;

endmodule

`default_nettype wire
