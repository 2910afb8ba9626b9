// skywave - the radio between host and antenna: what every board carries and what the simulator runs.
//
//            s_host  +-------------+ frames, I/Q +-----------+ octets +----+ wave
//   host ----------->| hostlink_rx |------------>| framer_tx |------->| tx |--------+
//                    +-------------+             +-----------+        +----+        |
//                         | reg_*                  |       ^                        |
//                    +---------------+             |       +-- scale, gate <--------+
//        fe_* <------| hostlink_regs |<- events    |             |
//                    +---------------+             |             +--> tx_i, tx_q ---> antenna
//                         |            TX_STATUS   |             :
//                    +-------------+<--------------+             : LOOPBACK
//   host <-----------| hostlink_tx |   RX_FRAME  +-----------+   v     +----+
//            m_host  |             |<------------| framer_rx |<------- | rx |<----- rx_i, rx_q
//                    +-------------+             +-----------+ octets  +----+   |
//                          ^                  RX_IQ +-----------+               |
//                          +------------------------| framer_iq |<--------------+
//                                                   +-----------+
//
// `sample` strobes at the sample rate, at least CLOCKS_PER_SAMPLE clocks apart. In its clock the antenna's registers take
// the sample of time `now`, rx_i and rx_q are taken as the sample of the same time, and the counter moves on.
// Between strobes the gates compute; the link to the host needs no strobe.
//
// `idle`: until a word comes from the host, a sample that is not zero from the antenna, or `tx_time` while `tx_waiting`,
// nothing changes but the counter. A simulator may then load the time instead of counting up to it.

