// rx - IEEE 802.11 OFDM receiver: antenna samples in, PSDU octets out.
//
//   s_axis --> dc --> acquire --> fft64 --> equalise --> decode --> m_axis
//                        ^                     ^ |          |
//                        |   done, refused     | +----------+--> m_desc
//                        +---------------------+-- SIGNAL --+
//
// Each frame whose SIGNAL is good gives one descriptor, offered before its first octet, and exactly LENGTH octets, zeros
// behind what was heard of a frame that broke off. Meaning of the descriptor: docs/hostlink.md, RX_FRAME. A frame's data wait until the last descriptor was taken.
//
// Clock: at least four to a sample, since a symbol of 80 samples keeps the equaliser busy for 280.
// While `busy` is low and zeros come in, nothing here changes that matters: the clock may stop, and time may jump.

`default_nettype none

module rx (
  input  wire  logic               clk,
  input  wire  logic               rst,          // synchronous, active high
  input  wire  logic               enable,       // begin new frames

  input  wire  logic        [31:0] s_axis_tdata, // {q, i}, s1.15
  input  wire  logic        [63:0] s_axis_tuser, // time of the sample
  input  wire  logic               s_axis_tvalid,

  output       logic        [3:0]  m_desc_rate,  // ofdm_pkg::rate_e
  output       logic        [11:0] m_desc_length,
  output       logic        [31:0] m_desc_energy,
  output       logic        [31:0] m_desc_signal,
  output       logic        [31:0] m_desc_noise,
  output       logic signed [31:0] m_desc_cfo,
  output       logic        [63:0] m_desc_time,
  output       logic               m_desc_tvalid,
  input  wire  logic               m_desc_tready,

  output       logic        [7:0]  m_axis_tdata,
  output       logic               m_axis_tvalid,
  output       logic               m_axis_tlast,
  input  wire  logic               m_axis_tready,

  output       logic               event_detected,
  output       logic               event_signal_bad,
  output       logic               busy
);

  logic [31:0] sample, carrier;
  logic [1:0]  sample_kind, carrier_kind;
  logic        sample_valid, sample_ready;
  logic        carrier_valid, carrier_ready;
  logic [23:0] soft_bits;
  logic        soft_signal, soft_valid, soft_ready;
  logic        flush, lost, going, frame_done, symbol_done, data_go;
  logic        acquire_busy, decode_busy;
  logic        back_clk;                         // clk; stands while all behind the detector sleeps

  logic        sig_valid, sig_ok;
  logic [3:0]  sig_rate;
  logic [11:0] sig_length;
  logic [15:0] sig_symbols;

  logic [31:0] energy, signal_part, noise_part;
  logic [63:0] start_time;
  logic signed [31:0] offset;

  logic [31:0] level_data;                       // free of the mixer's constant
  logic [63:0] level_time;
  logic        level_valid;

  rx_dc i_dc (
    .clk, .rst, .s_axis_tdata, .s_axis_tuser, .s_axis_tvalid,
    .m_axis_tdata(level_data), .m_axis_tuser(level_time), .m_axis_tvalid(level_valid)
  );

  rx_acquire i_acquire (
    .clk, .rst, .enable, .s_axis_tdata(level_data), .s_axis_tuser(level_time), .s_axis_tvalid(level_valid),
    .m_axis_tdata(sample), .m_axis_tuser(sample_kind), .m_axis_tvalid(sample_valid), .m_axis_tready(sample_ready),
    .signal_valid(sig_valid), .signal_ok(sig_ok), .symbol_done, .frame_done, .going, .flush, .lost,
    .energy, .offset, .start_time, .event_detected, .busy(acquire_busy), .back_clk, .awake(decode_busy || m_desc_tvalid || m_axis_tvalid)
  );

  /* verilator lint_off PINCONNECTEMPTY */
  /* verilator lint_off UNUSEDSIGNAL */
  logic inverse;                                 // comes back as it went in: 0
  /* verilator lint_on UNUSEDSIGNAL */
  fft64 #(.WIDTH(16), .USER(3), .CENTRED(1'b1)) i_fft (
    .clk(back_clk), .rst(rst || flush), .s_axis_tdata(sample), .s_axis_tuser({sample_kind, 1'b0}),
    .s_axis_tvalid(sample_valid), .s_axis_tready(sample_ready),
    .m_axis_tdata(carrier), .m_axis_tuser({carrier_kind, inverse}), .m_axis_tlast(),
    .m_axis_tvalid(carrier_valid), .m_axis_tready(carrier_ready)
  );
  /* verilator lint_on PINCONNECTEMPTY */

  rx_equalise i_equalise (
    .clk(back_clk), .rst(rst || flush), .s_axis_tdata(carrier), .s_axis_tuser(carrier_kind),
    .s_axis_tvalid(carrier_valid), .s_axis_tready(carrier_ready),
    .data_mod(ofdm_pkg::rate_mod(m_desc_rate)), .data_go, .signal_part, .noise_part,
    .m_axis_tdata(soft_bits), .m_axis_tuser(soft_signal), .m_axis_tvalid(soft_valid), .m_axis_tready(soft_ready),
    .symbol_done
  );

  rx_decode i_decode (
    .clk(back_clk), .rst, .s_axis_tdata(soft_bits), .s_axis_tuser(soft_signal), .s_axis_tvalid(soft_valid),
    .s_axis_tready(soft_ready), .abort(lost), .sig_valid, .sig_ok, .sig_rate, .sig_length, .sig_symbols,
    .m_axis_tdata, .m_axis_tvalid, .m_axis_tlast, .m_axis_tready, .busy(decode_busy)
  );

  // The frame in work --------------------------------------------------------------------------------------

  logic        announce;                         // SIGNAL is good, its descriptor not yet offered
  logic        ended;                            // .. and the frame is over, lost
  logic [15:0] symbols;                          // data symbols still to hand over

  always_ff @(posedge back_clk) begin
    if (m_desc_tready) m_desc_tvalid <= 1'b0;
    if (sig_valid && sig_ok) begin
      announce <= 1'b1;
      ended    <= 1'b0;
      symbols  <= sig_symbols;
    end
    if (announce && !m_desc_tvalid) begin
      announce      <= 1'b0;
      data_go       <= !ended;
      m_desc_rate   <= sig_rate;
      m_desc_length <= sig_length;
      m_desc_energy <= energy;
      m_desc_signal <= signal_part;
      m_desc_noise  <= noise_part;
      m_desc_cfo    <= offset;
      m_desc_time   <= start_time;
      m_desc_tvalid <= 1'b1;
    end
    if (symbol_done) symbols <= symbols - 1'b1;
    going      <= (announce || data_go) && symbols > 16'd4;
    frame_done <= symbol_done && symbols == 16'd1;
    if (flush) ended <= 1'b1;
    if (rst || flush) {data_go, frame_done, going} <= '0;
    if (rst) {announce, m_desc_tvalid} <= '0;
  end

  assign event_signal_bad = sig_valid && !sig_ok;
  assign busy = acquire_busy || decode_busy || m_desc_tvalid || m_axis_tvalid;

endmodule

`default_nettype wire