`default_nettype none

module skywave #(
  parameter int unsigned CLOCKS_PER_SAMPLE = 4,
  parameter int unsigned QUEUE_WORDS       = 4096,   // of frames, each way
  parameter int unsigned IQ_WORDS          = 2048
) (
  input  wire  logic        clk,
  input  wire  logic        rst,               // synchronous, active high

  input  wire  logic [31:0] s_host_tdata,      // docs/hostlink.md, both ways
  input  wire  logic        s_host_tvalid,
  output       logic        s_host_tready,
  output       logic        hunting,           // looking for a header: a serial wire slides by a byte
  output       logic [31:0] m_host_tdata,
  output       logic        m_host_tlast,
  output       logic        m_host_tvalid,
  input  wire  logic        m_host_tready,

  input  wire  logic        sample,
  input  wire  logic [15:0] rx_i,              // s1.15
  input  wire  logic [15:0] rx_q,
  output       logic [15:0] tx_i,
  output       logic [15:0] tx_q,
  output       logic        tx_active,

  input  wire  logic        time_load,         // now = time_value; not in a clock with `sample`
  input  wire  logic [63:0] time_value,
  output       logic [63:0] now,
  output       logic        idle,
  output       logic        working,           // on an answer to the host that needs no sample
  output       logic        tx_waiting,
  output       logic [63:0] tx_time,
  output       logic        rx_busy,           // for a board's lights
  output       logic        rx_streams,        // I/Q goes to the host: every sample counts, also noise

  output       logic [63:0] fe_rx_hz,
  output       logic [63:0] fe_tx_hz,
  output       logic [31:0] fe_rate,
  output       logic [31:0] fe_rx_gain,
  output       logic [31:0] fe_tx_gain,
  output       logic [31:0] fe_rx_antenna,

  output       logic        board_write,       // the registers that a board adds: hostlink_regs
  output       logic        board_read,
  input  wire  logic        board_busy,
  output       logic [6:0]  board_address,
  output       logic [31:0] board_value,
  input  wire  logic [31:0] board_result
);

  wire host_clk, send_clk, hear_clk, hand_clk, iq_clk;      // clk, each for a part: see the foot

  // Host link and registers ----------------------------------------------------------------

  wire        reg_write, reg_read, reg_taken, link_error, link_idle;
  wire [31:0] reg_address, reg_value;
  wire [31:0] queue_data, queue_head;
  wire        queue_last, queue_valid, queue_ready;

  hostlink_rx from_host (
    .clk(host_clk), .rst, .s_host_tdata, .s_host_tvalid, .s_host_tready, .hunting,
    .reg_write, .reg_read, .reg_taken, .reg_address, .reg_value,
    .m_axis_tdata(queue_data), .m_axis_tuser(queue_head), .m_axis_tlast(queue_last),
    .m_axis_tvalid(queue_valid), .m_axis_tready(queue_ready),
    .event_error(link_error), .idle(link_idle)
  );

  wire        rx_frames, rx_iq, loopback, fcs_bad_too, time_set;
  wire [63:0] time_set_value;
  wire        got_frame, got_fcs_bad, got_dropped, got_detected, got_signal_bad;
  wire        sent_frame, sent_late, sent_underrun;
  wire [8:0]  iq_lost;
  wire [31:0] value_data, status_data, frame_data, iq_data;
  wire        value_last, status_last, frame_last, iq_last;
  wire        value_valid, status_valid, frame_valid, iq_valid;
  wire        value_ready, status_ready, frame_ready, iq_ready;

  hostlink_regs #(.CLOCKS_PER_SAMPLE(CLOCKS_PER_SAMPLE), .TX_SPACE(4 * QUEUE_WORDS)) regs (
    .clk(host_clk), .rst, .reg_write, .reg_read, .reg_taken, .reg_address, .reg_value,
    .m_axis_tdata(value_data), .m_axis_tlast(value_last), .m_axis_tvalid(value_valid), .m_axis_tready(value_ready),
    .now, .time_set, .time_value(time_set_value), .rx_frames, .rx_iq, .loopback, .fcs_bad_too,
    .event_rx_frame(got_frame), .event_rx_fcs_bad(got_fcs_bad), .event_rx_dropped(got_dropped),
    .event_rx_detected(got_detected), .event_rx_signal_bad(got_signal_bad),
    .event_tx_frame(sent_frame), .event_tx_late(sent_late), .event_tx_underrun(sent_underrun),
    .event_link_error(link_error), .iq_lost,
    .fe_rx_hz, .fe_tx_hz, .fe_rate, .fe_rx_gain, .fe_tx_gain, .fe_rx_antenna,
    .board_write, .board_read, .board_busy, .board_address, .board_value, .board_result
  );

  hostlink_tx to_host (
    .clk(host_clk), .rst,
    .s_value_tdata(value_data), .s_value_tlast(value_last),
    .s_value_tvalid(value_valid), .s_value_tready(value_ready),
    .s_status_tdata(status_data), .s_status_tlast(status_last),
    .s_status_tvalid(status_valid), .s_status_tready(status_ready),
    .s_frame_tdata(frame_data), .s_frame_tlast(frame_last),
    .s_frame_tvalid(frame_valid), .s_frame_tready(frame_ready),
    .s_iq_tdata(iq_data), .s_iq_tlast(iq_last), .s_iq_tvalid(iq_valid), .s_iq_tready(iq_ready),
    .m_host_tdata, .m_host_tlast, .m_host_tvalid, .m_host_tready
  );

  // Time -------------------------------------------------------------------------------------

  always_ff @(posedge clk) begin
    if (sample)    now <= now + 1'b1;
    if (time_set)  now <= time_set_value;
    if (time_load) now <= time_value;
    if (rst)       now <= '0;
  end

  // Transmit ---------------------------------------------------------------------------------

  wire [3:0]  tx_rate;
  wire [11:0] tx_length;
  wire [6:0]  tx_seed;
  wire        tx_desc_valid, tx_desc_ready, tx_octet_valid, tx_octet_ready;
  wire [7:0]  tx_octet;
  wire [31:0] wave_data;
  wire        wave_last, wave_valid, wave_ready, tx_idle, tx_working;

  framer_tx #(.QUEUE_WORDS(QUEUE_WORDS)) framer_tx (
    .clk(send_clk), .rst, .sample, .now,
    .s_axis_tdata(queue_data), .s_axis_tuser(queue_head), .s_axis_tlast(queue_last),
    .s_axis_tvalid(queue_valid), .s_axis_tready(queue_ready),
    .m_desc_rate(tx_rate), .m_desc_length(tx_length), .m_desc_seed(tx_seed),
    .m_desc_tvalid(tx_desc_valid), .m_desc_tready(tx_desc_ready),
    .m_axis_tdata(tx_octet), .m_axis_tvalid(tx_octet_valid), .m_axis_tready(tx_octet_ready),
    .s_wave_tdata(wave_data), .s_wave_tlast(wave_last), .s_wave_tvalid(wave_valid), .s_wave_tready(wave_ready),
    .tx_i, .tx_q, .tx_active,
    .m_status_tdata(status_data), .m_status_tlast(status_last),
    .m_status_tvalid(status_valid), .m_status_tready(status_ready),
    .event_sent(sent_frame), .event_late(sent_late), .event_underrun(sent_underrun),
    .idle(tx_idle), .working(tx_working), .waiting(tx_waiting), .start_time(tx_time)
  );

  tx tx (
    .clk(send_clk), .rst,
    .s_desc_rate(tx_rate), .s_desc_length(tx_length), .s_desc_seed(tx_seed),
    .s_desc_tvalid(tx_desc_valid), .s_desc_tready(tx_desc_ready),
    .s_axis_tdata(tx_octet), .s_axis_tvalid(tx_octet_valid), .s_axis_tready(tx_octet_ready),
    .m_axis_tdata(wave_data), .m_axis_tvalid(wave_valid), .m_axis_tlast(wave_last), .m_axis_tready(wave_ready)
  );

  // Receive: the sample of a strobe goes in a clock later, when the antenna's register holds the
  // transmitted one of the same time ---------------------------------------------------------

  logic        heard;
  logic [31:0] heard_data;
  logic [63:0] heard_time;

  always_ff @(posedge clk) begin
    heard <= sample;
    if (sample) begin
      heard_data <= {rx_q, rx_i};
      heard_time <= now;
    end
    if (rst) heard <= 1'b0;
  end

  wire [31:0] rx_data = loopback ? {tx_q, tx_i} : heard_data;

  wire [3:0]  rx_rate;
  wire [11:0] rx_length;
  wire [31:0] rx_energy, rx_signal, rx_noise, rx_cfo;
  wire [63:0] rx_time;
  wire        rx_desc_valid, rx_desc_ready, rx_octet_last, rx_octet_valid, rx_octet_ready;
  wire [7:0]  rx_octet;
  wire        frame_idle, frame_waits, iq_idle;

  rx rx (
    .clk(hear_clk), .rst, .enable(rx_frames),
    .s_axis_tdata(rx_data), .s_axis_tvalid(heard), .s_axis_tuser(heard_time),
    .m_desc_rate(rx_rate), .m_desc_length(rx_length), .m_desc_energy(rx_energy),
    .m_desc_signal(rx_signal), .m_desc_noise(rx_noise), .m_desc_cfo(rx_cfo), .m_desc_time(rx_time),
    .m_desc_tvalid(rx_desc_valid), .m_desc_tready(rx_desc_ready),
    .m_axis_tdata(rx_octet), .m_axis_tvalid(rx_octet_valid), .m_axis_tlast(rx_octet_last),
    .m_axis_tready(rx_octet_ready),
    .event_detected(got_detected), .event_signal_bad(got_signal_bad), .busy(rx_busy)
  );

  framer_rx #(.QUEUE_WORDS(QUEUE_WORDS)) framer_rx (
    .clk(hand_clk), .rst, .enable(rx_frames), .fcs_bad_too,
    .s_desc_rate(rx_rate), .s_desc_length(rx_length), .s_desc_energy(rx_energy),
    .s_desc_signal(rx_signal), .s_desc_noise(rx_noise), .s_desc_cfo(rx_cfo), .s_desc_time(rx_time),
    .s_desc_tvalid(rx_desc_valid), .s_desc_tready(rx_desc_ready),
    .s_axis_tdata(rx_octet), .s_axis_tlast(rx_octet_last), .s_axis_tvalid(rx_octet_valid),
    .s_axis_tready(rx_octet_ready),
    .m_axis_tdata(frame_data), .m_axis_tlast(frame_last), .m_axis_tvalid(frame_valid), .m_axis_tready(frame_ready),
    .event_frame(got_frame), .event_fcs_bad(got_fcs_bad), .event_dropped(got_dropped), .idle(frame_idle), .waits(frame_waits)
  );

  framer_iq #(.QUEUE_WORDS(IQ_WORDS)) framer_iq (
    .clk(iq_clk), .rst, .enable(rx_iq),
    .s_axis_tdata(rx_data), .s_axis_tuser(heard_time), .s_axis_tvalid(heard),
    .m_axis_tdata(iq_data), .m_axis_tlast(iq_last), .m_axis_tvalid(iq_valid), .m_axis_tready(iq_ready),
    .lost(iq_lost), .idle(iq_idle)
  );

  // Idle: the receiver's delay lines and windows hold nothing but silence --------------------

  localparam int unsigned QUIET_BITS = 8;
  logic [QUIET_BITS:0] quiet;                  // zero samples in a row, up to 2^QUIET_BITS

  always_ff @(posedge clk) begin
    if (heard && (rx_data != 0 || !quiet[QUIET_BITS])) quiet <= rx_data != 0 ? '0 : quiet + 1'b1;
    if (rst) quiet <= {1'b1, {QUIET_BITS{1'b0}}};
  end

  assign rx_streams = rx_iq;
  assign working = tx_working || value_valid || frame_valid || iq_valid || m_host_tvalid;

  assign idle = link_idle && tx_idle && iq_idle && frame_idle && !value_valid && !m_host_tvalid && !heard &&
                quiet[QUIET_BITS] && !rx_busy && !rx_desc_valid;

  // Parts with nothing to do sleep: a simulator passes them over -----------------------------

  // The receiver sleeps over whole samples: what is in its pipelines then goes on as if there had been no gap.
  logic hearing;
  always_ff @(posedge clk) if (heard || rst) hearing <= hear_work || rst;

  wire told      = got_frame || got_fcs_bad || got_dropped || got_detected || got_signal_bad ||
                   sent_frame || sent_late || sent_underrun || iq_lost != 0;
  wire to_say    = m_host_tvalid || value_valid || status_valid || frame_valid || iq_valid;
  wire host_work = s_host_tvalid || !link_idle || to_say || told;
  wire send_work = queue_valid || !tx_idle || tx_waiting;
  wire hear_work = heard ? rx_busy || !quiet[QUIET_BITS] || rx_data != 0 : hearing;
  wire hand_work = !(frame_idle || frame_waits) || rx_octet_valid;
  wire iq_work   = rx_iq || !iq_idle || reg_write;

  clock_gate host_gate (.clk, .rst, .awake(host_work), .gated(host_clk));
  clock_gate send_gate (.clk, .rst, .awake(send_work), .gated(send_clk));
  clock_gate #(.LINGER(0)) hear_gate (.clk, .rst, .awake(hear_work), .gated(hear_clk));
  clock_gate hand_gate (.clk, .rst, .awake(hand_work), .gated(hand_clk));
  clock_gate iq_gate   (.clk, .rst, .awake(iq_work),   .gated(iq_clk));

endmodule

`default_nettype wire
